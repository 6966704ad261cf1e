import type { Command } from "commander";
import type { PersonPreview, SummaryPreview } from "../runs/preview.ts";
import { shown, visible, type Console } from "./console.ts";
import type { Register } from "./program.ts";
import { withService } from "./session.ts";

const HELP = `
Works on the stored app profiles and changes nothing. Without --user it counts, over everybody, what
a force sync would change.

Examples:
  rollcall preview corp --user ada@example.com
  rollcall preview corp --user ada@example.com --attribute displayName --expression 'appuser.sn + ", " + appuser.givenName'`;

export function previewCommand(program: Command, register: Register): void {
  const command = program
    .command("preview")
    .description("what the mappings, or an expression, give for one person or for all")
    .argument("<directory>", "its name in the configuration")
    .option("--user <who>", "a login, an external id or a DN")
    .option("--attribute <name>", "only this attribute of the user profile")
    .option("--expression <text>", "try this expression instead of the configured one")
    .addHelpText("after", HELP);
  register(command, async (console, options, [directory = ""]) =>
    withService(console, options, async (service) => {
      const only = {
        attribute: typeof options["attribute"] === "string" ? options["attribute"] : null,
        expression: typeof options["expression"] === "string" ? options["expression"] : null,
      };
      if (typeof options["user"] === "string") {
        const attribute = only.attribute ?? (only.expression === null ? null : "displayName");
        const preview = await service.previewPerson(directory, options["user"], {
          ...only,
          attribute,
        });
        console.document(preview);
        printPerson(console, preview);
        return preview.attributes.some((one) => one.problem !== null) ? 1 : 0;
      }
      const summary = await service.previewAll(directory, only, console.signal);
      console.document(summary);
      printSummary(console, summary);
      return 0;
    }),
  );
}

function printPerson(console: Console, preview: PersonPreview): void {
  console.print(`${preview.login ?? "(no user yet)"}  ${visible(preview.dn)}`);
  for (const one of preview.attributes) {
    const result =
      one.problem === null
        ? console.style("green", visible(shown(one.value)))
        : console.style("red", `${visible(one.problem.message)} (${one.problem.code})`);
    console.print(`  ${one.attribute} = ${result}`);
    console.print(`    ${visible(one.expression)}`);
    for (const [name, value] of Object.entries(one.inputs))
      console.print(`    ${name}: ${visible(shown(value, 60))}`);
    const now =
      one.present === null
        ? "no value"
        : `${visible(shown(one.present, 60))}, from ${one.source ?? "okta"}`;
    console.print(`    now: ${now}`);
  }
}

function printSummary(console: Console, summary: SummaryPreview): void {
  const { people, changed, failed } = summary;
  console.print(
    `${summary.directory}: of ${people} people, ${changed} would change and ${failed} fail.`,
  );
  for (const [attribute, { people: number, examples }] of Object.entries(summary.attributes)) {
    console.print(`  ${attribute}: ${number}`);
    for (const { dn, from, to } of examples)
      console.print(`    ${visible(shown(from, 40))} → ${visible(shown(to, 40))}  ${visible(dn)}`);
  }
  for (const [code, { people: number, examples }] of Object.entries(summary.problems)) {
    console.print(`  ${console.style("red", code)}: ${number}`);
    for (const { dn, message } of examples)
      console.print(`    ${visible(message)}  ${visible(dn)}`);
  }
}
