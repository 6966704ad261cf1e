/** The way of a value, stage by stage, told for the directory whose word counts. */
import type { DirectoryState } from "../../model/directory-state.ts";
import type { Stage } from "../../model/explanation.ts";
import { everyCandidate, inOrder, type Candidate, type Candidates } from "./candidates.ts";
import type { LinkedAppUser, UserFacts } from "./facts.ts";
import { problemsNow } from "./verdict.ts";
import { ABSENCE_TEXTS, json } from "./words.ts";

export function stagesOf(facts: UserFacts, attribute: string, candidates: Candidates): Stage[] {
  const stages: Stage[] = [];
  const { deciding } = candidates;
  // Also of somebody who left: that is where the way ends.
  const told = deciding ?? everyCandidate(candidates).find((one) => one.appUser !== null) ?? null;
  const appUser = told?.appUser ?? null;
  if (told !== null && appUser !== null) {
    stages.push(readStage(facts, appUser), scopeStage(facts, appUser));
    stages.push(profileStage(appUser, told), linkStage(appUser));
    if (deciding !== null) stages.push(mappingStage(deciding));
  }
  stages.push(priorityStage(candidates), validationStage(facts));
  stages.push(writtenStage(facts, attribute));
  return stages;
}

function readStage({ states, live }: UserFacts, { directory }: LinkedAppUser): Stage {
  const stage = "directory";
  const answer = live.get(directory);
  if (answer?.kind === "failed")
    return { stage, directory, ok: false, text: `asked now: ${answer.message} (${answer.code})` };
  if (answer?.kind === "absent")
    return { stage, directory, ok: false, text: `asked now: ${ABSENCE_TEXTS[answer.where]}` };
  const { ok, text } = importState(states.get(directory));
  if (answer === undefined) return { stage, directory, ok, text };
  const same = answer.differs.length === 0;
  return { stage, directory, ok: ok && same, text: `${answered(answer.differs)}${text}` };
}

/** How the imports of a directory stand. */
export function importState(state: DirectoryState | undefined): { ok: boolean; text: string } {
  const { last = null, held = null, checkpoint = null, interrupted = null } = state ?? {};
  const read =
    checkpoint === null
      ? "never imported whole"
      : `last import that was applied whole began ${checkpoint.readAt.toISOString()}`;
  const bad = (text: string) => ({ ok: false, text: `${text}; ${read}` });
  if (last?.status === "failed" && last.error !== null) {
    const { code, message } = last.error;
    return bad(`the last import failed: ${message} (${code}, run ${last.id})`);
  }
  if (interrupted !== null)
    return bad(`a run was interrupted while it was applying (run ${interrupted.id})`);
  if (held !== null)
    return bad(`a run is held by the safeguard since ${held.startedAt} (run ${held.id})`);
  return { ok: checkpoint !== null, text: read };
}

function answered(differs: readonly string[]): string {
  if (differs.length === 0) return "asked now: the entry is as it was imported; ";
  return `asked now: the entry has other values of ${differs.join(", ")} than were imported; `;
}

function scopeStage(facts: UserFacts, { directory, dn, status, externalId }: LinkedAppUser): Stage {
  const stage = "scope";
  const found = `${dn} (${externalId})${howFound(facts, directory)}`;
  if (status === "removed") return { stage, directory, ok: false, text: `not any more: ${found}` };
  if (facts.live.get(directory)?.kind === "absent")
    return { stage, directory, ok: false, text: `not now: ${found}` };
  const disabled = status === "disabled" ? "; disabled there" : "";
  return { stage, directory, ok: true, text: found + disabled };
}

/** As the last import asked for entries; where that is not known, as the configuration asks. */
function howFound({ sources, states }: UserFacts, directory: string): string {
  const users = sources.get(directory)?.users;
  const asked = states.get(directory)?.checkpoint?.search ?? users;
  if (asked === undefined) return "";
  const { bases, filter, scope } = asked;
  // A file may be read without a filter: everybody in it is meant.
  const by = filter === "" ? "read without a filter" : `found by ${filter}`;
  const below = bases.length === 0 ? "" : ` below ${bases.join(" and ")}, scope ${scope}`;
  const isOther = users !== undefined && filter !== users.filter;
  const now = users?.filter === "" ? "no filter" : users?.filter;
  const changed = isOther ? `; the configuration has ${now} now, which was not imported yet` : "";
  return `, ${by}${below}${changed}`;
}

