/**
 * Which stage is responsible. What the configuration decides comes first, because no import changes
 * it; then what is out of date or fails; then what is empty at its origin.
 */
import type { DirectoryState } from "../../engine/directory-state.ts";
import { sameJson } from "../../lib/same.ts";
import { sentences } from "../../lib/sentences.ts";
import { shellWord } from "../../lib/shell.ts";
import { cureOf, type Problem } from "../../model/errors.ts";
import type { Cause } from "../../model/explanation.ts";
import { ownersOf } from "../../reconciler/decide-edit.ts";
import { lastChangeOf } from "../../store/history.ts";
import { ABSENCE_TEXTS } from "./absence.ts";
import { candidatesFor, type CandidateView, type Candidates } from "./candidates.ts";
import type { LinkedAppUser, UserFacts } from "./gather.ts";
import { editedByHand, nobodyGives } from "./no-source.ts";
import type { NotLinked } from "./not-linked.ts";
import { emptyAt, notRead } from "./origin.ts";

export async function verdictOf(
  facts: UserFacts,
  attribute: string,
  candidates: Candidates,
): Promise<Cause> {
  const { deciding } = candidates;
  const before = notLinkedBefore(facts, candidates);
  const absent = before === null || before.unknown ? null : before.cause;
  const nobody = deciding === null ? await nobodyGives(facts, attribute, candidates) : null;
  if (nobody !== null) return OF_ITS_OWN.has(nobody.code) ? nobody : (absent ?? nobody);
  const appUser = deciding?.appUser ?? null;
  if (deciding === null || appUser === null)
    return absent ?? (await upToDate(facts, attribute, candidates));
  const configured: readonly (() => Cause | null | Promise<Cause | null>)[] = [
    () => unmapped(facts, attribute, deciding, candidates),
    () => onCreateOnly(facts, attribute, deciding),
    () => notRead(facts, attribute, deciding),
  ];
  const current: typeof configured = [
    () => asked(facts, candidates),
    () => invalid(facts, attribute),
    () => interrupted(facts, appUser),
    () => notApplied(facts, attribute),
  ];
  const stages: typeof configured = [
    // What is linked and wrong comes before what could be linked.
    ...(absent === null ? [...configured, ...current] : [...current, () => absent]),
    () => stale(facts, appUser),
    () => before?.cause ?? null,
    () => emptyAt(facts, attribute, deciding, candidates),
    () => otherSource(facts, attribute, deciding, candidates),
  ];
  for (const stage of stages) {
    const cause = await stage();
    if (cause !== null) return cause;
  }
  return await upToDate(facts, attribute, candidates);
}

/** Answers that stand, whoever else could be linked. */
const OF_ITS_OWN: ReadonlySet<Cause["code"]> = new Set([
  "editedHere",
  "leftScope",
  "waitsForImport",
  "directoryFails",
]);

/** Of the directories that could give the value before the one that counts, one that is not linked. */
function notLinkedBefore(
  { notLinked }: UserFacts,
  { order, deciding, fallback }: Candidates,
): NotLinked | null {
  if (order === "okta") return null;
  const empty = fallback && deciding?.value == null;
  const end = deciding === null || empty ? order.length : order.indexOf(deciding);
  // One that maps nothing, or fills in new users only, would give no other value.
  const able = order.slice(0, end).filter((one) => !one.linked && one.apply === "update");
  const found = able.flatMap((one) => notLinked.get(one.directory) ?? []);
  return found.find((one) => !one.unknown) ?? found[0] ?? null;
}

async function unmapped(
  facts: UserFacts,
  attribute: string,
  { directory, expression }: CandidateView,
  { order, fallback }: Candidates,
): Promise<Cause | null> {
  if (expression !== null) return null;
  if (facts.user.sources[attribute] === "okta")
    return await editedByHand(facts, attribute, `${directory} has no mapping of it`);
  const pending = problemsNow(facts).length > 0 ? null : notApplied(facts, attribute);
  if (pending !== null) {
    const taken =
      facts.resolved.profile[attribute] === undefined
        ? `the next import of the person, or a force sync, takes ${JSON.stringify(facts.user.profile[attribute])} away`
        : pending.sentence;
    const sentence = sentences(
      `${directory} counts for ${attribute}, and has no mapping of it. That was not applied yet: ${taken}`,
    );
    return { ...pending, sentence };
  }
  const other =
    order === "okta" ? undefined : order.find((one) => one.linked && one.value !== null);
  const next =
    other === undefined
      ? null
      : `${other.directory} has ${JSON.stringify(other.value)}, which is not taken, because ${directory} is the source and profile.fallback is off`;
  const who = fallback
    ? "No linked source has"
    : `${directory} counts for ${attribute}, and has no mapping of it, so nothing updates it`;
  const first = fallback ? `${who} a mapping of ${attribute}, so nothing updates it` : who;
  const cure = `Add directories.${directory}.toOkta.${attribute}${other === undefined ? "" : ", or set `fallback: true`"}`;
  const sentence = sentences(first, next, cure);
  return {
    code: "unmapped",
    stage: "mapping",
    sentence,
    command: `rollcall preview ${directory} --user ${shellWord(facts.user.login)}`,
  };
}

