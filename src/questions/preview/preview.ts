/**
 * What the mappings give, for one person or for everybody. Changes nothing: it is the decision of
 * an import without its plan.
 */
import { configuredDirectory } from "../../engine/directories.ts";
import type { Engine } from "../../engine/engine.ts";
import { decideOne } from "../../engine/people/decide-one.ts";
import { loadKnown } from "../../engine/people/known.ts";
import { LinkedUsers } from "../../engine/people/linked-users.ts";
import {
  livePeople,
  livePerson,
  storedPeople,
  storedPerson,
  storedSighting,
  type SightingBatch,
} from "../../engine/people/sightings.ts";
import { inputsOf } from "../../mapping/inputs.ts";
import type { Mapping } from "../../mapping/mapping.ts";
import type { Scope } from "../../mapping/scope.ts";
import { Breath } from "../../lib/breath.ts";
import type { Problem } from "../../model/errors.ts";
import type { PlannedChange } from "../../model/plan.ts";
import type { ReportProgress } from "../../model/asked-by.ts";
import type { ProfileSchema } from "../../model/profile-schema.ts";
import type { Action } from "../../model/run.ts";
import type { User } from "../../model/user.ts";
import { judgedValue } from "../../reconciler/mapped-value.ts";
import type { DirectoryRules } from "../../reconciler/rules.ts";
import { scopeOf } from "../../reconciler/scope.ts";
import { resolveProfile, type Resolved } from "../../reconciler/source-priority.ts";
import { validateProfile } from "../../reconciler/validate.ts";
import { linksOf } from "../../reconciler/writes.ts";
import { countPresent } from "../../store/app-users.ts";
import { decideBatch } from "./decide-batch.ts";
import { PreviewClaims } from "./claims.ts";
import { Tally, type Counted } from "./tally.ts";

export interface AttributePreview {
  readonly attribute: string;
  readonly expression: string;
  readonly apply: "create" | "update";
  /** The attributes that the expression reads, with their values in the app profile. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What the mapping gives, as a value of the attribute. */
  readonly value: unknown;
  readonly problem: Problem | null;
  /** What the user profile has now, and from whom. */
  readonly present: unknown;
  readonly source: string | null;
  /** What it would have by source priority, and from whom. */
  readonly after: { readonly value: unknown; readonly source: string | null };
}

export interface PersonPreview {
  readonly directory: string;
  readonly externalId: string;
  readonly dn: string;
  readonly login: string | null;
  readonly live: boolean;
  /** The directory that the user's profile comes from. */
  readonly profileSource: string | null;
  readonly attributes: readonly AttributePreview[];
  /** What an import, or a force sync, would do: created, updated, unchanged, failed or ignored. */
  readonly action: Action;
  /** Everything that would make the update fail as a whole. */
  readonly problems: readonly Problem[];
}

export interface SummaryPreview {
  readonly directory: string;
  readonly live: boolean;
  readonly people: number;
  readonly created: number;
  readonly changed: number;
  readonly failed: number;
  /** People of the last import whom the directory does not show now; null unless it was asked. */
  readonly absent: number | null;
  /** How many people's value of each attribute would change, with examples. */
  readonly attributes: Counted<{ dn: string; from: unknown; to: unknown }>;
  readonly problems: Counted<{ dn: string; field: string; message: string }>;
}

export interface PreviewRequest {
  /** Ask the directory instead of taking what was imported. */
  readonly live: boolean;
  readonly attribute: string | null;
  readonly signal: AbortSignal;
  readonly progress: ReportProgress;
}

/** @param who an external id, a DN, or the login of the user. @throws RollcallError `user.notFound` */
export async function previewPerson(
  engine: Engine,
  name: string,
  who: string,
  { live, attribute: only, signal }: PreviewRequest,
): Promise<PersonPreview> {
  const directory = configuredDirectory(engine, name).rules;
  const sighting = live
    ? await livePerson(engine, name, who, signal)
    : storedSighting(await storedPerson(engine, name, who));
  const known = await loadKnown(engine, Date.now(), { directory, sightings: [sighting] });
  const person = known.of(sighting);
  const { user, others, relations, matchProblem } = person;
  const { action } = decideOne({ rules: engine.rules, directory }, sighting, person);
  const links = linksOf(others, name, sighting.profile);
  const creator = user === null ? name : null;
  const resolved = resolveProfile(engine.rules, { links, before: user, creator, relations });
  const scope = scopeOf(engine.rules, name, { links, user, relations });
  const { schema } = engine.rules;
  const mappings = [...directory.mappings.values()].filter(
    (mapping) => only === null || mapping.attribute === only,
  );
  return {
    directory: name,
    externalId: sighting.id,
    dn: sighting.dn,
    login: user?.login ?? null,
    live,
    profileSource: resolved.profileSource,
    attributes: mappings.map((mapping) => ({
      ...previewMapping(mapping, scope, schema),
      ...before(mapping, user, resolved),
    })),
    action,
    problems: problemsOf(action, matchProblem, resolved),
  };
}

/** Whoever cannot be linked fails with that; whoever is ignored fails with nothing. */
function problemsOf(
  action: Action,
  matchProblem: Problem | null,
  { problems }: Resolved,
): readonly Problem[] {
  if (matchProblem !== null) return [matchProblem];
  return action === "ignored" ? [] : problems;
}