function profileStage(
  { directory, importedAt }: LinkedAppUser,
  { inputs, expression, linked }: Candidate,
): Stage {
  const stage = "appProfile";
  const values = Object.entries(inputs).map(([name, value]) => `${name} = ${json(value)}`);
  const kept = `as kept since ${importedAt.toISOString()}`;
  if (expression === null || !linked) return { stage, directory, ok: null, text: kept };
  if (values.length === 0)
    return { stage, directory, ok: true, text: `${kept}; the mapping reads no attribute` };
  const ok = Object.values(inputs).some((value) => value !== null);
  return { stage, directory, ok, text: `${values.join(", ")}; ${kept}` };
}

function linkStage({ directory, link }: LinkedAppUser): Stage {
  return { stage: "link", directory, ok: true, text: linkText(link) };
}

export function linkText(link: LinkedAppUser["link"]): string {
  if (link === null) return "linked by an import before this was kept";
  const { how, rule, by, at } = link;
  const when = at === undefined ? "" : `, at ${at}`;
  const found =
    rule === undefined ? "" : ` by the rule ${rule.user} = ${rule.app} (${json(rule.value)})`;
  switch (how) {
    case "created":
      return "the entry created the user";
    case "matched":
      return `matched${found}${when}`;
    case "replaced":
      return `took the place of an account that was deleted and made anew, matched${found}${when}`;
    case "manual":
      return `linked by ${by ?? "a person"}${when}`;
    case "ignored":
    case "unlinked":
      return `${how} by ${by ?? "a person"}${when}`;
  }
}

function mappingStage({ directory, expression, apply, value, problem }: Candidate): Stage {
  const stage = "mapping";
  if (expression === null)
    return { stage, directory, ok: false, text: "the attribute has no mapping" };
  const once = apply === "create" ? ", on creation only" : "";
  if (problem !== null) {
    const text = `${expression}${once} fails: ${problem.message} (${problem.code})`;
    return { stage, directory, ok: false, text };
  }
  const ok = apply !== "create" && value !== null;
  return { stage, directory, ok, text: `${expression}${once} gives ${json(value)}` };
}

function priorityStage({ order, deciding, overridden, fallback, others }: Candidates): Stage {
  const stage = "priority";
  if (order === "okta") {
    const text = "edited here (profile.overrides); no directory is asked";
    return { stage, directory: null, ok: null, text };
  }
  const said = inOrder(order).map((one) => {
    const counts = one.directory === deciding?.directory ? " (counts)" : "";
    return `${one.directory}${counts}: ${standingOf(one)}`;
  });
  const how = overridden ? "own order of this attribute" : "order of profile.sources";
  const next = fallback ? ", falling back to the next one with a value" : "";
  const rest = others.map((one) => `${one.directory}: ${standingOf(one)}, but is not asked`);
  const text = `${how}${next}: ${[...said, ...rest].join("; ")}`;
  return { stage, directory: deciding?.directory ?? null, ok: deciding !== null, text };
}

function standingOf({ linked, appUser, expression, value, problem, apply }: Candidate): string {
  if (!linked) return appUser === null ? "not linked" : "left its scope";
  if (expression === null) return "no mapping";
  if (problem !== null) return `fails (${problem.code})`;
  return `${json(value)}${apply === "create" ? ", on creation only" : ""}`;
}

function validationStage(facts: UserFacts): Stage {
  const stage = "validation";
  const failing = facts.appUsers.find((one) => one.status !== "removed" && one.error !== null);
  const problems = problemsNow(facts);
  const since = failing?.failingSince ?? null;
  const when = since === null ? "" : `, since ${since.toISOString()}`;
  if (problems.length > 0) {
    const all = problems.map(({ code, field, message }) => `${field}: ${message} (${code})`);
    const directory = failing?.directory ?? null;
    return { stage, directory, ok: false, text: `${all.join("; ")}${when}` };
  }
  const before =
    failing?.error == null
      ? ""
      : `; the last update from ${failing.directory} failed${when} (${failing.error.code}, ${failing.error.field}), which its next import or a force sync clears`;
  return { stage, directory: null, ok: true, text: `the whole profile is valid${before}` };
}

function writtenStage({ user, createdAt, lastChanges }: UserFacts, attribute: string): Stage {
  const stage = "written";
  const source = user.sources[attribute];
  const from = source === undefined ? "" : ` from ${source}`;
  const value = `${json(user.profile[attribute])}${from}`;
  const change = lastChanges.get(attribute);
  if (change === undefined) {
    const text = `${value}, as since the user was created at ${createdAt.toISOString()}`;
    return { stage, directory: null, ok: null, text };
  }
  const { kind, directory, by, at, run } = change;
  const what = kind === "edit" ? `edited by ${by}` : `by ${kind} of ${directory ?? "all"}, ${by}`;
  const text = `${value}, written at ${at} (${what}, run ${run})`;
  return { stage, directory: null, ok: null, text };
}
