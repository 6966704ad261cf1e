/**
 * Which stage is responsible. What the configuration decides comes first, because no import changes
 * it; then what is out of date or fails; then what is empty at its origin.
 */
import { sameJson } from "../../lib/same.ts";
import { closest } from "../../lib/lines.ts";
import { cureOf, type Problem } from "../../model/errors.ts";
import { REASONS } from "../../model/run.ts";
import { attributesWithoutValue, someAttributes } from "../../store/mapped.ts";
import { lastRemovalOf } from "../../store/history.ts";
import { ABSENCE_TEXTS } from "./absence.ts";
import type { CandidateView, Candidates } from "./candidates.ts";
import { shellWord } from "../../lib/shell.ts";
import type { Cause } from "../../model/explanation.ts";
import type { LinkedAppUser, UserFacts } from "./facts.ts";

export async function verdictOf(
  facts: UserFacts,
  attribute: string,
  candidates: Candidates,
): Promise<Cause> {
  const { deciding } = candidates;
  const nobody = deciding === null ? await nobodyGives(facts, attribute, candidates) : null;
  if (nobody !== null) return nobody;
  if (deciding === null || deciding.appUser === null) return await upToDate(facts, attribute, candidates); // prettier-ignore
  const { appUser } = deciding;
  return (
    unmapped(attribute, deciding, candidates) ??
    asked(facts, appUser, deciding) ??
    onCreateOnly(facts, attribute, deciding) ??
    invalid(facts, attribute) ??
    notApplied(facts, attribute) ??
    stale(facts, appUser) ??
    (await emptyAt(facts, attribute, deciding, candidates)) ??
    otherSource(facts, attribute, deciding, candidates) ??
    (await upToDate(facts, attribute, candidates))
  );
}

/** No directory's word counts for the attribute. */
async function nobodyGives(
  facts: UserFacts,
  attribute: string,
  { order, others }: Candidates,
): Promise<Cause | null> {
  const { user, engine } = facts;
  const who = shellWord(user.login);
  if (order === "okta") {
    const sentence = `${attribute} is edited here (profile.overrides.${attribute}: okta), so no directory changes it.`;
    return { code: "editedHere", stage: "priority", sentence, command: `rollcall users set ${who} ${attribute}=VALUE` }; // prettier-ignore
  }
  for (const { directory, appUser } of order) {
    if (appUser?.status !== "removed") continue;
    const removal = await lastRemovalOf(engine.store.db, user.id, directory);
    const how = removal?.reason == null ? "" : ` (${REASONS[removal.reason]})`;
    const when = removal === null ? "" : ` at ${removal.at}, run ${removal.run}`;
    const sentence = `${user.login} left the scope of ${directory}${when}${how}; the values stay as they were and belong to Rollcall since then.`;
    return { code: "leftScope", stage: "scope", sentence, command: `rollcall explain ${who} ${attribute} --live` }; // prettier-ignore
  }
  const [other] = others;
  if (other !== undefined) {
    const sentence = `${user.login} is linked to ${other.directory} only, which is not asked for ${attribute}: it may create users, but is not in profile.sources or in the attribute's own order.`;
    return { code: "notASource", stage: "priority", sentence, command: "rollcall preview --diff NEXT.yaml" }; // prettier-ignore
  }
  if (facts.links.size > 0) return null;
  const sentence = `${user.login} is not linked to any directory; its values are edited here.`;
  return { code: "notLinked", stage: "link", sentence, command: "rollcall imports unmatched" };
}

function unmapped(
  attribute: string,
  { directory, expression }: CandidateView,
  { order, fallback }: Candidates,
): Cause | null {
  if (expression !== null) return null;
  const others = order === "okta" ? [] : order.filter((one) => one.linked && one.value !== null);
  const [other] = others;
  const next =
    other === undefined
      ? ""
      : fallback
        ? ` ${other.directory} has ${JSON.stringify(other.value)}.`
        : ` ${other.directory} has ${JSON.stringify(other.value)}, which is not taken, because ${directory} is the source and profile.fallback is off.`;
  const sentence = `${directory} counts for ${attribute}, and has no mapping of it, so nothing updates it.${next} Add directories.${directory}.toOkta.${attribute}${other === undefined || fallback ? "" : ", or set `fallback: true`"}.`;
  return { code: "unmapped", stage: "mapping", sentence, command: `rollcall force-sync ${directory}` }; // prettier-ignore
}

