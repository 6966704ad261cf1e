/** Changes of the configuration that clients of the API ask for: whole and valid, or not at all. */
import { readFileSync } from "node:fs";
import { textVersion } from "./config/load.ts";
import { withEdits } from "./config/edit.ts";
import { replaceFile } from "./lib/replace-file.ts";
import type { AskedBy } from "./model/asked-by.ts";
import type { ConfigurationEdit } from "./model/configuration-edit.ts";
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
  edits: readonly ConfigurationEdit[],
  by: AskedBy,
): Promise<Service> {
  if (VARIABLE.test(JSON.stringify(edits))) {
    const message = "A value cannot hold ${…}, which is a variable there.";
    throw new RollcallError("config.invalid", message);
  }
  const { file } = service.settings;
  const before = unchanged(service.settings);
  const text = withEdits(before, edits);
  const next = service.with(await parse(text));
  const paths = edits.map(({ path }) => path.join("."));
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
