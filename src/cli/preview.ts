import type { Command } from "commander";
import { count } from "../lib/lines.ts";
import { RollcallError } from "../model/errors.ts";
import type { ConfigurationDiff, DiffRequest, DirectoryDiff } from "../questions/preview/diff.ts";
import type {
  AttributePreview,
  PersonPreview,
  SummaryPreview,
} from "../questions/preview/preview.ts";
import type { Counted } from "../questions/preview/tally.ts";
import { shown, visible, type Console } from "./console.ts";
import type { Register } from "./register.ts";
import { progressReporter } from "./progress.ts";
import { settingsOf, withService, type CommonOptions } from "./session.ts";

const HELP = `
Changes nothing. Works on the stored app profiles, or with --live on what the directory shows now.
Without --user it counts, over everybody, what a force sync would change, and who would fail.
Exactly what a run would do, import --dry-run and force-sync --dry-run tell. --diff compares with another configuration, before you put it
to work.

Examples:
  rollcall preview corp
  rollcall preview corp --live
  rollcall preview corp --user ada@example.com
  rollcall preview corp --user ada@example.com --attribute displayName --expression 'appuser.sn + ", " + appuser.givenName'
  rollcall preview --diff config/next.yaml`;

export function previewCommand(program: Command, register: Register): void {
  const command = program
    .command("preview")
    .description("what the mappings, or an expression, give for one person or for all")
    .argument("[directory]", "its name in the configuration; only --diff goes without")
    .option("--user <who>", "a login, an external id or a DN")
    .option("--attribute <name>", "only this attribute of the user profile")
    .option("--expression <text>", "try this expression instead of the configured one")
    .option("--live", "ask the directory instead of taking what was imported")
    .option("--diff <file>", "compare with another configuration")
    .addHelpText("after", HELP);
  register(command, async (console, options, [directory]) => {
    const text = (name: string): string | null =>
      typeof options[name] === "string" ? options[name] : null;
    const who = text("user");
    const { signal } = console;
    const progress = progressReporter(console);
    const other = text("diff");
    if (other !== null) {
      refuseWithDiff(options);
      const request = { directory: directory ?? null, who, signal, progress };
      return await diff(console, options, other, request);
    }
    if (directory === undefined)
      throw new RollcallError("usage.invalid", "Name the directory: rollcall preview DIRECTORY.");
    const asked = {
      attribute: text("attribute"),
      expression: text("expression"),
      live: options["live"] === true,
      signal,
      progress,
    };
    return await withService(console, options, async (service) => {
      if (who !== null) {
        const preview = await service.previews.person(directory, who, asked);
        console.document(preview);
        printPerson(console, preview);
        const failing = preview.attributes.some((one) => one.problem !== null);
        return failing || preview.problems.length > 0 ? 1 : 0;
      }
      const summary = await service.previews.all(directory, asked);
      console.document(summary);
      printSummary(console, summary);
      return 0;
    });
  });
}

function refuseWithDiff(options: Record<string, unknown>): void {
  for (const name of ["attribute", "expression", "live"]) {
    if (options[name] === undefined) continue;
    throw new RollcallError(
      "usage.invalid",
      `--diff compares configurations; it does not go with --${name}.`,
    );
  }
}

async function diff(
  console: Console,
  options: CommonOptions,
  file: string,
  request: DiffRequest,
): Promise<number> {
  const other = await settingsOf(console, { ...options, config: file });
  return await withService(console, options, async (service) => {
    const found = await service.previews.diff(other, request);
    console.document(found);
    printDiff(console, found);
    return 0;
  });
}

function printPerson(console: Console, preview: PersonPreview): void {
  const { login, dn, live, directory, profileSource } = preview;
  console.print(`${login ?? "(no user yet)"}  ${visible(dn)}`);
  const from = live ? "as the directory shows it now" : "as it was imported";
  console.print(`${directory}, ${from}; profile source: ${profileSource ?? "none"}`);
  if (preview.action === "ignored")
    console.print("No user belongs to this entry, and none would be created (onNoMatch: ignore).");
  if (preview.attributes.length === 0) console.print("  There is no mapping for this attribute.");
  for (const one of preview.attributes) printAttribute(console, one);
  const shownThere = new Set(preview.attributes.map(({ problem }) => problem?.field));
  for (const { field, code, message } of preview.problems) {
    if (!shownThere.has(field))
      console.print(console.style("red", `  ${visible(message)} (${code})`));
  }
  if (preview.problems.length > 0)
    console.print("The update would fail as a whole; the user keeps the present profile.");
}

