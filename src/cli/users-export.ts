/** All users as CSV or JSON lines, with the columns that somebody chose. */
import { safeJson } from "../lib/safe-output.ts";
import type { Command } from "commander";
import { userDocument, userWithAppUsersDocument } from "../documents/user.ts";
import { csvLine } from "../lib/csv.ts";
import { closest } from "../lib/lines.ts";
import { RollcallError } from "../model/errors.ts";
import { profileSchema } from "../model/profile-schema.ts";
import { USER_STATUSES, type User } from "../model/user.ts";
import type { ExportedAppUser, Service } from "../service.ts";
import type { Console } from "./console.ts";
import type { Register } from "./register.ts";
import { withService } from "./session.ts";

const PAGE = 1000;

const HELP = `
Columns are id, status, attributes of the user profile, source.ATTRIBUTE (whose value it is), and, for each directory,
DIRECTORY.ATTRIBUTE of its app profile and DIRECTORY.dn, DIRECTORY.externalId, DIRECTORY.status, DIRECTORY.error.

Examples:
  rollcall users export > users.csv
  rollcall users export --columns login,status,department,source.department,corp.departmentNumber
  rollcall users export --app-profiles --json     every user with all app profiles
  rollcall users export --app-profiles            one line for each app profile`;

export function exportCommand(users: Command, register: Register): void {
  const command = users
    .command("export")
    .description("all users as CSV, or with --json one JSON line each")
    .option("--columns <names>", "only these, separated by commas, in this order")
    .option("--app-profiles", "also all app profiles")
    .option("--status <status>", "only users with this status")
    .addHelpText("after", HELP);
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const names = typeof options["columns"] === "string" ? options["columns"] : null;
      const profiles = options["appProfiles"] === true;
      if (profiles && names !== null)
        throw new RollcallError(
          "usage.invalid",
          "--app-profiles exports whole app profiles; name their attributes with --columns DIRECTORY.ATTRIBUTE instead.",
        );
      const status = statusOption(options["status"]);
      const lines = profiles
        ? profileLines(console)
        : columnLines(console, service, names?.split(",").map((name) => name.trim()) ?? null);
      if (lines.head !== null) await console.write(`${csvLine(lines.head)}\r\n`);
      await writeAll(console, service, status, lines);
      return 0;
    }),
  );
}

/** @throws RollcallError `usage.invalid` */
export function statusOption(value: unknown): string | null {
  if (typeof value !== "string") return null;
  if ((USER_STATUSES as readonly string[]).includes(value)) return value;
  const message = `--status takes one of ${USER_STATUSES.join(", ")}, not ${value}.`;
  throw new RollcallError("usage.invalid", message);
}

/** How users become lines. */
interface Lines {
  readonly head: readonly string[] | null;
  readonly withAppUsers: boolean;
  readonly of: (user: User, appUsers: readonly ExportedAppUser[]) => string;
}