/** What the directories answered just now: the one that gives the value, and those before it. */
function asked(facts: UserFacts, { asked: all, deciding }: Candidates): Cause | null {
  const upTo = all.findIndex((one) => one.directory === deciding?.directory);
  for (const candidate of all.slice(0, upTo + 1)) {
    const cause = askedOne(facts, candidate);
    if (cause !== null) return cause;
  }
  return null;
}

function askedOne({ live, states, user }: UserFacts, candidate: CandidateView): Cause | null {
  const { directory } = candidate;
  const answer = live.get(directory);
  const state = states.get(directory);
  if (answer?.kind === "failed") {
    const sentence = sentences(
      `${directory} cannot be read now: ${answer.message}`,
      cureOf(answer.code),
    );
    return { code: "directoryFails", stage: "directory", sentence, command: "rollcall check" };
  }
  if (answer?.kind === "absent") {
    const sentence = sentences(
      `${user.login} is not in the scope of ${directory} any more (${ABSENCE_TEXTS[answer.where]}); an import ends the link, a full one in any case`,
      heldText(state),
    );
    const cure =
      state?.held == null
        ? `rollcall import ${directory} --full --dry-run`
        : `rollcall imports show ${state.held.id}`;
    return { code: "outOfScope", stage: "scope", sentence, command: cure };
  }
  const changed = changedInputs(live, candidate);
  const [first] = changed;
  if (first === undefined) return null;
  const names = changed.map((one) => one.attribute).join(", ");
  const of = states.get(first.directory);
  const failed =
    of?.last?.status === "failed"
      ? `The last import failed (${of.last.error?.code ?? "unknown"})`
      : null;
  const sentence = sentences(
    `The app profile of ${first.directory} is older than the directory: ${names} was changed there and not imported since, so a force sync will not help; an import will`,
    failed,
    heldText(of),
  );
  // An incremental import does not see what the server computes, such as memberOf.
  const cure =
    of?.held == null
      ? `rollcall import ${first.directory} --full`
      : `rollcall imports show ${of.held.id}`;
  return { code: "appProfileOld", stage: "appProfile", sentence, command: cure };
}

function heldText(state: DirectoryState | undefined): string | null {
  return state?.held == null ? null : `A run is held by the safeguard (${state.held.id})`;
}

/** What the mapping reads and a directory has other values of by now. */
function changedInputs(
  live: UserFacts["live"],
  { reads }: CandidateView,
): readonly CandidateView["reads"][number][] {
  return reads.filter(({ directory, attribute }) => {
    const answer = live.get(directory);
    if (answer?.kind !== "found") return false;
    return answer.differs.some((name) => name.toLowerCase() === attribute.toLowerCase());
  });
}

async function onCreateOnly(
  facts: UserFacts,
  attribute: string,
  { directory, apply, value }: CandidateView,
): Promise<Cause | null> {
  if (apply !== "create") return null;
  const { user, links, engine } = facts;
  const once = `the mapping of ${directory} applies on creation only`;
  if (user.sources[attribute] === "okta") {
    const change = await lastChangeOf(engine.store.db, user.id, attribute);
    if (change?.kind === "edit") return await editedByHand(facts, attribute, once);
  }
  const who = shellWord(user.login);
  const now = sameJson(value, user.profile[attribute] ?? null)
    ? ""
    : `; ${JSON.stringify(value)} would be the value now`;
  const owned = ownersOf(engine.rules, attribute, links).length > 0;
  const cure = owned
    ? "Set `apply: update` to take them over"
    : "Set `apply: update`, or set the value by hand";
  const command = owned
    ? `preview ${directory} --user ${who} --attribute ${attribute}`
    : `users set ${who} ${attribute}=VALUE`;
  const sentence = sentences(
    `The mapping of ${attribute} in ${directory} applies on creation only, so later changes are not taken over${now}`,
    cure,
  );
  return { code: "onCreateOnly", stage: "mapping", sentence, command: `rollcall ${command}` };
}

/** Faults that follow from what was stored, and not from the values that are mapped. */
const STORED: ReadonlySet<string> = new Set(["notUniqueWithinOrgAppId", "match.ambiguous"]);

