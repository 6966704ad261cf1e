import { readFileSync } from "node:fs";
import { parseSettings } from "../config/load.ts";
import {
  comparedMappings,
  mappingsYaml,
  readOktaMapping,
  renamedMappings,
  variableProblems,
  withMappings,
  type ComparedMapping,
  type ImportedMapping,
} from "../config/okta-mapping.ts";
import { count } from "../lib/lines.ts";
import { replaceFile } from "../lib/replace-file.ts";
import { RollcallError } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";
import { compileSettings, mappingProblems } from "../service.ts";
import { shown, visible, type Console } from "./console.ts";
import { settingsOf, type CommonOptions } from "./session.ts";

type Mappings = ReadonlyMap<string, ImportedMapping>;

/** What `mappings import` does, apart from how it is called: only it needs to read YAML and to write it. */
export async function importMappings(
  console: Console,
  options: CommonOptions & Readonly<Record<string, unknown>>,
  file: string,
): Promise<number> {
  const settings = await settingsOf(console, options);
  const directory = directoryOf(settings, options["directory"] as string | undefined);
  const read = renamedMappings(readOktaMapping(file), namesOf(options["rename"]));
  const imported = comparedMappings(read, settings.directories.get(directory)?.toOkta ?? new Map());
  const problems = [...variableProblems(read), ...mappingProblems(settings, directory, read)];
  const written = options["write"] === true && problems.length === 0;
  const present = settings.directories.get(directory)?.toOkta ?? new Map();
  // Defaults that are in no file would end with the first mapping that is.
  const whole = new Map<string, ImportedMapping>([...present, ...read]);
  if (written) writeMappings(console, settings, directory, { read, whole });
  console.document({ directory, file: settings.file, written, mappings: imported, problems });
  print(console, imported, problems);
  if (problems.length === 0 && !written) {
    console.print(`For directories.${directory} in ${settings.file} (--write does it):\n`);
    console.print(mappingsYaml(read).trimEnd());
  }
  if (written)
    console.note(
      `Written to ${settings.file}. See \`rollcall preview ${directory}\` before you import.`,
    );
  return await Promise.resolve(problems.length === 0 ? 0 : 1);
}

function directoryOf({ directories }: Settings, given: string | undefined): string {
  const names = [...directories.keys()];
  if (given === undefined && names.length === 1) return names[0] ?? "";
  if (given !== undefined && directories.has(given)) return given;
  const message =
    given === undefined
      ? `Name the directory with --directory; there are ${names.join(", ")}.`
      : `There is no directory ${given} in the configuration; there are ${names.join(", ")}.`;
  throw new RollcallError(
    given === undefined ? "usage.invalid" : "config.unknownDirectory",
    message,
  );
}

/** Names of directories, as `--rename` gives them: there, and here. */
function namesOf(given: unknown): ReadonlyMap<string, string> {
  const pairs = (Array.isArray(given) ? given : []).map((pair) => {
    const match = /^([^=\s]+)=([^=\s]+)$/.exec(String(pair));
    if (match === null)
      throw new RollcallError("usage.invalid", `--rename takes OLD=NEW, not ${String(pair)}.`);
    return [match[1] ?? "", match[2] ?? ""] as const;
  });
  return new Map(pairs);
}

/** The file is replaced only by one that reads well as a whole. */
function writeMappings(
  console: Console,
  { file }: Settings,
  directory: string,
  mappings: { readonly read: Mappings; readonly whole: Mappings },
): void {
  const text = withMappings(readFileSync(file, "utf8"), directory, mappings);
  compileSettings(parseSettings(text, file, console.environment));
  try {
    replaceFile(file, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RollcallError("usage.invalid", `${file} cannot be written: ${reason}.`);
  }
}

function print(
  console: Console,
  imported: readonly ComparedMapping[],
  problems: readonly string[],
): void {
  const number = (how: ComparedMapping["how"]): string =>
    imported.filter((one) => one.how === how).length.toLocaleString("en-US");
  console.print(
    `${count(imported.length, "mapping", "mappings")}: ${number("new")} new, ${number("changed")} changed, ${number("same")} as they are.`,
  );
  for (const { attribute, how, before, expression, apply } of imported) {
    if (how !== "changed") continue;
    const on = (when: string | undefined): string => (when === "create" ? " (on create only)" : "");
    const now = `${visible(shown(before?.expression))}${on(before?.apply)}`;
    console.print(`  ${attribute}: ${now} → ${visible(shown(expression))}${on(apply)}`);
  }
  for (const problem of problems) console.print(console.style("red", problem));
  if (problems.length > 0) console.print("Nothing can be written like this.");
}
