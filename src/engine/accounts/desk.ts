/**
 * Where accounts of an app are decided on: everything that is known of a batch of people is loaded
 * in a handful of queries, then each is decided by itself.
 */
import { NO_VALUES, newAccount } from "../../model/account.ts";
import type { Account } from "../../model/account.ts";
import type { AssignedValues } from "../../model/app.ts";
import { DISCONNECTED } from "../../model/user.ts";
import type { User } from "../../model/user.ts";
import type { AppRules } from "../../reconciler/app-rules.ts";
import type { PushedPerson } from "../../reconciler/app-scope.ts";
import { assignmentOf, type Assignment } from "../../reconciler/assignment.ts";
import {
  decideAccount,
  type AccountDecision,
  type AccountFacts,
} from "../../reconciler/decide-account.ts";
import { desiredAccount, placesOf, type Desired } from "../../reconciler/desired-account.ts";
import { Breath, mapBreathing } from "../../lib/breath.ts";
import type { Expression } from "../../mapping/mapping.ts";
import { accountsOf } from "../../store/accounts.ts";
import { appUsersOfUsers, type StoredAppUser } from "../../store/app-users.ts";
import { assignmentsByHand } from "../../store/assignments.ts";
import { directoriesOfUsers } from "../../store/links.ts";
import type { Engine } from "../engine.ts";
import { loadRelations, type RelationsOf } from "../people/relations.ts";
import { resolveUsers } from "./references.ts";
import { unreadableGroups } from "./groups.ts";
import { unsettledDirectories } from "./unsettled.ts";

/** One person and what shall become of the account. */
export interface Looked {
  /** Null: the user is gone. */
  readonly user: User | null;
  readonly userId: string;
  readonly login: string;
  readonly facts: AccountFacts;
  readonly decision: AccountDecision;
  /** As it is kept once this was looked at: who is assigned by what, decided on which version. */
  readonly account: Account;
  /** Whether there was a row of it. */
  readonly isKnown: boolean;
}

export class Desk {
  readonly #engine: Engine;
  readonly #app: AppRules;
  readonly #now: number;
  readonly #isManual: boolean;
  readonly #fingerprint: string;
  readonly #unreadable: ReadonlyMap<string, string>;
  readonly #unsettled: ReadonlySet<string>;

  private constructor(
    engine: Engine,
    app: AppRules,
    { now, isManual }: { readonly now: number; readonly isManual: boolean },
    facts: {
      readonly unreadable: ReadonlyMap<string, string>;
      readonly unsettled: ReadonlySet<string>;
    },
  ) {
    this.#engine = engine;
    this.#app = app;
    this.#now = now;
    this.#isManual = isManual;
    this.#fingerprint = engine.appFingerprintOf(app.settings.name);
    this.#unreadable = facts.unreadable;
    this.#unsettled = facts.unsettled;
  }

  /** @param asked when, in milliseconds since 1970, and whether a person asks */
  static async open(
    engine: Engine,
    app: AppRules,
    asked: { readonly now: number; readonly isManual: boolean },
  ): Promise<Desk> {
    const unreadable = await unreadableGroups(engine, app);
    const unsettled = await unsettledDirectories(engine);
    return new Desk(engine, app, asked, { unreadable, unsettled });
  }