/** What the directory answered just now. */
function asked(
  { live, states, user }: UserFacts,
  appUser: LinkedAppUser,
  deciding: CandidateView,
): Cause | null {
  // prettier-ignore
  const { directory } = appUser;
  const answer = live.get(directory);
  if (answer === undefined) return null;
  const command = `rollcall import ${directory}`;
  if (answer.kind === "failed") {
    const sentence = `${directory} cannot be read now: ${answer.message} ${cureOf(answer.code)}`;
    return { code: "directoryFails", stage: "directory", sentence, command: "rollcall check" };
  }
  if (answer.kind === "absent") {
    const sentence = `${user.login} is not in the scope of ${directory} any more (${ABSENCE_TEXTS[answer.where]}); the next full import removes the link.`;
    return { code: "outOfScope", stage: "scope", sentence, command: `${command} --full --dry-run` };
  }
  const read = Object.keys(deciding.inputs).map((name) => name.slice(name.indexOf(".") + 1).toLowerCase()); // prettier-ignore
  const concerned = answer.differs.filter((name) => read.includes(name.toLowerCase()));
  if (concerned.length === 0) return null;
  const state = states.get(directory);
  const failed = state?.last?.status === "failed" ? ` The last import failed (${state.last.error?.code ?? "unknown"}).` : ""; // prettier-ignore
  const held = state?.held == null ? "" : ` An import is held (run ${state.held.id}).`;
  const sentence = `The app profile is older than the directory: ${concerned.join(", ")} was changed there and not imported since, so a force sync will not help; an import will.${failed}${held}`;
  const cure = state?.held == null ? command : `rollcall imports show ${state.held.id}`;
  return { code: "appProfileOld", stage: "appProfile", sentence, command: cure };
}

function onCreateOnly(
  { user }: UserFacts,
  attribute: string,
  { directory, apply, value }: CandidateView,
): Cause | null {
  if (apply !== "create" || sameJson(value, user.profile[attribute] ?? null)) return null;
  const sentence = `The mapping of ${attribute} in ${directory} applies on creation only, so later changes are not taken over; ${JSON.stringify(value)} would be the value now. Set \`apply: update\`, or set the value by hand.`;
  return { code: "onCreateOnly", stage: "mapping", sentence, command: `rollcall users set ${shellWord(user.login)} ${attribute}=VALUE` }; // prettier-ignore
}

/** One fault fails the whole update, whatever attribute was asked for. */
function invalid({ resolved, appUsers, user, engine }: UserFacts, attribute: string): Cause | null {
  const failing = appUsers.find((one) => one.status !== "removed" && one.error !== null);
  const problem: Problem | null = resolved.problems[0] ?? failing?.error ?? null;
  if (problem === null) return null;
  const { code, field, message } = problem;
  // What the mappings give now is valid: whoever failed was decided about before.
  const cured = resolved.problems.length === 0 && !STATEFUL.has(code);
  const directory = failing?.directory ?? resolved.profileSource ?? "the directory";
  if (cured) {
    const sentence = `The last update of ${user.login} failed (${field}: ${code}), but what is stored is valid now; it only has to be applied.`;
    return { code: "notApplied", stage: "written", sentence, command: syncCommand(user.login) };
  }
  const rest = resolved.problems.length > 1 ? ` (and ${resolved.problems.length - 1} more)` : "";
  const whole =
    field === attribute
      ? ""
      : ` That fails the whole update, so ${attribute} is not updated either.`;
  const cause = code.startsWith("platform.cvd.profile.expression") ? "expressionFails" : "invalid";
  const sentence = `${message} [${code}, ${field}]${rest}.${whole} ${cureOf(code)}`.replaceAll("..", "."); // prettier-ignore
  const stage = cause === "expressionFails" ? "mapping" : "validation";
  const reads = engine.rules.directories.has(directory);
  const command = reads ? `rollcall preview ${directory} --user ${shellWord(user.login)}` : null;
  return { code: cause, stage, sentence, command };
}

/** Faults that follow from other people, and not from the values. */
const STATEFUL: ReadonlySet<string> = new Set([
  "notUniqueWithinOrg", "notUniqueWithinOrgAppId", "match.ambiguous", "entry.unstorable",
]); // prettier-ignore

function notApplied({ resolved, user }: UserFacts, attribute: string): Cause | null {
  const [now, then] = [user.profile[attribute] ?? null, resolved.profile[attribute] ?? null];
  if (sameJson(now, then) && user.sources[attribute] === resolved.sources[attribute]) return null;
  const from = `the same value, but from ${resolved.sources[attribute] ?? "nobody"}`;
  const what = sameJson(now, then) ? from : JSON.stringify(then);
  const sentence = `The app profile and the mappings give ${what}; that was not applied yet: the configuration, a group or another person changed since. A force sync applies it.`;
  return { code: "notApplied", stage: "written", sentence, command: syncCommand(user.login) };
}

function syncCommand(login: string): string {
  return `rollcall force-sync --user ${shellWord(login)}`;
}

/** Everything fits what is stored; but the directory may say something else by now. */
function stale({ states, live }: UserFacts, { directory }: LinkedAppUser): Cause | null {
  if (live.has(directory)) return null; // it was asked, and said the same
  const { last = null, held = null } = states.get(directory) ?? {};
  if (held !== null) {
    const sentence = `The import of ${held.startedAt} is held by the safeguard, so nothing that it read is applied: ${held.held?.reason ?? ""} A force sync will not help.`;
    return { code: "importHeld", stage: "directory", sentence, command: `rollcall imports show ${held.id}` }; // prettier-ignore
  }
  if (last?.status !== "failed" || last.error === null) return null;
  const { code, message } = last.error;
  const sentence = `The last import of ${directory} failed, so changes in the directory since then are not here, and a force sync will not help: ${message} ${cureOf(code)}`;
  return { code: "importFailed", stage: "directory", sentence, command: "rollcall check" };
}

