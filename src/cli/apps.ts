import type { Command } from "commander";
import { assignmentDocument } from "../documents/push.ts";
import { ACCOUNT_REASONS } from "../model/account.ts";
import type { AppSummary, AppView } from "../questions/apps.ts";
import { appsAccountsCommands } from "./apps-accounts.ts";
import { appsPreviewCommand } from "./apps-preview.ts";
import { shown, table, visible, type Console } from "./console.ts";
import { cureInCommands } from "./cure.ts";
import type { Register } from "./register.ts";
import { askedBy, copyable, wholeNumber, withService } from "./session.ts";

export function appsCommand(program: Command, register: Register): void {
  const apps = program
    .command("apps")
    .description("apps, and who is assigned to them: show, check, assign, unassign");
  list(apps, register);
  show(apps, register);
  check(apps, register);
  assign(apps, register);
  assignments(apps, register);
  appsPreviewCommand(apps, register);
  appsAccountsCommands(apps, register);
}

function list(apps: Command, register: Register): void {
  const command = apps
    .command("list", { isDefault: true })
    .description("all apps: assigned, in step, pending, failing");
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const found = await service.apps.list();
      console.document(found);
      if (found.length === 0) console.print("There are no apps in the configuration.");
      const rows = found.map((one) => [one.app, one.label, figuresOf(one), stateOf(one)]);
      for (const row of table(rows)) console.print(row);
      return 0;
    }),
  );
}

function figuresOf({ assigned, inSync, pending, failing, held }: AppSummary): string {
  const parts = Object.entries({ pending, failing, held }).filter(([, number]) => number > 0);
  const words = parts.map(([name, number]) => `${number.toLocaleString("en-US")} ${name}`);
  const known = `${assigned.toLocaleString("en-US")} assigned, ${inSync.toLocaleString("en-US")} in step`;
  return [known, ...words].join(", ");
}

function stateOf({ paused, notBefore, heldPush, tasks, lastPush }: AppSummary): string {
  const words = [
    ...(paused === null ? [] : [`paused: ${paused.code}`]),
    ...(notBefore === null ? [] : [`asks for patience until ${notBefore}`]),
    ...(heldPush === null ? [] : [`push ${heldPush.id} is held`]),
    ...(tasks === 0 ? [] : [`${tasks} ${tasks === 1 ? "task" : "tasks"}`]),
    lastPush === null ? "never pushed" : `last push ${lastPush}`,
  ];
  return words.join(", ");
}

function show(apps: Command, register: Register): void {
  const command = apps
    .command("show")
    .description("one app: toggles, figures, abilities, assignment, mappings, limits")
    .argument("<app>", "its name in the configuration");
  register(command, async (console, options, [name = ""]) =>
    withService(console, options, async (service) => {
      const app = await service.apps.get(name);
      console.document(app);
      if (!console.json) printApp(console, app);
      if (app.assigned === 0)
        console.note(
          `Nobody is assigned: \`assign\` in the configuration, or ${copyable(`rollcall apps assign ${name} LOGIN`, options)}. The next push tells.`,
        );
      return 0;
    }),
  );
}

const TOGGLES = {
  create: "Create Users",
  update: "Update User Attributes",
  deactivate: "Deactivate Users",
} as const;

function printApp(console: Console, app: AppView): void {
  console.print(`${console.style("bold", visible(app.label))}  ${visible(app.url)}`);
  console.print(`  ${figuresOf(app)}`);
  console.print(`  ${stateOf(app)}`);
  if (app.paused !== null) console.print(`  ${console.style("red", visible(app.paused.message))}`);
  for (const [toggle, title] of Object.entries(TOGGLES)) {
    const on = app.provisioning[toggle as keyof typeof TOGGLES];
    console.print(`  ${title}: ${on ? console.style("green", "on") : "off"}`);
  }
  console.print(`  when somebody is unassigned: ${app.onUnassign}`);
  console.print(`  existing accounts are found by: ${app.matching.join(", ") || "nothing"}`);
  console.print();
  console.print("Assigned by the configuration");
  if (app.assign.length === 0) console.print("  nobody");
  for (const { kind, name } of app.assign) console.print(`  ${kind}: ${visible(name)}`);
  console.print();
  console.print(`Abilities (preset ${app.preset})`);
  const rows = Object.entries(app.capabilities).map(([name, value]) => [
    `  ${name}`,
    Array.isArray(value) ? value.join(", ") : String(value),
    originOf(app, name),
  ]);
  for (const row of table(rows)) console.print(row);
  console.print();
  console.print("Attribute mappings");
  const mappings = app.mappings.map((one) => [
    `  ${one.attribute}`,
    shown(one.expression, 60),
    one.apply === "create" ? "on creation only" : "",
    one.externalName === null ? "nowhere" : `${one.externalName}  ${one.externalNamespace}`,
  ]);
  for (const row of table(mappings)) console.print(row);
}

