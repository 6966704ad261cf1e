/**
 * What the mappings give, from the stored app profiles. Changes nothing. The answer for one person
 * shows every stage of a value; the answer for all counts what a force sync would change.
 */
import { IdSet } from "../lib/id-set.ts";
import { evaluateMapping, type Mapping } from "../mapping/mapping.ts";
import type { AppProfile } from "../model/entry.ts";
import { RollcallError, type Problem } from "../model/errors.ts";
import type { UserProfile } from "../model/user.ts";
import { decideSighting } from "../reconciler/decide.ts";
import type { DirectoryRules } from "../reconciler/rules.ts";
import { toAttributeType, validateProfile } from "../reconciler/validate.ts";
import { findAppUser, presentAfter, type StoredAppUser } from "../store/app-users.ts";
import { usersByIds } from "../store/users.ts";
import type { Engine } from "./context.ts";
import { loadKnown } from "./known.ts";

export interface AttributePreview {
  readonly attribute: string;
  readonly expression: string;
  /** The attributes that the expression reads, with their values in the app profile. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly problem: Problem | null;
  /** What the user profile has now, and from whom. */
  readonly present: unknown;
  readonly source: string | null;
}

export interface PersonPreview {
  readonly directory: string;
  readonly externalId: string;
  readonly dn: string;
  readonly login: string | null;
  readonly attributes: readonly AttributePreview[];
}

export interface SummaryPreview {
  readonly directory: string;
  readonly people: number;
  readonly changed: number;
  readonly failed: number;
  /** How many people's value of each attribute would change, with examples. */
  readonly attributes: Readonly<
    Record<string, { people: number; examples: { dn: string; from: unknown; to: unknown }[] }>
  >;
  readonly problems: Readonly<
    Record<string, { people: number; examples: { dn: string; field: string; message: string }[] }>
  >;
}

const PAGE = 1000;
const EXAMPLES = 3;

function rulesOf(engine: Engine, directory: string): DirectoryRules {
  const rules = engine.rules.directories.get(directory);
  if (rules === undefined) {
    throw new RollcallError(
      "config.unknownDirectory",
      `There is no directory ${directory} in the configuration.`,
    );
  }
  return rules;
}

/** @param who an external id, a DN, or the login of the user. @throws RollcallError `user.notFound` */
export async function previewPerson(
  engine: Engine,
  directory: string,
  who: string,
  mappings: Iterable<Mapping> = rulesOf(engine, directory).mappings.values(),
): Promise<PersonPreview> {
  rulesOf(engine, directory);
  const { db } = engine.store;
  const appUser = await findAppUser(db, directory, who);
  if (appUser === null) {
    throw new RollcallError(
      "user.notFound",
      `${directory} has nobody with the login, external id or DN ${who}. Only people who were imported can be shown.`,
    );
  }
  const [user] = appUser.userId === null ? [] : await usersByIds(db, [appUser.userId]);
  const attributes = [...mappings].map((mapping) =>
    previewMapping(engine, mapping, appUser.profile, user?.profile ?? {}, user?.sources ?? {}),
  );
  const { externalId, dn } = appUser;
  return { directory, externalId, dn, login: user?.login ?? null, attributes };
}

function previewMapping(
  engine: Engine,
  mapping: Mapping,
  profile: AppProfile,
  present: UserProfile,
  sources: Readonly<Record<string, string>>,
): AttributePreview {
  const { attribute, expression } = mapping;
  const inputs = Object.fromEntries(expression.reads.map((name) => [name, inputOf(profile, name)]));
  const facts = {
    attribute,
    expression: expression.source,
    inputs,
    present: present[attribute] ?? null,
    source: sources[attribute] ?? null,
  };
  const value = evaluateMapping(mapping, profile);
  if (typeof value === "object" && value !== null && "problem" in value) {
    return { ...facts, value: null, problem: value.problem };
  }
  const schema = engine.rules.schema.get(attribute);
  if (schema === undefined) return { ...facts, value, problem: null };
  const typed = value === null ? null : toAttributeType(attribute, value, schema);
  if (typeof typed === "object" && typed !== null && "problem" in typed)
    return { ...facts, value, problem: typed.problem };
  const [problem] = validateProfile(
    typed === null ? {} : { [attribute]: typed },
    new Map([[attribute, schema]]),
  );
  return { ...facts, value: typed, problem: problem ?? null };
}

function inputOf(profile: AppProfile, name: string): unknown {
  const key = Object.keys(profile).find(
    (candidate) => candidate.toLowerCase() === name.toLowerCase(),
  );
  return key === undefined ? null : profile[key];
}

/** What a force sync of the directory would change, without planning or writing it. */
export async function previewAll(
  engine: Engine,
  directory: string,
  only: string | null,
  signal: AbortSignal,
): Promise<SummaryPreview> {
  rulesOf(engine, directory);
  const summary = new Summary(directory, only);
  const linked = new IdSet(1);
  for (let after = ""; ;) {
    signal.throwIfAborted();
    const page = await presentAfter(engine.store.db, directory, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return summary.result();
    await previewPage(engine, directory, page, linked, summary);
    after = last.externalId;
  }
}

async function previewPage(
  engine: Engine,
  name: string,
  page: readonly StoredAppUser[],
  linked: IdSet,
  summary: Summary,
): Promise<void> {
  const directory = rulesOf(engine, name);
  const sightings = page.map(({ externalId: id, dn, hash, profile, status }) => ({
    id,
    dn,
    hash,
    profile,
    disabled: status === "disabled",
  }));
  const known = await loadKnown(engine, directory, sightings, page, linked);
  for (const sighting of sightings) {
    const person = known.of(sighting);
    summary.add(
      decideSighting(
        { rules: engine.rules, directory },
        sighting,
        person,
        "00000000-0000-7000-8000-000000000000",
      ),
    );
  }
}

class Summary {
  readonly #directory: string;
  readonly #only: string | null;
  readonly #attributes: Record<string, SummaryPreview["attributes"][string]> = {};
  readonly #problems: Record<string, SummaryPreview["problems"][string]> = {};
  #people = 0;
  #changed = 0;
  #failed = 0;

  constructor(directory: string, only: string | null) {
    this.#directory = directory;
    this.#only = only;
  }

  add({ dn, changes, error }: ReturnType<typeof decideSighting>): void {
    this.#people++;
    const shown = changes.filter(
      (change) => this.#only === null || change.attribute === this.#only,
    );
    if (shown.length > 0) this.#changed++;
    for (const { attribute, from, to } of shown) {
      const entry = (this.#attributes[attribute] ??= { people: 0, examples: [] });
      entry.people++;
      if (entry.examples.length < EXAMPLES) entry.examples.push({ dn, from, to });
    }
    if (error === null || (this.#only !== null && error.field !== this.#only)) return;
    this.#failed++;
    const entry = (this.#problems[error.code] ??= { people: 0, examples: [] });
    entry.people++;
    if (entry.examples.length < EXAMPLES)
      entry.examples.push({ dn, field: error.field, message: error.message });
  }

  result(): SummaryPreview {
    return {
      directory: this.#directory,
      people: this.#people,
      changed: this.#changed,
      failed: this.#failed,
      attributes: this.#attributes,
      problems: this.#problems,
    };
  }
}
