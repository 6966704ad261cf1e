/** Entries in a directory's scope that belong to no user: whose they may be, and why they are nobody's. */
import type { Engine } from "../../engine/engine.ts";
import { loadRelations } from "../../engine/people/relations.ts";
import { sentences } from "../../lib/sentences.ts";
import { shellWord } from "../../lib/shell.ts";
import { evaluateMapping } from "../../mapping/mapping.ts";
import type { AppProfile } from "../../model/entry.ts";
import { cureOf, type Problem } from "../../model/errors.ts";
import type { Cause } from "../../model/explanation.ts";
import { loginKey, type User } from "../../model/user.ts";
import { matchKeys } from "../../reconciler/match.ts";
import { NO_RELATIONS, scopeOf } from "../../reconciler/scope.ts";
import { resolveProfile } from "../../reconciler/source-priority.ts";
import { appUsersOfUsers, type StoredAppUser } from "../../store/app-users.ts";
import { userByLoginKey, usersByValue } from "../../store/users.ts";
import { conflictsOf } from "./conflicts.ts";

/** The key of the login that a directory's mapping gives; null if it gives none. */
export function mappedLogin({ rules }: Engine, name: string, profile: AppProfile): string | null {
  const mapping = rules.directories.get(name)?.mappings.get("login");
  if (mapping === undefined) return null;
  const links = new Map([[name, profile]]);
  const scope = scopeOf(rules, name, { links, user: null, relations: NO_RELATIONS });
  const value = evaluateMapping(mapping, scope);
  return typeof value === "string" ? loginKey(value) : null;
}

/** Whether an entry has a value of the user that any matching rule asks for. */
export function sharesKey(
  { rules }: Engine,
  directory: string,
  profile: AppProfile,
  user: User,
): boolean {
  const own = rules.directories.get(directory);
  return (own === undefined ? [] : matchKeys(own, profile)).some(({ attribute, value }) =>
    attribute === "login"
      ? loginKey(user.login) === value
      : String(user.profile[attribute] ?? "").toLowerCase() === value,
  );
}

/** Those whom the first matching rule that finds anybody finds; see `decideMatch`. */
export async function matchedUsers(
  { rules, store }: Engine,
  { directory, profile }: Pick<StoredAppUser, "directory" | "profile">,
): Promise<readonly User[]> {
  const own = rules.directories.get(directory);
  for (const { attribute, value } of own === undefined ? [] : matchKeys(own, profile)) {
    const found = await usersByValue(store.db, attribute, [value]);
    if (found.length > 0) return found.map((one) => one.user);
  }
  return [];
}

/** Whether the matching rules find this user for an entry. */
export async function isMatched(
  engine: Engine,
  entry: StoredAppUser,
  user: User,
): Promise<boolean> {
  return (await matchedUsers(engine, entry)).some((one) => one.id === user.id);
}

/** What is wrong with an entry now: what was told of it, if that is so still. */
export function faultNow(told: Problem, now: readonly Problem[]): Problem {
  return (
    now.find(({ code, field }) => code === told.code && field === told.field) ?? now[0] ?? told
  );
}

/** Faults of the question whose an entry is, and not of its values. */
export const UNCERTAIN: ReadonlySet<string> = new Set([
  "match.ambiguous",
  "notUniqueWithinOrgAppId",
]);

/** What would be wrong with an entry now, as a user of its own or as this user's. */
export async function problemsOf(
  engine: Engine,
  { directory, profile, externalId, dn }: StoredAppUser,
  user: User | null,
  others: ReadonlyMap<string, AppProfile>,
): Promise<readonly Problem[]> {
  const links = new Map(others).set(directory, profile);
  const own = [{ directory, profile, externalId, dn }];
  const relations = (await loadRelations(engine, Date.now(), own))(own);
  const creator = user === null ? directory : null;
  const resolved = resolveProfile(engine.rules, { links, before: user, creator, relations });
  return [...resolved.problems, ...(await conflictsOf(engine, user?.id ?? null, resolved))];
}