/** Where an ability was taken from. */
function originOf({ configured, learned, byPreset, declared }: AppView, name: string): string {
  if (name in configured) return "configured";
  if (name in learned) return "learned";
  if (name in byPreset) return "preset";
  return declared !== null && name in declared ? "declared" : "";
}

function check(apps: Command, register: Register): void {
  const command = apps
    .command("check")
    .description("address, certificate, credential, and that it answers as SCIM; changes nothing")
    .argument("<app>", "its name in the configuration");
  register(command, async (console, options, [name = ""]) =>
    withService(console, options, async (service) => {
      const found = await service.apps.check(name);
      const { ok, message, code, remarks } = found;
      const cure = code === null ? null : cureInCommands(code);
      console.document({ ...found, cure });
      const mark = ok ? console.style("green", "ok    ") : console.style("red", "failed");
      console.print(`${mark}  ${name}: ${visible(message)}`);
      for (const remark of remarks) console.print(`        ${visible(remark)}`);
      if (cure !== null) console.print(`        → ${cure} [${code}]`);
      return ok ? 0 : 1;
    }),
  );
}

const ASSIGN_HELP = `
Takes effect with the next push (\`rollcall push APP\`, or \`serve\` within seconds). Whoever is assigned by
a group or a condition of the configuration stays assigned by it.`;

function assign(apps: Command, register: Register): void {
  for (const action of ["assign", "unassign"] as const) {
    const command = apps
      .command(action)
      .description(
        action === "assign" ? "assign persons by hand" : "end what assigned persons by hand",
      )
      .argument("<app>", "its name in the configuration")
      .argument("<login...>", "logins, or users' ids")
      .addHelpText("after", ASSIGN_HELP);
    register(command, async (console, options, [app = "", ...people]) =>
      withService(console, options, async (service) => {
        const result = await service.apps[action](app, people, askedBy(console));
        console.document({ app, ...result });
        const word = action === "assign" ? "assigned" : "not assigned by hand any more";
        for (const login of result.changed) console.print(`${visible(login)}: ${word}`);
        const before =
          action === "assign" ? "was assigned by hand before" : "was not assigned by hand";
        for (const login of result.unchanged) console.print(`${visible(login)}: ${before}`);
        if (result.changed.length > 0)
          console.note(
            `It takes effect with the next push: ${copyable(`rollcall push ${app}`, options)}`,
          );
        return 0;
      }),
    );
  }
}

function assignments(apps: Command, register: Register): void {
  const command = apps
    .command("assignments")
    .description("who is assigned, by what, and how far the account is")
    .argument("<app>", "its name in the configuration")
    .option("--all", "also accounts of people who are not assigned any more")
    .option("--limit <n>", "how many", "1000")
    .option("--after <id>", "go on behind this user");
  register(command, async (console, options, [app = ""]) =>
    withService(console, options, async (service) => {
      const limit = wholeNumber(String(options["limit"]), "--limit", 1_000_000);
      const after = typeof options["after"] === "string" ? options["after"] : null;
      const query = { app, after, all: options["all"] === true };
      const found = await service.apps.assignments({ ...query, limit: limit + 1 });
      const page = found.slice(0, limit);
      console.document(page.map(assignmentDocument));
      if (page.length === 0) console.print("Nobody is assigned, as of the last push.");
      const rows = page.map((one) => [
        one.login,
        one.assignedBy === null ? "–" : `${one.assignedBy.kind}: ${one.assignedBy.name}`,
        one.externalId ?? "–",
        one.syncState,
        one.error?.code ?? (one.reason === null ? "" : ACCOUNT_REASONS[one.reason]),
      ]);
      for (const row of table(rows)) console.print(row);
      const last = page.at(-1);
      if (found.length > limit && last !== undefined)
        console.note(`There are more; go on with --after ${last.userId}`);
      return 0;
    }),
  );
}
