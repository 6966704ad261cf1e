import type { Command } from "commander";
import type { AppPersonPreview, AppSummaryPreview } from "../questions/app-preview.ts";
import { shown, table, visible, type Console } from "./console.ts";
import type { Register } from "./register.ts";
import { withService } from "./session.ts";

export function appsPreviewCommand(apps: Command, register: Register): void {
  const command = apps
    .command("preview")
    .description("what the To-App mappings give, for one person or for all; sends nothing")
    .argument("<app>", "its name in the configuration")
    .option("--user <login>", "every value of this person, and the requests that would be sent")
    .option("--attribute <name>", "only this attribute of the app")
    .option("--expression <expr>", "try this expression for the attribute (default: displayName)");
  register(command, async (console, options, [app = ""]) =>
    withService(console, options, async (service) => {
      const attribute = text(options["attribute"]);
      const expression = text(options["expression"]);
      const request = {
        attribute: attribute ?? (expression === null ? null : "displayName"),
        expression,
      };
      const who = text(options["user"]);
      if (who === null) {
        const all = await service.apps.preview(app, request, console.signal);
        console.document(all);
        printAll(console, all);
        return 0;
      }
      const person = await service.apps.previewPerson(app, who, request);
      console.document(person);
      printPerson(console, person);
      return person.error === null ? 0 : 1;
    }),
  );
}

function printAll(console: Console, all: AppSummaryPreview): void {
  const { app, assigned, created, updated, deactivated, unchanged, failed, attributes, failing } =
    all;
  console.print(`${app}  ${assigned.toLocaleString("en-US")} assigned`);
  console.print(
    `  ${created} without an account, ${updated} to change, ${deactivated} to switch off, ${unchanged} unchanged, ${failed} failing`,
  );
  const rows = Object.entries(attributes).map(([name, people]) => [
    `  ${name}`,
    `${people} get another value`,
  ]);
  for (const row of table(rows)) console.print(row);
  for (const { login, error } of failing)
    console.print(`  ${visible(login)}: ${visible(error.message)}`);
}

function printPerson(console: Console, person: AppPersonPreview): void {
  const { app, login, assigned, decision, why, error, attributes, requests } = person;
  console.print(`${console.style("bold", visible(login))} in ${app}`);
  const by = assigned === null ? "not assigned" : `assigned by ${assigned.kind}: ${assigned.name}`;
  console.print(`  ${visible(by)}; ${decision}${why === null ? "" : ` (${why})`}`);
  if (error !== null)
    console.print(`  ${console.style("red", visible(error.message))} (${error.code})`);
  const rows = attributes.map((one) => [
    `  ${one.attribute}`,
    shown(one.value, 40),
    shown(one.expression, 40),
    one.externalName === null ? "nowhere" : `${one.externalName}  ${one.externalNamespace}`,
  ]);
  for (const row of table(rows)) console.print(row);
  console.print();
  console.print(
    requests.length === 0 ? "No requests would be sent." : "Requests that would be sent",
  );
  for (const { method, path, body, note } of requests) {
    console.print(
      `  ${method} ${visible(decodeURIComponent(path))}${note === null ? "" : `  (${note})`}`,
    );
    if (body !== null) console.print(`    ${visible(JSON.stringify(body))}`);
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