  /** Whether somebody may be decided otherwise although neither the user nor the rules changed. */
  get looksAtEverybody(): boolean {
    const { groups, related } = this.#app.needs;
    return groups || related.length > 0 || readsDirectories(this.#app);
  }

  /** Whether a directory's last import is held or failed. */
  isUnsettled(directory: string): boolean {
    return this.#unsettled.has(directory);
  }

  /** @param breath because expressions may take long */
  async look(users: readonly User[], breath: Breath): Promise<Looked[]> {
    const { db } = this.#engine.store;
    const { name } = this.#app.settings;
    const ids = users.map((user) => user.id);
    const accounts = await accountsOf(db, name, ids);
    const byHand = await assignmentsByHand(db, name, ids);
    const { people, relations } = await this.#people(users);
    const sources =
      this.#unsettled.size === 0
        ? new Map<string, Set<string>>()
        : await directoriesOfUsers(db, ids);
    const persons = users.map((user) => this.#person(user, people.get(user.id) ?? [], relations));
    const assignments = await mapBreathing(persons, breath, (person) =>
      assignmentOf(this.#engine.rules, this.#app, person, {
        byHand: byHand.get(person.user.id) ?? null,
        unreadableGroups: this.#unreadable,
      }),
    );
    const told = ids.map((id) => accounts.get(id)?.values ?? NO_VALUES);
    const desired = await this.#desired(persons, { assignments, told }, breath);
    return persons.map(({ user }, i) => {
      const account = accounts.get(user.id) ?? null;
      const assignment = assignments[i] ?? null;
      const wanted = desired[i] ?? null;
      const facts: AccountFacts = {
        user,
        assignment,
        desired: wanted,
        account,
        places: wanted === null || "error" in wanted ? "" : placesOf(this.#app, wanted.update),
        doubted: this.#isDoubted(user, sources.get(user.id) ?? NOWHERE, account),
      };
      return this.#looked(user, facts);
    });
  }

  /** What would be, were an unassigned person assigned; whoever is assigned is looked at as always. */
  async lookAsIfAssigned(user: User): Promise<Looked> {
    const breath = new Breath(null);
    const [looked] = await this.look([user], breath);
    if (looked === undefined) throw new Error("nobody was looked at");
    const { facts } = looked;
    if (facts.assignment !== null || user.status !== "active") return looked;
    const { people, relations } = await this.#people([user]);
    const person = this.#person(user, people.get(user.id) ?? [], relations);
    const assignment = { by: { kind: "person", name: "" }, values: NO_VALUES } as const;
    const as = { assignments: [assignment], told: [NO_VALUES] };
    const [desired = null] = await this.#desired([person], as, breath);
    return { ...looked, facts: { ...facts, desired } };
  }

  /** Accounts whose user is gone. */
  lookAtOrphans(accounts: readonly Account[]): Looked[] {
    return accounts.map((account) => {
      const facts: AccountFacts = {
        user: null,
        assignment: null,
        desired: null,
        account,
        places: "",
        doubted: false,
      };
      const decision = this.decide(facts);
      const { userId, login } = account;
      return {
        user: null,
        userId,
        login,
        facts,
        decision,
        account: { ...account, assignedBy: null, userVersion: GONE },
        isKnown: true,
      };
    });
  }

  /** Decides again, with another account: after something was sent. */
  decide(facts: AccountFacts): AccountDecision {
    const { provisioning: toggles, onUnassign } = this.#app.settings;
    return decideAccount(facts, { toggles, onUnassign, now: this.#isManual ? null : this.#now });
  }

  #looked(user: User, facts: AccountFacts): Looked {
    const { account, assignment } = facts;
    const isUnknown = assignment !== null && "unknown" in assignment;
    const before = account ?? newAccount(this.#app.settings.name, user.id, user.login);
    const kept: Account = {
      ...before,
      login: user.login,
      // What cannot be told stays as it was told last.
      assignedBy: isUnknown ? before.assignedBy : (assignment?.by ?? null),
      values: isUnknown
        ? before.values
        : { ...leftOf(before, this.#app), ...(assignment?.values ?? NO_VALUES) },
      userVersion: user.version,
      fingerprint: this.#fingerprint,
    };
    const { id: userId, login } = user;
    const decision = this.decide(facts);
    return { user, userId, login, facts, decision, account: kept, isKnown: account !== null };
  }

  async #people(users: readonly User[]): Promise<{
    readonly people: ReadonlyMap<string, readonly StoredAppUser[]>;
    readonly relations: RelationsOf | null;
  }> {
    const { store, rules, directories } = this.#engine;
    const { needs } = this.#app;
    const hasNeeds = needs.groups || needs.related.length > 0;
    // Of mappings that read the user profile alone, nothing else is loaded.
    if (!hasNeeds && !readsProfiles(this.#app)) return { people: new Map(), relations: null };
    const all = await appUsersOfUsers(
      store.db,
      users.map((user) => user.id),
    );
    const people = Map.groupBy(all, (one) => one.userId ?? "");
    if (!hasNeeds) return { people, relations: null };
    const links = all.filter((one) => counts(one, directories));
    const engine = { store, rules: { directories: rules.directories, needs } };
    return { people, relations: await loadRelations(engine, this.#now, links) };
  }

  #person(
    user: User,
    appUsers: readonly StoredAppUser[],
    relations: RelationsOf | null,
  ): PushedPerson {
    const own = appUsers.filter((one) => counts(one, this.#engine.directories));
    return {
      user,
      links: new Map(own.map((one) => [one.directory, one.profile])),
      relations: relations?.(own) ?? {
        now: this.#now,
        groups: [],
        related: new Map(),
        incomplete: false,
      },
    };
  }

  /** Twice where attributes name others: who they are is looked up in between, for all at once. */
  async #desired(
    persons: readonly PushedPerson[],
    as: {
      readonly assignments: readonly Assignment[];
      readonly told: readonly AssignedValues[];
    },
    breath: Breath,
  ): Promise<(Desired | null)[]> {
    const names = new Set<string>();
    const evaluate = (resolve: (name: string) => string | null): Promise<(Desired | null)[]> =>
      mapBreathing(persons, breath, (person, i) => {
        const assignment = as.assignments[i] ?? null;
        if (assignment === null || "unknown" in assignment || person.user.status !== "active")
          return null;
        const given = { values: assignment.values, told: as.told[i] ?? NO_VALUES, resolve };
        return desiredAccount(this.#engine.rules, this.#app, person, given);
      });
    const first = await evaluate((name) => {
      names.add(name);
      return null;
    });
    if (names.size === 0) return first;
    const found = await resolveUsers(this.#engine, this.#app.settings.name, [...names]);
    return await evaluate((name) => found.get(name) ?? null);
  }

  /** Whether a source of the person is in a state that could explain the loss of access. */
  #isDoubted(user: User, sources: ReadonlySet<string>, account: Account | null): boolean {
    if (this.#unsettled.size === 0) return false;
    if (user.status !== "active") return this.#unsettled.has(user.statusBy ?? "");
    if (account?.assignedBy?.kind === "person") return false;
    return [...sources].some((directory) => this.#unsettled.has(directory));
  }
}

const NOWHERE: ReadonlySet<string> = new Set();

/** What an assignment gave that the app still has, and that no mapping gives: it is to be taken away. */
function leftOf({ values, acknowledged }: Account, { mappings }: AppRules): AssignedValues {
  const left = Object.entries(values).filter(
    ([attribute]) => !mappings.has(attribute) && Object.hasOwn(acknowledged ?? {}, attribute),
  );
  return Object.fromEntries(left);
}

/** Of an account whose user is gone, instead of a version. */
const GONE = -1;

function counts(appUser: StoredAppUser, directories: Engine["directories"]): boolean {
  return (
    appUser.status !== "removed" &&
    appUser.error?.code !== DISCONNECTED &&
    directories.has(appUser.directory)
  );
}

/** Whether an expression reads app profiles, which change without a change of the user. */
function readsDirectories(app: AppRules): boolean {
  const asks = /(?:find|has)(?:Directory|Workday)User/;
  return expressionsOf(app).some(({ reads, source }) => reads.length > 0 || asks.test(source));
}

function expressionsOf({ mappings, assign }: AppRules): Expression[] {
  const conditions = assign.flatMap((rule) => (rule.kind === "condition" ? [rule.expression] : []));
  return [...[...mappings.values()].map((one) => one.expression), ...conditions];
}

/** Whether an expression of the app may read more than attributes of the user profile. */
function readsProfiles(app: AppRules): boolean {
  const isPlain = ({ tree, reads }: Expression): boolean =>
    reads.length === 0 && (tree.kind === "reference" || tree.kind === "literal");
  return !expressionsOf(app).every(isPlain);
}
