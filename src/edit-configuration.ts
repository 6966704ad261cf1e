/** Changes of the configuration that clients of the API ask for: whole and valid, or not at all. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { textVersion } from "./config/load.ts";
import { withEdits } from "./config/edit.ts";
import { isPrivate } from "./lib/is-private.ts";
import { replaceFile } from "./lib/replace-file.ts";
import type { AskedBy } from "./model/asked-by.ts";
import type { ConfigurationChange, ConfigurationEdit } from "./model/configuration-edit.ts";
import { RollcallError } from "./model/errors.ts";
import type { Settings } from "./model/settings.ts";
import type { Service } from "./service.ts";

/** A variable in a value would be read as something else than was checked. */
const VARIABLE = /\$\{[A-Za-z_]/;

/**
 * @param parse reads a text as the configuration of this file
 * @returns the service with the changed configuration
 * @throws RollcallError `config.invalid` with every problem, `config.readOnly`, `config.changed`
 */
export async function editConfiguration(
  service: Service,
  parse: (text: string) => Promise<Settings>,
  asked: readonly ConfigurationEdit[] | ConfigurationChange,
  by: AskedBy,
): Promise<Service> {
  const change = "to" in asked ? asked : changeOf(asked);
  const before = unchanged(service.settings);
  const { text, paths } = change.to(before);
  const made = writeNew(change.files);
  try {
    return await takeOver(service, await parse(text), { before, text, paths, by });
  } catch (thrown) {
    for (const path of made) rmSync(path, { force: true });
    throw thrown;
  }
}

function changeOf(edits: readonly ConfigurationEdit[]): ConfigurationChange {
  if (VARIABLE.test(JSON.stringify(edits))) {
    const message = "A value cannot hold ${…}, which is a variable there.";
    throw new RollcallError("config.invalid", message);
  }
  const paths = edits.map(({ path }) => path.join("."));
  return { to: (text) => ({ text: withEdits(text, edits), paths }), files: [] };
}

interface Takeover {
  readonly before: string;
  readonly text: string;
  readonly paths: readonly string[];
  readonly by: AskedBy;
}

async function takeOver(
  service: Service,
  settings: Settings,
  { before, text, paths, by }: Takeover,
): Promise<Service> {
  const next = service.with(settings);
  const { file } = service.settings;
  const facts = { file, version: textVersion(text), paths };
  try {
    // The last before the event is there for good.
    await next.log.noteConfiguration(facts, by, () => {
      // Somebody may have changed it while this waited; a repetition finds its own text.
      if (textOf(file) !== text) unchanged(service.settings);
      replace(file, text);
    });
  } catch (thrown) {
    if (textOf(file) === text) replace(file, before);
    throw thrown;
  }
  return next;
}

/** Files that nobody else reads. @returns their paths @throws RollcallError `config.readOnly` */
function writeNew(files: ConfigurationChange["files"]): string[] {
  const made: string[] = [];
  for (const { path, text } of files) {
    // Left behind by a directory that was taken out again.
    if (isPrivate(path, text)) continue;
    try {
      writeFileSync(path, text, { flag: "wx", mode: 0o600 });
      made.push(path);
    } catch (error) {
      for (const one of made) rmSync(one, { force: true });
      const isOthers = error instanceof Error && "code" in error && error.code === "EEXIST";
      // Written in part, as where the disk is full.
      if (!isOthers) rmSync(path, { force: true });
      const reason = error instanceof Error ? error.message : String(error);
      throw new RollcallError("config.readOnly", `${path} cannot be made: ${reason}.`);
    }
  }
  return made;
}

/** The text by which the daemon works: whatever else stands there now was not meant by this change. */
function unchanged({ file, version }: Settings): string {
  const text = textOf(file);
  if (text !== null && textVersion(text) === version) return text;
  const message = `${file} was changed since the daemon read it. Have it read it again first: SIGHUP, or \`systemctl reload\`.`;
  throw new RollcallError("config.changed", message);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

function replace(file: string, text: string): void {
  try {
    replaceFile(file, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RollcallError("config.readOnly", `${file} cannot be written: ${reason}.`);
  }
}