function printAttribute(console: Console, one: AttributePreview): void {
  const result =
    one.problem === null
      ? console.style("green", visible(shown(one.value)))
      : console.style("red", `${visible(one.problem.message)} (${one.problem.code})`);
  console.print(`  ${one.attribute} = ${result}`);
  console.print(
    `    ${visible(one.expression)}${one.apply === "create" ? "   (on create only)" : ""}`,
  );
  for (const [name, value] of Object.entries(one.inputs))
    console.print(`    ${name}: ${visible(shown(value, 60))}`);
  const sourced = (value: unknown, source: string | null): string =>
    value === null ? "no value" : `${visible(shown(value, 60))}, from ${source ?? "okta"}`;
  const now = sourced(one.present, one.source);
  const after = sourced(one.after.value, one.after.source);
  console.print(`    now: ${now}`);
  console.print(after === now ? "    then: the same" : `    then: ${after}`);
}

function printSummary(console: Console, summary: SummaryPreview): void {
  const { directory, people, created, changed, failed, absent, live } = summary;
  const of = `of ${count(people, "person", "people")}${live ? " in the directory" : ""}`;
  console.print(
    `${directory}: ${of}, ${created.toLocaleString("en-US")} would be created, ${changed.toLocaleString("en-US")} would change and ${failed.toLocaleString("en-US")} fail.`,
  );
  if (absent !== null && absent > 0) {
    const gone = `${count(absent, "person", "people")} of the last import ${absent === 1 ? "is" : "are"} not there now`;
    console.print(
      `  ${gone}; \`rollcall import ${directory} --dry-run\` shows who would be removed.`,
    );
  }
  printChanges(console, summary.attributes);
  printFailures(console, summary.problems);
}

type Change = { dn: string; from: unknown; to: unknown };

function printChanges(console: Console, changes: Counted<Change>, indent = "  "): void {
  for (const [name, { people, examples }] of Object.entries(changes)) {
    console.print(`${indent}${name}: ${people.toLocaleString("en-US")}`);
    for (const { dn, from, to } of examples) {
      const change = `${visible(shown(from, 40))} → ${visible(shown(to, 40))}`;
      console.print(`${indent}  ${change}  ${visible(dn)}`);
    }
  }
}

function printFailures(
  console: Console,
  failures: Counted<{ dn: string; message: string }>,
  indent = "  ",
): void {
  for (const [code, { people, examples }] of Object.entries(failures)) {
    console.print(`${indent}${console.style("red", code)}: ${people.toLocaleString("en-US")}`);
    for (const { dn, message } of examples)
      console.print(`${indent}  ${visible(message)}  ${visible(dn)}`);
  }
}

function printDiff(console: Console, { other, directories, missing }: ConfigurationDiff): void {
  for (const one of directories) printDirectoryDiff(console, other, one);
  for (const { directory, in: where } of missing) {
    const file = where === "this" ? "this configuration" : other;
    console.print(`${directory}: is not in ${file}, so nobody of it is compared.`);
  }
}

function printDirectoryDiff(console: Console, other: string, diff: DirectoryDiff): void {
  const { directory, people, different } = diff;
  const text =
    different === 0
      ? "nothing would be different"
      : `${different.toLocaleString("en-US")} would be different`;
  console.print(`${directory}: of ${count(people, "person", "people")}, ${text} with ${other}.`);
  printChanges(console, diff.attributes);
  printChanges(console, diff.statuses);
  if (Object.keys(diff.failures).length > 0) console.print("  fail only with the other:");
  printFailures(console, diff.failures, "    ");
  if (Object.keys(diff.cured).length > 0) console.print("  fail only with this one:");
  printFailures(console, diff.cured, "    ");
}
