/** Commands that change users: those without a directory, and what no directory gives. */
import type { Command } from "commander";
import { runDocument } from "../documents/run.ts";
import { editDocument } from "../documents/user.ts";
import { RollcallError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import type { Edits } from "../reconciler/decide-edit.ts";
import type { RunRequest } from "../runs/begin.ts";
import type { EditResult } from "../runs/edit-user.ts";
import type { StatusStep } from "../model/user.ts";
import type { Service } from "../service.ts";
import { shown, visible, type Console } from "./console.ts";
import { forgetUserCommand } from "./forget.ts";
import type { Register } from "./register.ts";
import { askedBy, statusOf, withService } from "./session.ts";
import { nextSteps, printRun } from "./show-run.ts";

const VALUES_HELP = `
Values are NAME=VALUE. An attribute with several values is given several times. What a directory's mapping gives
cannot be set here; \`profile.overrides.NAME: okta\` in the configuration makes an attribute yours.`;

export function userEditCommands(users: Command, register: Register): void {
  create(users, register);
  set(users, register);
  unset(users, register);
  for (const [step, description] of Object.entries(STEPS)) {
    const command = users.command(step).description(description).argument("<login>", WHO);
    register(command, async (console, options, [who = ""]) =>
      withService(console, options, async (service) => {
        const by = askedBy(console);
        const result =
          step === "delete"
            ? await service.users.delete(who, by)
            : await service.users.changeStatus(who, step as StatusStep, by);
        return print(console, result, step === "delete" ? "deleted" : result.user.status);
      }),
    );
  }
  forgetUserCommand(users, register);
  link(users, register);
  unlink(users, register);
}

const WHO = "the login, or the user's id";
const STEPS: Readonly<Record<StatusStep | "delete", string>> = {
  activate: "let a staged user in",
  deactivate: "take a user's access away; imports do not give it back",
  reactivate: "give a deactivated user access again",
  suspend: "take a user's access away for a while; imports do not give it back",
  unsuspend: "give a suspended user access again",
  delete: "delete a deactivated user whom no directory shows",
};

function create(users: Command, register: Register): void {
  const command = users
    .command("create")
    .description("create a user without a directory")
    .argument("<login>", "the login of the new user")
    .argument("<values...>", "NAME=VALUE, at least email, firstName and lastName")
    .option("--staged", "without access, until `users activate`")
    .addHelpText("after", VALUES_HELP);
  register(command, async (console, options, [login = "", ...pairs]) =>
    withService(console, options, async (service) => {
      const values = new Map(valuesOf(pairs));
      if (values.has("login"))
        throw new RollcallError(
          "usage.invalid",
          "The login is the first word; it is not given again.",
        );
      values.set("login", [login]);
      const status = options["staged"] === true ? "staged" : "active";
      return print(
        console,
        await service.users.create(values, status, askedBy(console)),
        "created",
      );
    }),
  );
}

function set(users: Command, register: Register): void {
  const command = users
    .command("set")
    .description("set attributes that no directory gives")
    .argument("<login>", WHO)
    .argument("<values...>", "NAME=VALUE")
    .addHelpText("after", VALUES_HELP);
  register(command, async (console, options, [who = "", ...pairs]) =>
    withService(console, options, (service) => edit(console, service, who, valuesOf(pairs))),
  );
}

function unset(users: Command, register: Register): void {
  const command = users
    .command("unset")
    .description("take away values of attributes that no directory gives")
    .argument("<login>", WHO)
    .argument("<names...>", "attributes");
  register(command, async (console, options, [who = "", ...names]) =>
    withService(console, options, (service) =>
      edit(console, service, who, new Map(names.map((name) => [name, null]))),
    ),
  );
}

async function edit(
  console: Console,
  service: Service,
  who: string,
  values: Edits,
): Promise<number> {
  const result = await service.users.edit(who, { values }, askedBy(console));
  return print(console, result, result.changes.length === 0 ? "nothing to change" : "changed");
}

/** @throws RollcallError `usage.invalid` */
function valuesOf(pairs: readonly string[]): Map<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at <= 0)
      throw new RollcallError("usage.invalid", `A value is given as NAME=VALUE, not ${pair}.`);
    const name = pair.slice(0, at);
    const value = pair.slice(at + 1);
    if (value === "")
      throw new RollcallError(
        "usage.invalid",
        `${name} has no value; \`rollcall users unset\` takes one away.`,
      );
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return values;
}

