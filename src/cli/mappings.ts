import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { parseSettings } from "../config/load.ts";
import { mappingsYaml, readOktaMapping, withMappings, type ImportedMapping } from "../config/okta-mapping.ts"; // prettier-ignore
import { count } from "../lib/lines.ts";
import { RollcallError } from "../model/errors.ts";
import type { MappingSetting, Settings } from "../model/settings.ts";
import { compileSettings, mappingProblems } from "../service.ts";
import { shown, visible, type Console } from "./console.ts";
import type { Register } from "./program.ts";
import { settingsOf } from "./session.ts";

const HELP = `
Reads a profile mapping as Okta exports it (GET /api/v1/mappings/{id}), from the application to the
user profile, and checks every expression. Without --write the configuration stays as it is, and what
would stand in it is printed. Mappings that the export does not have stay.

Expressions call the application by its instance name there; --rename gives it the directory's:
  rollcall mappings import ad.json --directory corp --rename active_directory_0oa1=corp
  rollcall mappings import ad.json --directory corp --write
  rollcall preview corp`;

type How = "new" | "changed" | "same";

interface Imported {
  readonly attribute: string;
  readonly how: How;
  readonly before: string | null;
  readonly expression: string;
  readonly apply: "create" | "update";
}

export function mappingsCommand(program: Command, register: Register): void {
  const mappings = program
    .command("mappings")
    .description("bring To-Okta mappings from elsewhere into the configuration")
    .action(() => mappings.help());
  const command = mappings
    .command("import")
    .description("read an exported Okta profile mapping into a directory's toOkta")
    .argument("<file>", "the exported mapping (JSON)")
    .option("--directory <name>", "whose mappings they become; needed if there are several")
    .option("--rename <old=new...>", "another name at the beginning of references")
    .option("--write", "write them into the configuration file")
    .addHelpText("after", HELP);
  register(command, async (console, options, [file = ""]) => {
    const settings = settingsOf(console, options);
    const directory = directoryOf(settings, options["directory"] as string | undefined);
    const read = renamed(readOktaMapping(file), options["rename"]);
    const imported = compare(read, settings.directories.get(directory)?.toOkta ?? new Map());
    const problems = mappingProblems(settings, directory, read);
    const written = options["write"] === true && problems.length === 0;
    if (written) writeMappings(console, settings, directory, read);
    console.document({ directory, file: settings.file, written, mappings: imported, problems });
    print(console, imported, problems);
    if (problems.length === 0 && !written) {
      console.print(`For directories.${directory} in ${settings.file} (--write does it):\n`);
      console.print(mappingsYaml(read).trimEnd());
    }
    if (written)
      console.note(`Written to ${settings.file}. See \`rollcall preview ${directory}\` before you import.`); // prettier-ignore
    return await Promise.resolve(problems.length === 0 ? 0 : 1);
  });
}

function directoryOf({ directories }: Settings, given: string | undefined): string {
  const names = [...directories.keys()];
  if (given === undefined && names.length === 1) return names[0] ?? "";
  if (given !== undefined && directories.has(given)) return given;
  const message =
    given === undefined
      ? `Name the directory with --directory; there are ${names.join(", ")}.`
      : `There is no directory ${given} in the configuration; there are ${names.join(", ")}.`;
  throw new RollcallError(given === undefined ? "usage.invalid" : "config.unknownDirectory", message); // prettier-ignore
}

/** Replaces names at the beginning of references; never inside of texts in quotes. */
function renamed(
  mappings: ReadonlyMap<string, ImportedMapping>,
  given: unknown,
): ReadonlyMap<string, ImportedMapping> {
  const pairs = (Array.isArray(given) ? given : []).map((pair) => {
    const match = /^([^=\s]+)=([^=\s]+)$/.exec(String(pair));
    if (match === null)
      throw new RollcallError("usage.invalid", `--rename takes OLD=NEW, not ${String(pair)}.`);
    return [match[1] ?? "", match[2] ?? ""] as const;
  });
  if (pairs.length === 0) return mappings;
  const names = new Map(pairs);
  const rename = (expression: string): string =>
    expression.replaceAll(/"[^"]*"|'[^']*'|(?<![\p{L}\p{N}_$.])[\p{L}_$][\p{L}\p{N}_$]*(?=\s*\.)/gu, (part) => names.get(part) ?? part); // prettier-ignore
  return new Map(
    [...mappings].map(([name, one]) => [name, { ...one, expression: rename(one.expression) }]),
  );
}

function compare(
  read: ReadonlyMap<string, ImportedMapping>,
  present: ReadonlyMap<string, MappingSetting>,
): Imported[] {
  return [...read].map(([attribute, { expression, apply }]) => {
    const before = present.get(attribute);
    const same = before?.expression === expression && before.apply === apply;
    const how = before === undefined ? "new" : same ? "same" : "changed";
    return { attribute, how, before: before?.expression ?? null, expression, apply };
  });
}

/** The file is replaced only by one that reads well as a whole. */
function writeMappings(
  console: Console,
  { file }: Settings,
  directory: string,
  mappings: ReadonlyMap<string, ImportedMapping>,
): void {
  const text = withMappings(readFileSync(file, "utf8"), directory, mappings);
  compileSettings(parseSettings(text, file, console.environment));
  const fresh = `${file}.new`;
  try {
    writeFileSync(fresh, text, { mode: statSync(file).mode });
    renameSync(fresh, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RollcallError("usage.invalid", `${file} cannot be written: ${reason}.`);
  }
}

function print(console: Console, imported: readonly Imported[], problems: readonly string[]): void {
  const number = (how: How): string =>
    imported.filter((one) => one.how === how).length.toLocaleString("en-US");
  console.print(`${count(imported.length, "mapping", "mappings")}: ${number("new")} new, ${number("changed")} changed, ${number("same")} as they are.`); // prettier-ignore
  for (const { attribute, how, before, expression } of imported) {
    if (how !== "changed") continue;
    console.print(`  ${attribute}: ${visible(shown(before))} → ${visible(shown(expression))}`);
  }
  for (const problem of problems) console.print(console.style("red", problem));
  if (problems.length > 0) console.print("Nothing can be written like this.");
}