/** There is no value, and everything is applied: where does it end? */
async function emptyAt(
  { engine, user }: UserFacts,
  attribute: string,
  deciding: CandidateView,
  { order, fallback }: Candidates,
): Promise<Cause | null> {
  const { directory, inputs, expression } = deciding;
  if (deciding.value !== null || user.profile[attribute] !== undefined) return null;
  const others = order === "okta" ? [] : order.filter((one) => one.linked && one.value !== null);
  const other = others[0];
  const next =
    other === undefined || fallback
      ? ""
      : ` ${other.directory} has ${JSON.stringify(other.value)}, which is not taken: ${directory} is the source, and profile.fallback is off.`;
  const names = Object.keys(inputs);
  const empty = names.filter((name) => inputs[name] === null);
  if (empty.length === 0 || empty.length < names.length) {
    const sentence = `The mapping ${expression} of ${directory} gives no value for what the app profile has, so ${attribute} is empty.${next}`;
    return { code: "mapsToNothing", stage: "mapping", sentence, command: `rollcall preview ${directory} --user ${shellWord(user.login)} --attribute ${attribute}` }; // prettier-ignore
  }
  const read = empty.map((name) => name.slice(name.indexOf(".") + 1));
  const unread = notRead(engine.settings.get(directory)?.source.users.attributes ?? ["*"], read);
  if (unread.length > 0) {
    const sentence = `${unread.join(", ")} is not among directories.${directory}.users.attributes, so it is not read from the directory, and ${attribute} has no value.${next} Add it, and import in full.`;
    return { code: "notRead", stage: "appProfile", sentence, command: `rollcall import ${directory} --full` }; // prettier-ignore
  }
  const { db } = engine.store;
  const nowhere = await attributesWithoutValue(db, directory, read.map((name) => name.toLowerCase())); // prettier-ignore
  if (nowhere.length === read.length) {
    const meant = closest(read[0] ?? "", await someAttributes(db, directory));
    const hint = meant === undefined ? "" : ` Is ${meant} meant?`;
    const sentence = `Nobody of ${directory} has a value of ${read.join(", ")}, which the mapping of ${attribute} reads; the name may be wrong, or the account may not see it.${hint}${next}`;
    return { code: "noValue", stage: "appProfile", sentence, command: "rollcall check" };
  }
  const sentence = `The entry in ${directory} had no value of ${read.join(", ")} when it was last read, so ${attribute} is empty.${next} If the directory has one by now, import it; a force sync will not help.`;
  return { code: "noValue", stage: "appProfile", sentence, command: `rollcall explain ${shellWord(user.login)} ${attribute} --live` }; // prettier-ignore
}

/** Names that a list of attributes to read leaves out; operational ones are asked for by name. */
function notRead(asked: readonly string[], names: readonly string[]): string[] {
  if (asked.includes("*") || asked.includes("+")) return [];
  const read = new Set(asked.map((name) => name.toLowerCase()));
  return names.filter((name) => !read.has(name.toLowerCase()));
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
  const [rival] = rivals;
  if (rival === undefined) return null;
  const said = rivals.map((one) => `${one.directory} (${JSON.stringify(one.value)})`).join(" and ");
  const by = overridden ? `profile.overrides.${attribute}` : "profile.sources";
  const sentence = `${deciding.directory} wins over ${said} by ${by}, so ${attribute} is ${JSON.stringify(value)}. To take ${rival.directory}'s value, set profile.overrides.${attribute}: [${rival.directory}, ${deciding.directory}].`;
  return { code: "otherSource", stage: "priority", sentence, command: "rollcall preview --diff NEXT.yaml" }; // prettier-ignore
}

async function upToDate(
  { user, states }: UserFacts,
  attribute: string,
  { deciding }: Candidates,
): Promise<Cause> {
  const value = JSON.stringify(user.profile[attribute] ?? null);
  const code = "upToDate";
  if (deciding === null) {
    const sentence = `${attribute} is ${value}; no directory gives it.`;
    return { code, stage: null, sentence, command: `rollcall users set ${shellWord(user.login)} ${attribute}=VALUE` }; // prettier-ignore
  }
  const read =
    states.get(deciding.directory)?.checkpoint?.readAt.toISOString() ?? "an unknown time";
  const sentence = `${attribute} is ${value}, as ${deciding.directory} gave it when it was last read (${read}). If the directory has another value by now, import it; a force sync will not help.`;
  return { code, stage: null, sentence, command: `rollcall explain ${shellWord(user.login)} ${attribute} --live` }; // prettier-ignore
}