/** What makes an update fail now: one fault fails it whole. */
export function problemsNow({ resolved, conflicts, appUsers }: UserFacts): readonly Problem[] {
  const stored = appUsers.flatMap(({ error, status }) =>
    error !== null &&
    status !== "removed" &&
    (STORED.has(error.code) || error.code.startsWith("entry."))
      ? [error]
      : [],
  );
  return [...resolved.problems, ...conflicts, ...stored];
}

function invalid(facts: UserFacts, attribute: string): Cause | null {
  const problems = problemsNow(facts);
  const problem = problems.find((one) => one.field === attribute) ?? problems[0];
  if (problem === undefined) return null;
  const { code, field, message } = problem;
  const more = problems.length - 1;
  const rest =
    more > 0 ? `${more} more of this person's values ${more > 1 ? "are" : "is"} wrong, too` : null;
  const whole =
    field === attribute
      ? null
      : `That fails the whole update, so ${attribute} is not updated either`;
  const { deciding } = candidatesFor(facts, field);
  const [changed] = deciding === null ? [] : changedInputs(facts.live, deciding);
  const told = `${message.replace(/\.$/, "")} [${code}, ${field}]`;
  if (changed !== undefined) {
    const now = `${changed.directory} has another value of ${changed.attribute} by now, which was not imported yet`;
    const sentence = sentences(told, whole, now);
    return {
      code: "appProfileOld",
      stage: "appProfile",
      sentence,
      command: `rollcall import ${changed.directory} --full`,
    };
  }
  const cause = code.startsWith("platform.cvd.profile.expression") ? "expressionFails" : "invalid";
  const sentence = sentences(told, rest, whole, cureOf(code));
  const stage = cause === "expressionFails" ? "mapping" : "validation";
  const directory = deciding?.directory ?? facts.resolved.profileSource;
  const command =
    directory === null
      ? null
      : `rollcall preview ${directory} --user ${shellWord(facts.user.login)}`;
  return { code: cause, stage, sentence, command };
}

function interrupted({ states }: UserFacts, { directory }: LinkedAppUser): Cause | null {
  const run = states.get(directory)?.interrupted ?? null;
  if (run === null) return null;
  const sentence = `A run of ${directory} of ${run.startedAt} was interrupted while it was applying, so some people do not have its changes yet.`;
  return {
    code: "notApplied",
    stage: "written",
    sentence,
    command: `rollcall imports resume ${run.id}`,
  };
}

function notApplied({ resolved, user, states, links }: UserFacts, attribute: string): Cause | null {
  const [now, then] = [user.profile[attribute] ?? null, resolved.profile[attribute] ?? null];
  const source = resolved.sources[attribute];
  if (sameJson(now, then) && user.sources[attribute] === source) return null;
  const what = sameJson(now, then)
    ? `the same value of ${attribute}, but from ${source ?? "nobody"}`
    : `${JSON.stringify(then)} for ${attribute}`;
  const own = [...states].flatMap(([name, one]) => (links.has(name) ? [one] : []));
  const held = own.find((one) => one.held !== null && one.held.kind !== "import")?.held;
  const told = `The app profile and the mappings give ${what}; that was not applied yet`;
  if (held != null) {
    const sentence = sentences(
      told,
      `A run that may do it is held by the safeguard since ${held.startedAt}`,
    );
    return {
      code: "importHeld",
      stage: "written",
      sentence,
      command: `rollcall imports show ${held.id}`,
    };
  }
  const sentence = sentences(
    `${told}: the configuration, a group or another person changed since`,
    "A force sync applies it",
  );
  return {
    code: "notApplied",
    stage: "written",
    sentence,
    command: `rollcall force-sync --user ${shellWord(user.login)}`,
  };
}

/** Everything fits what is stored; but the directory may say something else by now. */
function stale({ states, live }: UserFacts, { directory }: LinkedAppUser): Cause | null {
  if (live.has(directory)) return null; // it was asked, and said the same
  const { last = null, held = null } = states.get(directory) ?? {};
  if (held?.kind === "import") {
    const sentence = sentences(
      `The import of ${held.startedAt} is held by the safeguard, so nothing that it read is applied`,
      held.held?.reason ?? null,
      "A force sync will not help",
    );
    return {
      code: "importHeld",
      stage: "directory",
      sentence,
      command: `rollcall imports show ${held.id}`,
    };
  }
  if (last?.status !== "failed" || last.error === null) return null;
  const { code, message } = last.error;
  const sentence = sentences(
    `The last import of ${directory} failed, so changes in the directory since then are not here, and a force sync will not help: ${message}`,
    cureOf(code),
  );
  return { code: "importFailed", stage: "directory", sentence, command: "rollcall check" };
}

