/** What expressions can know about a person besides the app profile that is mapped. */
import { appRecord, jsonRecord } from "../mapping/references.ts";
import {
  NO_FACTS,
  onlyAppUser,
  type AppUserFact,
  type Facts,
  type Related,
  type Scope,
} from "../mapping/scope.ts";
import type { GroupValue, RecordValue } from "../mapping/values.ts";
import type { AppProfile } from "../model/entry.ts";
import type { AppUser, User } from "../model/user.ts";
import type { Rules } from "./rules.ts";

/** What only the store can tell, loaded before a person is decided about. */
export interface Relations {
  /** Milliseconds since 1970: one moment for a whole run. */
  readonly now: number;
  readonly groups: readonly GroupValue[];
  /** Other people whom attributes of the person's app profiles name, by `relationKey`. */
  readonly related: ReadonlyMap<string, Related>;
  /** Whether an attribute names somebody who is not known: perhaps not imported yet. */
  readonly incomplete: boolean;
}

export const NO_RELATIONS: Relations = {
  now: 0,
  groups: [],
  related: new Map(),
  incomplete: false,
};

export function relationKey(directory: string, attribute: string): string {
  return `${directory} ${attribute.toLowerCase()}`;
}

/** A user as expressions see somebody else. */
export function userRecord(user: User): RecordValue {
  return jsonRecord(user.profile);
}

export function appUserFact(
  rules: Pick<Rules, "directories">,
  { directory, profile }: Pick<AppUser, "directory" | "profile">,
): AppUserFact {
  const type = rules.directories.get(directory)?.type ?? directory;
  return { directory, type, profile: appRecord(profile) };
}

export interface Person {
  /** App profiles by directory. */
  readonly links: ReadonlyMap<string, AppProfile>;
  readonly user: Pick<User, "id" | "status"> | null;
  readonly relations: Relations;
}

/** What a mapping of a directory is evaluated with. */
export function scopeOf(rules: Rules, directory: string, person: Person): Scope {
  const facts = new PersonFacts(rules, directory, person);
  return { app: person.links.get(directory) ?? {}, facts };
}

/** Most mappings ask for nothing of it, so it is put together when it is asked for. */
class PersonFacts implements Facts {
  readonly #rules: Rules;
  readonly #directory: string;
  readonly #person: Person;
  readonly variables = NO_FACTS.variables;
  #appUsers: readonly AppUserFact[] | null = null;

  constructor(rules: Rules, directory: string, person: Person) {
    this.#rules = rules;
    this.#directory = directory;
    this.#person = person;
  }

  get now(): number {
    return this.#person.relations.now;
  }

  get organisation(): RecordValue {
    return this.#rules.organisation;
  }

  get user(): Facts["user"] {
    const { user } = this.#person;
    return user === null ? null : { id: user.id, status: user.status.toUpperCase() };
  }

  /** Only of links that count: whoever left a directory has left its groups. */
  get groups(): readonly GroupValue[] {
    const { relations, links } = this.#person;
    return relations.groups.filter((group) => links.has(group.sourceId));
  }

  get appUsers(): readonly AppUserFact[] {
    this.#appUsers ??= [...this.#person.links].map(([directory, profile]) =>
      appUserFact(this.#rules, { directory, profile }),
    );
    return this.#appUsers;
  }

  related(attribute: string, source: string | null): Related | null {
    const directory = source === null ? this.#directory : onlyAppUser(this, source)?.directory;
    if (directory === undefined) return null;
    return this.#person.relations.related.get(relationKey(directory, attribute)) ?? null;
  }
}
