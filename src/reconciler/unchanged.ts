/**
 * Whether a force sync leaves somebody as is, found out as cheaply as it can be. Pure.
 *
 * Most people have exactly what their mappings give. So the profile that the mappings give is
 * written down as the database writes it, and compared as text; taking a stored profile apart
 * costs more than mapping a person. Only where the texts differ, values are compared one by one.
 */
import { sameJson } from "../lib/same.ts";
import type { AppProfile } from "../model/entry.ts";
import type { AppUser, User } from "../model/user.ts";
import type { DirectoryRules, Rules } from "./rules.ts";
import { NO_RELATIONS } from "./scope.ts";
import { givenBy, profileSourceOf, resolveProfile } from "./source-priority.ts";
import { nextStanding } from "./standing.ts";
import { validateProfile } from "./validate.ts";

export interface Synced {
  readonly user: Pick<User, "id" | "status" | "statusBy"> & {
    /** `jsonb` in its text form. */
    readonly profileText: string;
    readonly sourcesText: string;
    readonly whole: () => Pick<User, "profile" | "sources">;
  };
  /** Of the directory that is synchronised. */
  readonly status: AppUser["status"];
  readonly profile: AppProfile;
  /** In other directories of the configuration, without those that left their scope. */
  readonly others: readonly Pick<AppUser, "directory" | "profile">[];
  /** Whether the user's profile was judged by this version of the rules. */
  readonly judged: boolean;
}

/** Characters that JSON writes as something else. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const ESCAPED = /["\\\u0000-\u001f]/;

/** Prepared once for a run: the attributes in the order in which `jsonb` keeps keys. */
export class Unchanged {
  readonly #rules: Rules;
  readonly #directory: DirectoryRules;
  readonly #now: number;
  readonly #attributes: readonly {
    readonly name: string;
    /** What stands before its value, if it comes first, and if it does not. */
    readonly first: string;
    readonly next: string;
  }[];
  /** Packed sources of a user whose values all come from one directory, by directory. */
  readonly #onlyFrom = new Map<string, string>();

  /** @param now milliseconds since 1970 */
  constructor(rules: Rules, directory: DirectoryRules, now: number) {
    this.#rules = rules;
    this.#directory = directory;
    this.#now = now;
    this.#attributes = [...rules.schema.keys()]
      .toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))
      .map((name) => ({ name, first: `{"${name}": "`, next: `, "${name}": "` }));
  }

  /**
   * True only if deciding about the person gives what is there: the same values, sources and
   * status, and a valid profile. Where mappings need more than app profiles, nobody is certain.
   */
  has({ user, status, profile, others, judged }: Synced): boolean {
    const rules = this.#rules;
    if (rules.needs.groups || rules.needs.related.length > 0) return false;
    const links = new Map<string, AppProfile>();
    for (const other of others) links.set(other.directory, other.profile);
    links.set(this.#directory.name, profile);
    if (!this.#standsAs(user, status, links)) return false;
    if (!this.#sameText(user, links) && !this.#sameValues(user, links)) return false;
    return judged || validateProfile(user.whole().profile, rules.schema).length === 0;
  }

  #standsAs(
    user: Synced["user"],
    standing: AppUser["status"],
    links: ReadonlyMap<string, AppProfile>,
  ): boolean {
    const { name, onRemoval, reactivate } = this.#directory;
    const source = profileSourceOf(this.#rules, links) ?? (links.size === 1 ? name : null);
    if (source !== name) return true;
    const status = { name, onRemoval, reactivate, standing, arrived: standing === "disabled" };
    const next = nextStanding(user, status);
    return next.status === user.status && next.statusBy === user.statusBy;
  }

  /** Of a user who has nothing besides what one directory's mappings give. */
  #sameText(user: Synced["user"], links: ReadonlyMap<string, AppProfile>): boolean {
    const relations = { ...NO_RELATIONS, now: this.#now };
    const before = { id: user.id, status: user.status, profile: {}, sources: {} };
    const give = givenBy(this.#rules, { links, before, creator: null, relations });
    const { profileText: text, sourcesText } = user;
    let from: string | null = null;
    let at = 0;
    for (const { name, first, next } of this.#attributes) {
      const result = give(name);
      if (result === null) continue;
      if ("problem" in result || (from !== null && result.source !== from)) return false;
      const { value } = result;
      const key = from === null ? first : next;
      // What the database writes in another way than it came is compared by value.
      if (typeof value !== "string" || ESCAPED.test(value)) return false;
      if (!text.startsWith(key, at) || !text.startsWith(value, at + key.length)) return false;
      at += key.length + value.length + 1;
      if (text[at - 1] !== '"') return false;
      from = result.source;
    }
    return text[at] === "}" && at + 1 === text.length && this.#isOnly(sourcesText, from);
  }

  #isOnly(sourcesText: string, from: string | null): boolean {
    if (from === null) return false;
    let text = this.#onlyFrom.get(from);
    if (text === undefined) {
      text = `{"*": ${JSON.stringify(from)}}`;
      this.#onlyFrom.set(from, text);
    }
    return sourcesText === text;
  }

  #sameValues(user: Synced["user"], links: ReadonlyMap<string, AppProfile>): boolean {
    const relations = { ...NO_RELATIONS, now: this.#now };
    const whole = user.whole();
    const before = { id: user.id, status: user.status, ...whole };
    const resolved = resolveProfile(this.#rules, { links, before, creator: null, relations });
    if (resolved.problems.length > 0) return false;
    return sameJson(resolved.profile, whole.profile) && sameJson(resolved.sources, whole.sources);
  }
}