/** The faults of an entry of which no user could be made; the last import's, or what is left of them. */
export async function refusal(
  engine: Engine,
  entry: StoredAppUser,
  error: Problem,
): Promise<Cause> {
  const { directory, dn, externalId } = entry;
  const [user = null] = await matchedUsers(engine, entry);
  const links = user === null ? [] : await appUsersOfUsers(engine.store.db, [user.id]);
  const others = new Map(links.map((one) => [one.directory, one.profile]));
  const now = await problemsOf(engine, entry, user, others);
  if (now.length === 0) return overSince(entry, error);
  const { code, field, message } = faultNow(error, now);
  const told = message.replace(/\.$/, "");
  const sentence = sentences(
    `${dn} was imported, but no user could be made of it: ${told} [${code}, ${field}]`,
    cureOf(code),
  );
  return {
    code: "cannotBeCreated",
    stage: "validation",
    sentence,
    command: `rollcall preview ${directory} --user ${shellWord(externalId)}`,
  };
}

/** A fault that the last import told of, and that the next run would not find any more. */
export function overSince({ directory, dn }: StoredAppUser, { message }: Problem): Cause {
  const sentence = sentences(
    `${dn} of ${directory} was refused by the last import: ${message.replace(/\.$/, "")}`,
    "Nothing is wrong with it now, but that was not applied yet; a force sync applies it",
  );
  return {
    code: "notApplied",
    stage: "written",
    sentence,
    command: `rollcall force-sync ${directory}`,
  };
}

/** An entry that belongs to nobody, and nothing is wrong with it. @param matches whether a rule finds somebody */
export async function undecided(
  engine: Engine,
  entry: StoredAppUser,
  matches: boolean,
): Promise<Cause> {
  const { directory: name, dn, profile, externalId } = entry;
  const login = mappedLogin(engine, name, profile);
  const holder = login === null ? null : await userByLoginKey(engine.store.db, login);
  if (engine.rules.directories.get(name)?.onNoMatch === "create" || matches) {
    const sentence = `${dn} was imported and belongs to nobody yet; the next full import of ${name} decides about it.`;
    return {
      code: "waitsForImport",
      stage: "link",
      sentence,
      command: `rollcall import ${name} --full`,
    };
  }
  const told = `${dn} was imported, but no matching rule of ${name} finds a user, and the directory may not create one (onNoMatch: ignore)`;
  const where = `${name} ${shellWord(externalId)}`;
  const invalid = holder === null && (await problemsOf(engine, entry, null, new Map())).length > 0;
  if (invalid) {
    const sentence = sentences(
      told,
      "No valid profile comes of it alone",
      `Say whose it is with \`imports confirm ${where} LOGIN\`, or set it aside with \`imports ignore ${where}\``,
    );
    return {
      code: "noMatch",
      stage: "link",
      sentence,
      command: `rollcall imports unmatched ${name}`,
    };
  }
  const twin = holder === null ? undefined : await twinOf(engine, holder, name);
  if (twin !== undefined) {
    const sentence = sentences(
      told,
      `${holder?.login ?? ""} has the login that the entry would get, but is linked to ${twin.dn}`,
      `Cut that link first, or set this entry aside with \`imports ignore ${where}\``,
    );
    return {
      code: "noMatch",
      stage: "link",
      sentence,
      command: `rollcall imports unmatched ${name}`,
    };
  }
  const same = holder === null ? null : `${holder.login} has the login that the entry would get`;
  const sentence = sentences(told, same);
  const whom = holder === null ? "" : ` ${shellWord(holder.login)}`;
  return {
    code: "noMatch",
    stage: "link",
    sentence,
    command: `rollcall imports confirm ${where}${whom}`,
  };
}

/** The other entry of a directory that a user is linked to. */
async function twinOf(
  { store }: Engine,
  { id }: User,
  directory: string,
): Promise<StoredAppUser | undefined> {
  const links = await appUsersOfUsers(store.db, [id]);
  return links.find((one) => one.directory === directory);
}
