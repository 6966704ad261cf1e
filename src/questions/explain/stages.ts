/** The way of a value, stage by stage, told for the directory whose word counts. */
import type { DirectoryState } from "../../engine/directory-state.ts";
import type { Stage } from "../../model/explanation.ts";
import { lastChangeOf } from "../../store/history.ts";
import { createdAtOf } from "../../store/users.ts";
import { ABSENCE_TEXTS } from "./absence.ts";
import type { CandidateView, Candidates } from "./candidates.ts";
import type { LinkedAppUser, UserFacts } from "./gather.ts";
import { problemsNow } from "./verdict.ts";

export async function stagesOf(
  facts: UserFacts,
  attribute: string,
  candidates: Candidates,
): Promise<Stage[]> {
  const stages: Stage[] = [];
  const { deciding, order, others } = candidates;
  const views = [...(order === "okta" ? [] : order), ...others];
  // Also of somebody who left: that is where the way ends.
  const told = deciding ?? views.find((one) => one.appUser !== null) ?? null;
  const appUser = told?.appUser ?? null;
  if (told !== null && appUser !== null) {
    stages.push(readStage(facts, appUser), scopeStage(facts, appUser));
    stages.push(profileStage(appUser, told), linkStage(appUser));
    if (deciding !== null) stages.push(mappingStage(deciding));
  }
  stages.push(priorityStage(candidates), validationStage(facts));
  stages.push(await writtenStage(facts, attribute));
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
  const { last = null, held = null, checkpoint = null } = state ?? {};
  const read =
    checkpoint === null
      ? "never imported whole"
      : `last import that was applied whole began ${checkpoint.readAt.toISOString()}`;
  if (last?.status === "failed" && last.error !== null) {
    const { code, message } = last.error;
    return {
      ok: false,
      text: `the last import failed: ${message} (${code}, run ${last.id}); ${read}`,
    };
  }
  const { interrupted = null } = state ?? {};
  if (interrupted !== null) {
    const text = `a run was interrupted while it was applying (run ${interrupted.id}); ${read}`;
    return { ok: false, text };
  }
  if (held !== null) {
    const text = `a run is held by the safeguard since ${held.startedAt} (run ${held.id}); ${read}`;
    return { ok: false, text };
  }
  return { ok: checkpoint !== null, text: read };
}

function answered(differs: readonly string[]): string {
  if (differs.length === 0) return "asked now: the entry is as it was imported; ";
  return `asked now: the entry has other values of ${differs.join(", ")} than were imported; `;
}

function scopeStage(
  { engine, states, live }: UserFacts,
  { directory, dn, status, externalId }: LinkedAppUser,
): Stage {
  const stage = "scope";
  const users = engine.directories.get(directory)?.source.users;
  const search = states.get(directory)?.checkpoint?.search ?? null;
  const { bases, filter, scope } = search ?? users ?? { bases: [], filter: "", scope: "sub" };
  const below = bases.length === 0 ? "" : ` below ${bases.join(" and ")}, scope ${scope}`;
  const changed =
    users !== undefined && filter !== users.filter
      ? `; the configuration has ${users.filter} now, which was not imported yet`
      : "";
  const found = `${dn} (${externalId}), found by ${filter}${below}${changed}`;
  if (status === "removed") return { stage, directory, ok: false, text: `not any more: ${found}` };
  if (live.get(directory)?.kind === "absent")
    return { stage, directory, ok: false, text: `not now: ${found}` };
  const disabled = status === "disabled" ? "; disabled there" : "";
  return { stage, directory, ok: true, text: found + disabled };
}

function profileStage(
  { directory, importedAt }: LinkedAppUser,
  { inputs, expression, linked }: CandidateView,
): Stage {
  const stage = "appProfile";
  const values = Object.entries(inputs).map(
    ([name, value]) => `${name} = ${JSON.stringify(value)}`,
  );
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
    rule === undefined
      ? ""
      : ` by the rule ${rule.user} = ${rule.app} (${JSON.stringify(rule.value)})`;
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

function mappingStage({ directory, expression, apply, value, problem }: CandidateView): Stage {
  const stage = "mapping";
  if (expression === null)
    return { stage, directory, ok: false, text: "the attribute has no mapping" };
  const once = apply === "create" ? ", on creation only" : "";
  if (problem !== null) {
    const text = `${expression}${once} fails: ${problem.message} (${problem.code})`;
    return { stage, directory, ok: false, text };
  }
  const ok = apply !== "create" && value !== null;
  return { stage, directory, ok, text: `${expression}${once} gives ${JSON.stringify(value)}` };
}

function priorityStage({ order, deciding, overridden, fallback, others }: Candidates): Stage {
  const stage = "priority";
  if (order === "okta") {
    const text = "edited here (profile.overrides); no directory is asked";
    return { stage, directory: null, ok: null, text };
  }
  const said = order.map((one) => {
    const name =
      one.directory === deciding?.directory ? `${one.directory} (counts)` : one.directory;
    return `${name}: ${standingOf(one)}`;
  });
  const how = overridden ? "own order of this attribute" : "order of profile.sources";
  const next = fallback ? ", falling back to the next one with a value" : "";
  const rest = others.map((one) => `${one.directory}: ${standingOf(one)}, but is not asked`);
  const text = `${how}${next}: ${[...said, ...rest].join("; ")}`;
  return { stage, directory: deciding?.directory ?? null, ok: deciding !== null, text };
}

function standingOf({ linked, appUser, expression, value, problem, apply }: CandidateView): string {
  if (!linked) return appUser === null ? "not linked" : "left its scope";
  if (expression === null) return "no mapping";
  if (problem !== null) return `fails (${problem.code})`;
  return `${JSON.stringify(value)}${apply === "create" ? ", on creation only" : ""}`;
}

function validationStage(facts: UserFacts): Stage {
  const stage = "validation";
  const failing = facts.appUsers.find((one) => one.status !== "removed" && one.error !== null);
  const problems = problemsNow(facts);
  const since = failing?.failingSince ?? null;
  const when = since === null ? "" : `, since ${since.toISOString()}`;
  if (problems.length === 0) {
    const before =
      failing?.error == null
        ? ""
        : `; the last update from ${failing.directory} failed${when} (${failing.error.code}, ${failing.error.field}), which its next import or a force sync clears`;
    return { stage, directory: null, ok: true, text: `the whole profile is valid${before}` };
  }
  const all = problems.map(({ code, field, message }) => `${field}: ${message} (${code})`);
  return {
    stage,
    directory: failing?.directory ?? null,
    ok: false,
    text: `${all.join("; ")}${when}`,
  };
}

async function writtenStage({ engine, user }: UserFacts, attribute: string): Promise<Stage> {
  const stage = "written";
  const { db } = engine.store;
  const value = JSON.stringify(user.profile[attribute] ?? null);
  const source = user.sources[attribute];
  const from = source === undefined ? "" : ` from ${source}`;
  const change = await lastChangeOf(db, user.id, attribute);
  if (change === null) {
    const created = (await createdAtOf(db, user.id)).toISOString();
    const text = `${value}${from}, as since the user was created at ${created}`;
    return { stage, directory: null, ok: null, text };
  }
  const what =
    change.kind === "edit"
      ? `edited by ${change.by}`
      : `by ${change.kind} of ${change.directory ?? "all"}, ${change.by}`;
  const text = `${value}${from}, written at ${change.at} (${what}, run ${change.run})`;
  return { stage, directory: null, ok: null, text };
}