function isBefore(order: Candidates["order"], one: CandidateView, other: CandidateView): boolean {
  return order !== "okta" && order.includes(one) && order.indexOf(one) < order.indexOf(other);
}

/** The value is right by the rules, and somebody may expect another one. */
function otherSource(
  { user }: UserFacts,
  attribute: string,
  deciding: CandidateView,
  { order, others, overridden }: Candidates,
): Cause | null {
  const value = user.profile[attribute] ?? null;
  const all = [...(order === "okta" ? [] : order), ...others];
  const rivals = all.filter(
    (one) =>
      one.linked &&
      one.directory !== deciding.directory &&
      one.value !== null &&
      !sameJson(one.value, value),
  );
  const once = rivals.find((one) => one.apply === "create" && isBefore(order, one, deciding));
  if (once !== undefined) {
    const sentence = `The mapping of ${attribute} in ${once.directory} applies on creation only, so ${deciding.directory} gives the value: ${JSON.stringify(value)}. ${once.directory} has ${JSON.stringify(once.value)}, which \`apply: update\` would take.`;
    return {
      code: "onCreateOnly",
      stage: "mapping",
      sentence,
      command: `rollcall preview ${once.directory} --user ${shellWord(user.login)} --attribute ${attribute}`,
    };
  }
  const [rival] = rivals.filter((one) => one.apply !== "create");
  if (rival === undefined) return null;
  const said = rivals.map((one) => `${one.directory} (${JSON.stringify(one.value)})`).join(" and ");
  const by = overridden ? `profile.overrides.${attribute}` : "profile.sources";
  const names = order === "okta" ? [] : order.map((one) => one.directory);
  const first = [rival.directory, ...names.filter((name) => name !== rival.directory)];
  const advice =
    rival.problem === null
      ? `To take ${rival.directory}'s value, set profile.overrides.${attribute}: [${first.join(", ")}].`
      : `${rival.directory}'s value is not valid: ${rival.problem.message}`;
  const sentence = `${deciding.directory} wins over ${said} by ${by}, so ${attribute} is ${JSON.stringify(value)}. ${advice}`;
  return {
    code: "otherSource",
    stage: "priority",
    sentence,
    command: `rollcall preview ${rival.directory} --user ${shellWord(user.login)} --attribute ${attribute}`,
  };
}

async function upToDate(
  facts: UserFacts,
  attribute: string,
  { deciding }: Candidates,
): Promise<Cause> {
  const { user, states, live } = facts;
  const value = JSON.stringify(user.profile[attribute] ?? null);
  const code = "upToDate";
  if (user.sources[attribute] === "okta") return await editedByHand(facts, attribute, null);
  if (deciding === null) {
    const sentence = `${attribute} is ${value}; no directory gives it.`;
    return {
      code,
      stage: null,
      sentence,
      command: `rollcall users set ${shellWord(user.login)} ${attribute}=VALUE`,
    };
  }
  const { directory } = deciding;
  const back = await putBack(facts, attribute);
  if (back !== null) return back;
  if (live.get(directory)?.kind === "found") {
    const sentence = `${attribute} is ${value}, as ${directory} gives it now.`;
    return { code, stage: null, sentence, command: null };
  }
  const read = states.get(directory)?.checkpoint?.readAt.toISOString() ?? "an unknown time";
  const sentence = `${attribute} is ${value}, as ${directory} gave it when it was last read (${read}). If the directory has another value by now, import it; a force sync will not help.`;
  return {
    code,
    stage: null,
    sentence,
    command: `rollcall explain ${shellWord(user.login)} ${attribute} --live`,
  };
}

/** A value that is as it was before a run that somebody put back, until the directory is heard again. */
async function putBack(
  { engine, user, states }: UserFacts,
  attribute: string,
): Promise<Cause | null> {
  const waits = (name: string): boolean =>
    (states.get(name)?.checkpoint?.fullReason ?? null) !== null;
  if (![...states.keys()].some(waits)) return null;
  const change = await lastChangeOf(engine.store.db, user.id, attribute);
  const directory = change?.directory ?? null;
  if (change?.kind !== "revert" || directory === null || !waits(directory)) return null;
  const value = JSON.stringify(user.profile[attribute] ?? null);
  const sentence = `${attribute} is ${value}, because ${change.by} put back what a run of ${directory} did (at ${change.at}, run ${change.run}). The next full import of ${directory} decides about it again.`;
  return {
    code: "waitsForImport",
    stage: "written",
    sentence,
    command: `rollcall import ${directory} --full`,
  };
}
