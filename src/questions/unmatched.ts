/** Who of the imported belongs to no user yet, and who it may be. */
import { configuredDirectory } from "../engine/directories.ts";
import type { Engine } from "../engine/engine.ts";
import { loadUsersByKey, type UsersByKey } from "../engine/people/users-by-key.ts";
import { evaluateMapping } from "../mapping/mapping.ts";
import type { AppProfile } from "../model/entry.ts";
import { RollcallError, type Problem } from "../model/errors.ts";
import { type LinkOrigin, type User, loginKey } from "../model/user.ts";
import { matchKeys } from "../reconciler/match.ts";
import { NO_RELATIONS, scopeOf } from "../reconciler/scope.ts";
import { appUsersOfUsers } from "../store/app-users.ts";
import {
  unmatchedEntries,
  usersByName,
  type UnmatchedEntry,
  type UnmatchedQuery,
} from "../store/unmatched.ts";

export interface Candidate {
  readonly login: string;
  readonly id: string;
  readonly status: string;
  /** What both have in common; the first rule that found the user. */
  readonly because: string;
  /** Another entry of the same directory that the user is linked to; then it cannot be this one. */
  readonly linkedTo: string | null;
}

export interface Unmatched {
  readonly directory: string;
  readonly externalId: string;
  readonly dn: string;
  /** Null where nobody was found and the directory may not create users. */
  readonly error: Problem | null;
  readonly since: string;
  /** What a person decided about it. */
  readonly decision: LinkOrigin | null;
  readonly candidates: readonly Candidate[];
  /** What is kept of the entry. */
  readonly profile: AppProfile;
}

/** A value that an entry has, and users may have, too. */
interface Question {
  readonly attribute: string;
  readonly value: string;
  readonly because: string;
}

const NAME = "name";

/** @throws RollcallError `config.unknownDirectory` */
export async function listUnmatched(engine: Engine, query: UnmatchedQuery): Promise<Unmatched[]> {
  if (query.directory !== null) configuredDirectory(engine, query.directory);
  const { db } = engine.store;
  const entries = await unmatchedEntries(db, query);
  const questions = new Map(entries.map((entry) => [entry, questionsOf(engine, entry)]));
  const asked = [...questions.values()].flat();
  const find = await answers(engine, asked);
  const users = asked.flatMap(find);
  const links = await appUsersOfUsers(db, [...new Set(users.map((user) => user.id))]);
  return entries.map((entry) => {
    const twinOf = (user: User): string | null =>
      links.find((one) => one.userId === user.id && one.directory === entry.directory)?.dn ?? null;
    const { directory, externalId, dn, error, link } = entry;
    const candidates = candidatesOf(questions.get(entry) ?? [], find, twinOf);
    const since = entry.since.toISOString();
    const decision = entry.setAside ? link : null;
    const { profile } = entry;
    return { directory, externalId, dn, error, since, decision, candidates, profile };
  });
}

/** By its matching rules, then by what its mappings say of login, address and name. */
function questionsOf({ rules }: Engine, { directory: name, profile }: UnmatchedEntry): Question[] {
  const directory = rules.directories.get(name);
  if (directory === undefined) return [];
  const links = new Map([[name, profile]]);
  const scope = scopeOf(rules, name, { links, user: null, relations: NO_RELATIONS });
  const mapped = (attribute: string): string | null => {
    const mapping = directory.mappings.get(attribute);
    const value = mapping === undefined ? null : safely(() => evaluateMapping(mapping, scope));
    return typeof value === "string" && value !== "" ? value : null;
  };
  const ruled = matchKeys(directory, profile).map(({ attribute, app, value }) => {
    return { attribute, value, because: `the matching rule ${attribute} = ${app}` };
  });
  const [login, email] = [mapped("login"), mapped("email")];
  const [first, last] = [mapped("firstName"), mapped("lastName")];
  return [
    ...ruled,
    ...(login === null
      ? []
      : [{ attribute: "login", value: loginKey(login), because: "the same login" }]),
    ...(email === null
      ? []
      : [{ attribute: "email", value: email.toLowerCase(), because: "the same e-mail address" }]),
    ...(first === null || last === null
      ? []
      : [
          {
            attribute: NAME,
            value: `${first} ${last}`.toLowerCase(),
            because: "the same first and last name",
          },
        ]),
  ];
}

/** An expression that cannot be evaluated for the entry says nothing about it. */
function safely<T>(evaluate: () => T): T | null {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof RollcallError) throw error;
    return null;
  }
}

async function answers(
  { store: { db } }: Engine,
  questions: readonly Question[],
): Promise<UsersByKey> {
  const { names = [], values = [] } = Object.groupBy(questions, ({ attribute }) =>
    attribute === NAME ? "names" : "values",
  );
  const byValue = await loadUsersByKey(db, values);
  const named = await usersByName(db, [...new Set(names.map((one) => one.value))]);
  const byName = Map.groupBy(named, (one) => one.value);
  return (key) =>
    key.attribute === NAME ? (byName.get(key.value) ?? []).map((one) => one.user) : byValue(key);
}

function candidatesOf(
  questions: readonly Question[],
  find: UsersByKey,
  twinOf: (user: User) => string | null,
): Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const { attribute, value, because } of questions) {
    for (const user of find({ attribute, value })) {
      const { id, login, status } = user;
      if (!candidates.has(id))
        candidates.set(id, { login, id, status, because, linkedTo: twinOf(user) });
    }
  }
  return [...candidates.values()];
}
