/**
 * The answer to "why is this value not what I expect?". It follows the value from the directory to
 * the user profile and ends with the stage that is responsible, one sentence, and a command. With
 * the stored data alone, or asking the directories as well. Changes nothing.
 */
import { closest } from "../../lib/lines.ts";
import { RollcallError } from "../../model/errors.ts";
import type { User, ValueSource } from "../../model/user.ts";
import type { Engine } from "../context.ts";
import { userOrNull } from "../user-view.ts";
import { candidatesFor, type CandidateView } from "./candidates.ts";
import { shellWord } from "../../lib/shell.ts";
import type { Cause, Stage } from "../../model/explanation.ts";
import { gatherFacts, type UserFacts } from "./facts.ts";
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
  if (attribute !== null) requireAttribute(engine, attribute);
  const direct = await userOrNull(engine.store.db, who);
  const { user, entry } = direct === null ? await findByEntry(engine, who) : { user: direct, entry: null }; // prettier-ignore
  if (user === null) {
    const { stages, cause } = await explainUnknown(engine, who, entry, live, signal);
    const nobody = { login: null, userId: null, status: null, value: null, source: null };
    return { who, ...nobody, attribute, stages, candidates: [], attributes: [], cause };
  }
  const facts = await gatherFacts(engine, user, live, signal);
  const base = { who, login: user.login, userId: user.id, status: user.status };
  if (attribute === null) {
    const attributes = await explainAll(facts);
    const cause = worst(facts, attributes);
    return { ...base, attribute, value: null, source: null, stages: [], candidates: [], attributes, cause }; // prettier-ignore
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
  throw new RollcallError("usage.invalid", `${attribute} is not an attribute of the user profile.${hint}`); // prettier-ignore
}

async function explainAll(facts: UserFacts): Promise<AttributeExplanation[]> {
  const { rules } = facts.engine;
  const all: AttributeExplanation[] = [];
  for (const attribute of rules.schema.keys()) {
    const mapped = [...facts.links.keys()].some((name) =>
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
  "directoryFails", "outOfScope", "expressionFails", "invalid", "appProfileOld", "importHeld", "importFailed",
  "notApplied", "leftScope", "notRead", "notASource",
]; // prettier-ignore

function worst({ user, appUsers }: UserFacts, all: readonly AttributeExplanation[]): Cause {
  for (const code of ORDER) {
    const found = all.find((one) => one.cause.code === code);
    if (found !== undefined) return found.cause;
  }
  if (user.status !== "active") return inactive(user, appUsers);
  if (appUsers.length === 0) {
    const sentence = `${user.login} is not linked to any directory; its values are edited here.`;
    return { code: "notLinked", stage: "link", sentence, command: "rollcall imports unmatched" };
  }
  const sentence = `Nothing is wrong with ${user.login}: every value is as its source gave it.`;
  return { code: "upToDate", stage: null, sentence, command: `rollcall explain ${shellWord(user.login)} ATTRIBUTE` }; // prettier-ignore
}

function inactive({ login, status, statusBy }: User, appUsers: UserFacts["appUsers"]): Cause {
  const by = statusBy ?? "an unknown cause";
  if (statusBy === null || statusBy === "okta") {
    const sentence = `${login} is ${status}; a person decided that, so no import gives access back.`;
    const step = status === "suspended" ? "unsuspend" : status === "staged" ? "activate" : "reactivate"; // prettier-ignore
    return { code: "editedHere", stage: "written", sentence, command: `rollcall users ${step} ${shellWord(login)}` }; // prettier-ignore
  }
  const appUser = appUsers.find((one) => one.directory === statusBy);
  const why = appUser?.status === "disabled" ? "shows the account as disabled" : "does not show the entry any more"; // prettier-ignore
  const sentence = `${login} is ${status}, because ${by} ${why} (onRemoval). An import gives access back when the person returns there, as \`reactivate\` says.`;
  return { code: "leftScope", stage: "scope", sentence, command: `rollcall explain ${shellWord(login)} --live` }; // prettier-ignore
}