async function writeAll(
  console: Console,
  service: Service,
  status: string | null,
  lines: Lines,
): Promise<void> {
  for (let after = ""; ;) {
    console.signal.throwIfAborted();
    const page = await service.users.after(after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return;
    const users = page.flatMap(({ user }) =>
      status === null || user.status === status ? [user] : [],
    );
    const ids = users.map((user) => user.id);
    const appUsers = Map.groupBy(
      lines.withAppUsers && ids.length > 0 ? await service.users.appUsersOf(ids) : [],
      (one) => one.userId,
    );
    await console.write(users.map((user) => lines.of(user, appUsers.get(user.id) ?? [])).join(""));
    after = last.key;
  }
}

/** A value of a column; several of them are an array. */
type Cell = (user: User, appUsers: readonly ExportedAppUser[]) => unknown;

function columnLines(console: Console, service: Service, names: readonly string[] | null): Lines {
  const attributes = [...profileSchema(service.settings.profile.attributes).keys()];
  const chosen = names ?? ["id", "status", ...attributes];
  const cells = chosen.map((name) => cellOf(service, attributes, name));
  const withAppUsers = chosen.some((name) => name.includes(".") && !name.startsWith("source."));
  if (!console.json) {
    const of: Lines["of"] = (user, appUsers) =>
      `${csvLine(cells.map((cell) => text(cell(user, appUsers))))}\r\n`;
    return { head: chosen, withAppUsers, of };
  }
  if (names === null)
    return { head: null, withAppUsers, of: (user) => `${safeJson(userDocument(user))}\n` };
  const of: Lines["of"] = (user, appUsers) => {
    const values = chosen.map((name, i) => [name, cells[i]?.(user, appUsers) ?? null]);
    return `${safeJson(Object.fromEntries(values))}\n`;
  };
  return { head: null, withAppUsers, of };
}

/** @throws RollcallError `usage.invalid` for a column that there is not */
function cellOf(service: Service, attributes: readonly string[], name: string): Cell {
  if (name === "id") return (user) => user.id;
  if (name === "status") return (user) => user.status;
  if (attributes.includes(name)) return (user) => user.profile[name];
  const dot = name.indexOf(".");
  const [owner, attribute] = [name.slice(0, Math.max(0, dot)), name.slice(dot + 1)];
  if (owner === "source" && attributes.includes(attribute))
    return (user) => user.sources[attribute];
  const directories = [...service.settings.directories.keys()];
  if (directories.includes(owner) && attribute !== "")
    return (_user, appUsers) => {
      const appUser = appUsers.find((one) => one.directory === owner);
      return appUser === undefined ? null : ofAppUser(appUser, attribute);
    };
  const meant = meantColumn(attributes, directories, name, [owner, attribute]);
  const hint = meant === undefined ? "" : ` Do you mean ${meant}?`;
  throw new RollcallError("usage.invalid", `There is no column ${name}.${hint}`);
}

function meantColumn(
  attributes: readonly string[],
  directories: readonly string[],
  name: string,
  [owner, attribute]: readonly [string, string],
): string | undefined {
  const own = [...attributes, "id", "status"];
  if (owner === "" || attribute === "") return closest(name, own);
  const whose = closest(owner, [...directories, "source"]);
  if (whose !== "source")
    return whose === undefined ? closest(attribute, own) : `${whose}.${attribute}`;
  const of = closest(attribute, attributes);
  return of === undefined ? undefined : `source.${of}`;
}

/** An attribute of the app profile, by its name in any case; or a fact about the app user. */
function ofAppUser(
  { profile, dn, externalId, status, error }: ExportedAppUser,
  name: string,
): unknown {
  const facts: Readonly<Record<string, unknown>> = { dn, externalId, status, error: error?.code };
  if (Object.hasOwn(facts, name)) return facts[name];
  const key = Object.keys(profile).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? null : profile[key];
}

const PROFILE_COLUMNS = [
  "login",
  "userStatus",
  "directory",
  "externalId",
  "dn",
  "status",
  "error",
  "profile",
];

function profileLines(console: Console): Lines {
  if (console.json) {
    const of: Lines["of"] = (user, appUsers) => {
      const document = userWithAppUsersDocument(user, appUsers);
      return `${safeJson(document)}\n`;
    };
    return { head: null, withAppUsers: true, of };
  }
  const of: Lines["of"] = (user, appUsers) => {
    const own = [user.login, user.status];
    const lines = appUsers.map(({ directory, externalId, dn, status, profile, error }) =>
      csvLine([
        ...own,
        directory,
        externalId,
        dn,
        status,
        error?.code ?? null,
        JSON.stringify(profile),
      ]),
    );
    if (lines.length === 0) lines.push(csvLine([...own, null, null, null, null, null, null]));
    return lines.map((line) => `${line}\r\n`).join("");
  };
  return { head: PROFILE_COLUMNS, withAppUsers: true, of };
}

function text(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.join(";");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  return JSON.stringify(value);
}
