/** What To-App expressions can know of a person. */
import {
  NO_FACTS,
  onlyAppUser,
  type AppUserFact,
  type Facts,
  type Related,
  type Scope,
} from "../mapping/scope.ts";
import type { GroupValue, RecordValue, Value } from "../mapping/values.ts";
import type { AppProfile } from "../model/entry.ts";
import type { User } from "../model/user.ts";
import type { Rules } from "./rules.ts";
import { appUserFact, relationKey, userRecord, type Relations } from "./scope.ts";

/** A user, as pushes decide on them. */
export interface PushedPerson {
  readonly user: User;
  /** App profiles of the links that count, by directory. */
  readonly links: ReadonlyMap<string, AppProfile>;
  readonly relations: Relations;
}

export function appScopeOf(rules: Rules, person: PushedPerson): Scope {
  return { app: {}, facts: new AccountFacts(rules, person) };
}

/** Put together when it is asked for, as most mappings ask for the user profile alone. */
class AccountFacts implements Facts {
  readonly #rules: Rules;
  readonly #person: PushedPerson;
  #appUsers: readonly AppUserFact[] | null = null;
  #variables: ReadonlyMap<string, Value> | null = null;

  constructor(rules: Rules, person: PushedPerson) {
    this.#rules = rules;
    this.#person = person;
  }

  get now(): number {
    return this.#person.relations.now;
  }

  get organisation(): RecordValue {
    return this.#rules.organisation;
  }

  get user(): Facts["user"] {
    const { id, status } = this.#person.user;
    return { id, status: status.toUpperCase() };
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

  get variables(): ReadonlyMap<string, Value> {
    this.#variables ??= new Map([
      ...NO_FACTS.variables,
      ["user", userRecord(this.#person.user)] as const,
    ]);
    return this.#variables;
  }

  /** Without a directory, whichever app profile of the person names somebody. */
  related(attribute: string, source: string | null): Related | null {
    const { related } = this.#person.relations;
    const names =
      source === null
        ? [...this.#person.links.keys()]
        : [onlyAppUser(this, source)?.directory ?? ""];
    for (const directory of names) {
      const found = related.get(relationKey(directory, attribute));
      if (found !== undefined) return found;
    }
    return null;
  }
}
