/**
 * The answer to "why is this value not what I expect?". It follows the value from the directory to
 * the user profile and ends with the stage that is responsible, one sentence, and a command. With
 * the stored data alone, or asking the directories as well. Changes nothing.
 */
import type { Engine } from "../../engine/engine.ts";
import { userOrNull } from "../../engine/people/find-user.ts";
import { closest } from "../../lib/lines.ts";
import { RollcallError } from "../../model/errors.ts";
import type { Cause, Stage } from "../../model/explanation.ts";
import type { ValueSource } from "../../model/user.ts";
import { candidatesFor, type CandidateView } from "./candidates.ts";
import { gatherFacts, type UserFacts } from "./gather.ts";
import { noAccess, notLinked, standingOld } from "./no-source.ts";
import { stagesOf } from "./stages.ts";
import { explainUnknown, findByEntry } from "./unknown.ts";
import { verdictOf } from "./verdict.ts";

export interface AttributeExplanation {
  readonly attribute: string;
  readonly value: unknown;
  readonly source: ValueSource | null;
  readonly cause: Cause;
}

export interface Explanation {
  readonly who: string;
  readonly login: string | null;
  readonly userId: string | null;
  readonly status: string | null;
  /** Null where the whole profile is explained, or there is no user. */
  readonly attribute: string | null;
  readonly value: unknown;
  readonly source: ValueSource | null;
  readonly stages: readonly Stage[];
  /** Of one attribute: everybody who could give it. */
  readonly candidates: readonly Omit<CandidateView, "appUser">[];
  /** Of the whole profile: each attribute that has a value, or a mapping. */
  readonly attributes: readonly AttributeExplanation[];
  readonly cause: Cause;
}

export interface ExplainRequest {
  readonly attribute: string | null;
  /** Ask the directories now. */
  readonly live: boolean;
  readonly signal: AbortSignal;
}

/**
 * @param who a login, a user's id, an external id or a DN
 * @throws RollcallError `usage.invalid` for an attribute that the user profile does not have
 */
export async function explain(
  engine: Engine,
  who: string,
  { attribute, live, signal }: ExplainRequest,
): Promise<Explanation> {
  if (who.trim() === "")
    throw new RollcallError(
      "usage.invalid",
      "Name the person: a login, a user's id, an external id or a DN.",
    );
  if (attribute !== null) requireAttribute(engine, attribute);
  const direct = await userOrNull(engine.store.db, who);
  const { user, entry } =
    direct === null ? await findByEntry(engine, who) : { user: direct, entry: null };
  if (user === null) {
    const { stages, cause } = await explainUnknown(engine, who, entry, live, signal);
    const nobody = { login: null, userId: null, status: null, value: null, source: null };
    return { who, ...nobody, attribute, stages, candidates: [], attributes: [], cause };
  }
  const facts = await gatherFacts(engine, user, live, signal);
  const base = { who, login: user.login, userId: user.id, status: user.status };
  if (attribute === null) {
    const attributes = await explainAll(facts);
    const cause = await worst(facts, attributes);
    return {
      ...base,
      attribute,
      value: null,
      source: null,
      stages: [],
      candidates: [],
      attributes,
      cause,
    };
  }
  const candidates = candidatesFor(facts, attribute);
  const views = [...(candidates.order === "okta" ? [] : candidates.order), ...candidates.others];
  return {
    ...base,
    attribute,
    value: user.profile[attribute] ?? null,
    source: user.sources[attribute] ?? null,
    stages: await stagesOf(facts, attribute, candidates),
    candidates: views.map(({ appUser: _appUser, ...view }) => view),
    attributes: [],
    cause: await verdictOf(facts, attribute, candidates),
  };
}

function requireAttribute({ rules }: Engine, attribute: string): void {
  if (rules.schema.has(attribute)) return;
  const meant = closest(attribute, [...rules.schema.keys()]);
  const hint = meant === undefined ? "" : ` Do you mean ${meant}?`;
  throw new RollcallError(
    "usage.invalid",
    `${attribute} is not an attribute of the user profile.${hint}`,
  );
}

async function explainAll(facts: UserFacts): Promise<AttributeExplanation[]> {
  const { rules } = facts.engine;
  const all: AttributeExplanation[] = [];
  for (const attribute of rules.schema.keys()) {
    const mapped = [...facts.links.keys(), ...facts.notLinked.keys()].some((name) =>
      rules.directories.get(name)?.mappings.has(attribute),
    );
    const value = facts.user.profile[attribute];
    if (value === undefined && !mapped) continue;
    const cause = await verdictOf(facts, attribute, candidatesFor(facts, attribute));
    const source = facts.user.sources[attribute] ?? null;
    all.push({ attribute, value: value ?? null, source, cause });
  }
  return all;
}

/** What is wrong with a person comes before what is only as it is. */
const ORDER: readonly Cause["code"][] = [
  "directoryFails",
  "outOfScope",
  "expressionFails",
  "invalid",
  "appProfileOld",
  "importHeld",
  "importFailed",
  "notApplied",
  "ambiguous",
  "cannotBeCreated",
];
/** What comes only after a user who has no access. */
const AFTER: readonly Cause["code"][] = [
  "noMatch",
  "waitsForImport",
  "leftScope",
  "setAside",
  "notRead",
  "notASource",
];

function worstOf(
  all: readonly AttributeExplanation[],
  order: readonly Cause["code"][],
): Cause | null {
  for (const code of order) {
    const found = all.filter((one) => one.cause.code === code);
    // Of several, the one that is wrong itself, or that has another value.
    const own = found.find((one) => one.cause.sentence.includes(`, ${one.attribute}]`));
    const changes = found.find((one) => !one.cause.sentence.includes("the same value"));
    const cause = (own ?? changes ?? found[0])?.cause;
    if (cause !== undefined) return cause;
  }
  return null;
}

async function worst(facts: UserFacts, all: readonly AttributeExplanation[]): Promise<Cause> {
  const { user, appUsers, live, links } = facts;
  const status = await noAccess(facts);
  const first = worstOf(all, ORDER);
  if (first !== null) return status?.code === "appProfileOld" ? status : first;
  const next = status ?? worstOf(all, AFTER);
  if (next !== null) return next;
  for (const { directory } of appUsers) {
    const answer = live.get(directory);
    if (answer?.kind === "found" && answer.standingDiffers)
      return standingOld(user.login, directory, answer.sighting.disabled);
  }
  if (links.size === 0) return await notLinked(facts);
  const sentence = `Nothing is wrong with ${user.login}: every value is as its source gave it.`;
  return { code: "upToDate", stage: null, sentence, command: null };
}