/** What a mapping takes, and what it makes of it. */
function previewMapping(
  mapping: Mapping,
  scope: Scope,
  schema: ProfileSchema,
): Omit<AttributePreview, "present" | "source" | "after"> {
  const { attribute, expression, apply } = mapping;
  const inputs = inputsOf(expression, scope).map((one) => [one.name, one.value] as const);
  const { value, problem } = judgedValue(mapping, scope, schema);
  return {
    attribute,
    expression: expression.source,
    apply,
    inputs: Object.fromEntries(inputs),
    value,
    problem: problem ?? (value === null ? missing(attribute, schema) : null),
  };
}

/** What is wrong with having no value. */
function missing(name: string, schema: ProfileSchema): Problem | null {
  const attribute = schema.get(name);
  const [problem = null] = validateProfile(
    {},
    new Map(attribute === undefined ? [] : [[name, attribute]]),
  );
  return problem;
}

/** What the profile has, and what it would have by source priority. */
function before(
  { attribute }: Mapping,
  user: User | null,
  resolved: Resolved,
): Pick<AttributePreview, "present" | "source" | "after"> {
  const after = resolved.problems.length > 0 ? user : resolved;
  const valueIn = (whose: Pick<User, "profile" | "sources"> | null) => ({
    value: whose?.profile[attribute] ?? null,
    source: whose?.sources[attribute] ?? null,
  });
  const { value: present, source } = valueIn(user);
  return { present, source, after: valueIn(after) };
}

/** What a run would change, counted over everybody. */
export async function previewAll(
  engine: Engine,
  name: string,
  { live, attribute, signal, progress }: PreviewRequest,
): Promise<SummaryPreview> {
  const directory = configuredDirectory(engine, name).rules;
  const { own } = await countPresent(engine.store.db, name);
  const summary = new Summary(name, live, attribute);
  const linked = new LinkedUsers();
  const batches = live
    ? livePeople(engine, name, signal)
    : storedPeople(engine, name, null, signal);
  const claims = new PreviewClaims(engine.store.db, name, engine.rules.unique);
  const breath = new Breath(signal);
  let done = 0;
  for await (const batch of batches) {
    await previewBatch(engine, directory, batch, { linked, claims, summary, breath });
    done += batch.sightings.length + batch.unusable.length;
    progress({ directory: name, phase: "reading", done, total: own > 0 ? own : null });
  }
  return summary.result(own);
}

interface Previewing {
  readonly linked: LinkedUsers;
  readonly claims: PreviewClaims;
  readonly summary: Summary;
  readonly breath: Breath;
}

async function previewBatch(
  engine: Engine,
  directory: DirectoryRules,
  batch: SightingBatch,
  { linked, claims, summary, breath }: Previewing,
): Promise<void> {
  const known = await loadKnown(engine, Date.now(), { ...batch, directory, linked });
  const context = { rules: engine.rules, directory };
  const decided = await decideBatch(context, batch.sightings, known, breath);
  for (const [i, planned] of (await claims.judge(decided)).entries()) {
    const known = decided[i]?.known;
    const status = known?.appUser?.status ?? "removed";
    summary.add(planned, known?.user ?? null, status !== "removed");
  }
  for (const { dn, problem } of batch.unusable) summary.addUnusable(dn, problem);
}

class Summary {
  readonly #directory: string;
  readonly #live: boolean;
  readonly #only: string | null;
  readonly #attributes = new Tally<{ dn: string; from: unknown; to: unknown }>();
  readonly #problems = new Tally<{ dn: string; field: string; message: string }>();
  #people = 0;
  #created = 0;
  #changed = 0;
  #failed = 0;
  #known = 0;

  constructor(directory: string, live: boolean, only: string | null) {
    this.#directory = directory;
    this.#live = live;
    this.#only = only;
  }

  /** @param before the user as it is; access counts as an attribute */
  add(planned: PlannedChange, before: User | null, isKnown: boolean): void {
    const { dn, action, changes, error, user } = planned;
    this.#people++;
    if (isKnown) this.#known++;
    if (action === "created") this.#created++;
    const [from, to] = [before?.status ?? null, user?.status ?? null];
    const access =
      before !== null && to !== null && from !== to ? [{ attribute: "status", from, to }] : [];
    const shown = [...changes, ...access].filter(({ attribute }) => this.#shows(attribute));
    if (shown.length > 0) this.#changed++;
    for (const { attribute, from, to } of shown) this.#attributes.add(attribute, { dn, from, to });
    if (error !== null) this.#fail(dn, error);
  }

  /** Somebody who stood there before may be meant, so nobody is counted as absent for it. */
  addUnusable(dn: string, problem: Problem): void {
    this.#people++;
    this.#known++;
    this.#fail(dn, problem);
  }

  /** Whatever attribute it is about, the others are not updated either. */
  #fail(dn: string, { code, field, message }: Problem): void {
    this.#failed++;
    this.#problems.add(code, { dn, field, message });
  }

  #shows(attribute: string): boolean {
    return this.#only === null || attribute === this.#only;
  }

  result(before: number): SummaryPreview {
    return {
      directory: this.#directory,
      live: this.#live,
      people: this.#people,
      created: this.#created,
      changed: this.#changed,
      failed: this.#failed,
      absent: this.#live ? Math.max(0, before - this.#known) : null,
      attributes: this.#attributes.result(),
      problems: this.#problems.result(),
    };
  }
}
