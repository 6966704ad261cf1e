import type { Command } from "commander";
import { userDocument } from "../documents/user.ts";
import type { Problem } from "../model/errors.ts";
import { profileSchema } from "../model/profile-schema.ts";
import { REASONS } from "../model/run.ts";
import { USER_STATUSES, type User } from "../model/user.ts";
import type { UserView } from "../questions/user-view.ts";
import type { Service } from "../service.ts";
import { shown, table, visible, type Console } from "./console.ts";
import type { Register } from "./register.ts";
import { wholeNumber, withService } from "./session.ts";
import { userEditCommands } from "./users-edit.ts";
import { exportCommand, statusOption } from "./users-export.ts";
import { failingCommand } from "./users-failing.ts";

export function usersCommand(program: Command, register: Register): void {
  const users = program
    .command("users")
    .description("user profiles: list, show, export; create, edit, link");
  list(users, register);
  show(users, register);
  exportCommand(users, register);
  failingCommand(users, register);
  userEditCommands(users, register);
}

function list(users: Command, register: Register): void {
  const command = users
    .command("list", { isDefault: true })
    .description("users in order of their login")
    .option("--q <words>", "only those whose login, name or e-mail address contains the words")
    .option("--status <status>", `only ${USER_STATUSES.join(", ")}`)
    .option("--limit <n>", "how many", "50");
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const status = statusOption(options["status"]);
      const words = typeof options["q"] === "string" ? options["q"] : null;
      const limit = wholeNumber(String(options["limit"]), "--limit", 1_000_000);
      const found = await service.users.list({ words, status, limit });
      console.document(found.map(userDocument));
      if (found.length === 0) console.print("No users.");
      for (const row of table(found.map((user) => [user.login, user.status, nameOf(user)])))
        console.print(row);
      return 0;
    }),
  );
}

function nameOf({ profile }: User): string {
  const name =
    profile["displayName"] ??
    [profile["firstName"], profile["lastName"]].filter((part) => part !== undefined).join(" ");
  return String(name);
}

function show(users: Command, register: Register): void {
  const command = users
    .command("show")
    .description("one user: profile, source of each attribute, app profiles")
    .argument("<login>", "the login, or the user's id");
  register(command, async (console, options, [who = ""]) =>
    withService(console, options, async (service) => {
      const user = await service.users.get(who);
      console.document(user);
      if (!console.json) printUser(console, service, user);
      return 0;
    }),
  );
}

function printUser(console: Console, service: Service, user: UserView): void {
  console.print(`${console.style("bold", visible(user.login))}  ${user.status}  ${user.id}`);
  const rows = [...profileSchema(service.settings.profile.attributes).keys()]
    .filter((name) => user.profile[name] !== undefined)
    .map((name) => [
      `  ${name}`,
      shown(user.profile[name], 60),
      `from ${user.sources[name] ?? "okta"}`,
    ]);
  for (const row of table(rows)) console.print(row);
  for (const appUser of user.appUsers) {
    console.print();
    console.print(
      `Additional LDAP attributes of ${appUser.directory}  (${appUser.status}, last imported ${appUser.lastImported})`,
    );
    console.print(`  ${visible(appUser.dn)}`);
    console.print(`  external id ${visible(appUser.externalId)}`);
    if (appUser.error !== null) {
      console.print(
        `  ${console.style("red", visible(appUser.error.message))} (${problemText(appUser.error)})`,
      );
      for (const other of appUser.error.others ?? [])
        console.print(`    and ${visible(other.message)} (${problemText(other)})`);
    }
    const attributes = Object.entries(appUser.profile).map(([name, value]) => {
      const meaning = appUser.meanings[name];
      const text = shown(value, 80);
      return [`  ${name}`, meaning === undefined ? text : `${text}  (${meaning})`];
    });
    for (const row of table(attributes)) console.print(row);
    if (appUser.groups.length === 0) continue;
    console.print("  groups");
    const groups = appUser.groups.map((group) => [`    ${group.name}`, group.how, group.dn]);
    for (const row of table(groups)) console.print(row);
  }
  printAccounts(console, user);
  printHistory(console, user);
}

function printAccounts(console: Console, { accounts }: UserView): void {
  if (accounts.length === 0) return;
  console.print();
  console.print("Accounts in apps");
  const rows = accounts.map(({ app, externalId, status, by, lastPush, error }) => [
    `  ${app}`,
    externalId ?? "–",
    status,
    by === null ? "not assigned" : `assigned by ${by.kind}: ${by.name}`,
    error === null ? `last push ${lastPush ?? "never"}` : error.code,
  ]);
  for (const row of table(rows)) console.print(row);
}

function printHistory(console: Console, { history, createdAt }: UserView): void {
  console.print();
  console.print("Last changes");
  for (const { at, run, directory, kind, by, action, reason, changes, error } of history) {
    const what = kind === "import" ? action : `${action} by ${kind}`;
    const told = reason === null ? "" : `: ${REASONS[reason]}`;
    console.print(`  ${at}  ${what}${told}  (${directory ?? "all"}, ${visible(by)}, run ${run})`);
    for (const { attribute, from, to, source } of changes) {
      const values = `${visible(shown(from, 60))} → ${visible(shown(to, 60))}`;
      console.print(`    ${attribute}: ${values}  (${source})`);
    }
    if (error !== null) console.print(`    ${visible(error.message)} (${error.code})`);
  }
  console.print(`  ${createdAt}  created`);
}

function problemText({ code, field, shape }: Omit<Problem, "others">): string {
  return [code, field, ...(shape === undefined ? [] : [visible(shape)])].join(", ");
}
