/**
 * The answer to "why is this value not what I expect?". It follows the value from the directory to
 * the user profile and ends with the stage that is responsible, one sentence, and what helps. Pure:
 * everything that is known about the user goes in.
 */
import type {
  AttributeExplanation,
  CandidateView,
  Cause,
  CauseCode,
  Explanation,
} from "../../model/explanation.ts";
import { candidatesFor, everyCandidate, type Candidate } from "./candidates.ts";
import { standingIsOld } from "./causes/directory.ts";
import { nothingIsWrong } from "./causes/value.ts";
import type { UserFacts } from "./facts.ts";
import { noAccess, notLinked } from "./no-source.ts";
import { notLinkedCause } from "./not-linked.ts";
import { stagesOf } from "./stages.ts";
import { verdictOf } from "./verdict.ts";

type OfUser = Pick<Explanation, "who" | "login" | "userId" | "status">;

function ofUser(who: string, { user }: UserFacts): OfUser {
  return { who, login: user.login, userId: user.id, status: user.status };
}

/** @param who as it was asked */
export function explainAttribute(who: string, facts: UserFacts, attribute: string): Explanation {
  const { user } = facts;
  const candidates = candidatesFor(facts, attribute);
  return {
    ...ofUser(who, facts),
    attribute,
    value: user.profile[attribute] ?? null,
    source: user.sources[attribute] ?? null,
    stages: stagesOf(facts, attribute, candidates),
    candidates: everyCandidate(candidates).map(viewOf),
    attributes: [],
    cause: verdictOf(facts, attribute, candidates),
  };
}

function viewOf({ appUser: _appUser, ...view }: Candidate): CandidateView {
  return view;
}

/** @param who as it was asked */
export function explainProfile(who: string, facts: UserFacts): Explanation {
  const attributes = attributesOf(facts);
  return {
    ...ofUser(who, facts),
    attribute: null,
    value: null,
    source: null,
    stages: [],
    candidates: [],
    attributes,
    cause: worstOf(facts, attributes),
  };
}

/** Each attribute that has a value, or a mapping. */
function attributesOf(facts: UserFacts): AttributeExplanation[] {
  const { rules, user, links } = facts;
  const absent = [...facts.notLinked.values()].filter(
    (one) => notLinkedCause(rules, user, one) !== null,
  );
  const directories = [...links.keys(), ...absent.map((one) => one.directory)];
  return [...rules.schema.keys()].flatMap((attribute) => {
    const mapped = directories.some((name) => rules.directories.get(name)?.mappings.has(attribute));
    const value = user.profile[attribute];
    if (value === undefined && !mapped) return [];
    const cause = verdictOf(facts, attribute, candidatesFor(facts, attribute));
    const source = user.sources[attribute] ?? null;
    return [{ attribute, value: value ?? null, source, cause }];
  });
}

/** What is wrong with a person comes before what is only as it is. */
const WORST: readonly CauseCode[] = [
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
const AFTER: readonly CauseCode[] = [
  "noMatch",
  "waitsForImport",
  "leftScope",
  "setAside",
  "notRead",
  "notASource",
];

function firstOf(all: readonly AttributeExplanation[], order: readonly CauseCode[]): Cause | null {
  for (const code of order) {
    const found = all.filter((one) => one.cause.code === code);
    // Of several, the one that is wrong itself, or that has another value.
    const own = found.find((one) => one.cause.field === one.attribute);
    const changes = found.find((one) => one.cause.sameValue !== true);
    const cause = (own ?? changes ?? found[0])?.cause;
    if (cause !== undefined) return cause;
  }
  return null;
}

/** The one answer about the whole person. */
export function worstOf(facts: UserFacts, all: readonly AttributeExplanation[]): Cause {
  const { user, appUsers, live, links } = facts;
  const status = noAccess(facts);
  const first = firstOf(all, WORST);
  if (first !== null) return status?.code === "appProfileOld" ? status : first;
  const next = status ?? firstOf(all, AFTER);
  if (next !== null) return next;
  for (const { directory } of appUsers) {
    const answer = live.get(directory);
    if (answer?.kind === "found" && answer.standingDiffers)
      return standingIsOld(user.login, directory, answer.sighting.disabled);
  }
  return links.size === 0 ? notLinked(facts) : nothingIsWrong(user);
}