function print(
  console: Console,
  { user, changes, run, remarks }: EditResult,
  what: string,
): number {
  console.document(editDocument(user, changes, run));
  console.print(`${visible(user.login)}: ${what}`);
  for (const { attribute, from, to } of changes)
    console.print(`  ${attribute}: ${visible(shown(from))} → ${visible(shown(to))}`);
  for (const remark of remarks) console.note(remark);
  return 0;
}

const LINK_HELP = `
The next import maps the entry to this user. \`rollcall imports unmatched\` lists entries without a user, and
who they may be.`;

function link(users: Command, register: Register): void {
  const command = users
    .command("link")
    .description("link an entry of a directory to a user by hand")
    .argument("<login>", WHO)
    .argument("<directory>", "its name in the configuration")
    .argument("<id>", "the entry's external id, or its DN")
    .option("--dry-run", "show what it would change, change nothing")
    .addHelpText("after", LINK_HELP);
  register(command, async (console, options, [who = "", directory = "", id = ""]) =>
    withService(console, options, (service) =>
      linkByHand(console, service, options, { directory, id, who }),
    ),
  );
}

/** Links an entry, or makes a new user of it, and shows the run. */
export async function linkByHand(
  console: Console,
  service: Service,
  options: Record<string, unknown>,
  {
    who,
    ...entry
  }: { readonly directory: string; readonly id: string; readonly who: string | null },
): Promise<number> {
  const request = { who, ...requestOf(options) };
  const run = await service.users.link(entry, request, askedBy(console));
  return await showLink(console, service, options, run);
}

async function showLink(
  console: Console,
  service: Service,
  options: Record<string, unknown>,
  run: Run,
): Promise<number> {
  const query = { after: -1, limit: 1, action: null, counted: false };
  const changes = await service.runs.people(run.id, query);
  console.document({ ...runDocument(run), changes });
  printRun(console, run);
  for (const { login, dn, changes: values, error } of changes) {
    console.print(`  ${visible(dn)}  ${visible(login ?? "new user")}`);
    for (const { attribute, from, to, source } of values)
      console.print(
        `    ${attribute}: ${visible(shown(from))} → ${visible(shown(to))}  (${source})`,
      );
    if (error !== null) console.print(`    ${visible(error.message)} (${error.code})`);
  }
  for (const step of nextSteps(run, options)) console.note(step);
  return run.counts.failed > 0 ? 1 : statusOf(run);
}

const UNLINK_HELP = `
The entry stays in the directory and is set aside: imports leave it alone until it is linked again. For the user it
is as if the entry had left: the next source takes over, or onRemoval of the directory decides.`;

function unlink(users: Command, register: Register): void {
  const command = users
    .command("unlink")
    .description("cut the link between a user and an entry of a directory")
    .argument("<login>", WHO)
    .argument("<directory>", "its name")
    .option("--keep-status", "leave the user's status as it is, whatever onRemoval says")
    .option("--dry-run", "show what it would change, change nothing")
    .addHelpText("after", UNLINK_HELP);
  register(command, async (console, options, [who = "", directory = ""]) =>
    withService(console, options, async (service) => {
      const keepStatus = options["keepStatus"] === true;
      const request = { who, keepStatus, ...requestOf(options) };
      const run = await service.users.unlink(directory, request, askedBy(console));
      return await showLink(console, service, options, run);
    }),
  );
}

function requestOf(options: Record<string, unknown>): RunRequest {
  return { trigger: "manual", dryRun: options["dryRun"] === true };
}
