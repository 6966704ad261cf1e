/** Why there is no such user: somebody who was not imported, not matched, refused, or renamed. */
import { cureOf, type Problem } from "../../model/errors.ts";
import type { Cause, Stage } from "../../model/explanation.ts";
import type { DirectoryState } from "../../model/directory-state.ts";
import * as directories from "./causes/directory.ts";
import * as entries from "./causes/entry.ts";
import { isRefused, looseEntryCause } from "./entries.ts";
import type { Configured, LooseEntry } from "./facts.ts";
import { nextImportText } from "./not-linked.ts";
import { importState, linkText } from "./stages.ts";

/** What a directory answers about somebody who is no user. */
export type AnswerAboutNobody =
  | {
      readonly kind: "found";
      readonly id: string;
      readonly dn: string;
      /** The login of the user whom the entry belongs to under another name; null if to nobody. */
      readonly belongsTo: string | null;
    }
  | { readonly kind: "none"; readonly people: number }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

export interface AskedDirectory {
  readonly directory: string;
  readonly state: DirectoryState;
  /** Null if it was not asked. */
  readonly answer: AnswerAboutNobody | null;
}

export interface UnknownFacts extends Configured {
  /** As it was asked. */
  readonly who: string;
  /** Whether directories were to be asked. */
  readonly live: boolean;
  /** The entry that is meant. */
  readonly entry: LooseEntry | null;
  /** Somebody who had this login once: deleted, or called otherwise by now. */
  readonly former:
    | { readonly kind: "deleted"; readonly id: string; readonly at: string }
    | { readonly kind: "renamed"; readonly login: string }
    | null;
  /** An entry that could not be kept at all: it has no identifier, or none of its own. */
  readonly unkept: {
    readonly directory: string;
    readonly dn: string;
    readonly error: Problem;
  } | null;
  /** In order; none behind the first that shows the person. */
  readonly asked: readonly AskedDirectory[];
}

export interface Unknown {
  readonly stages: readonly Stage[];
  readonly cause: Cause;
}

export function explainUnknown(facts: UnknownFacts): Unknown {
  if (facts.entry !== null) return explainEntry(facts, facts.entry);
  const known = formerCause(facts) ?? unkeptCause(facts);
  if (known !== null && !facts.live) return { stages: [], cause: known };
  const stages = facts.asked.map((one) => askedStage(facts, one));
  return { stages, cause: askedCause(facts) ?? known ?? notImported(facts) };
}

function explainEntry({ rules }: UnknownFacts, loose: LooseEntry): Unknown {
  const { entry } = loose;
  const { directory, dn, externalId, error } = entry;
  const state = linkState(loose);
  const kept = `${Object.keys(entry.profile).length} attributes are kept`;
  const stages: Stage[] = [
    { stage: "scope", directory, ok: true, text: `${dn} (${externalId})` },
    { stage: "appProfile", directory, ok: true, text: kept },
    { stage: "link", directory, ok: false, text: state },
  ];
  if (error !== null && isRefused(entry)) {
    const all = [error, ...(error.others ?? [])];
    const text = all.map(({ code, field, message }) => `${field}: ${message} (${code})`);
    stages.push({ stage: "validation", directory, ok: false, text: text.join("; ") });
  }
  return { stages, cause: looseEntryCause(rules, loose, state) };
}

function linkState({ entry: { error }, link }: LooseEntry): string {
  if (link !== null && (link.how === "ignored" || link.how === "unlinked")) return linkText(link);
  return error === null ? "linked to no user" : `linked to no user: ${error.message}`;
}

function formerCause({ who, former }: UnknownFacts): Cause | null {
  if (former === null) return null;
  if (former.kind === "renamed") {
    const sentence = `The user who had the login ${who} is ${former.login} now.`;
    const remedy = { kind: "explain", who: former.login } as const;
    return { code: "renamed", stage: "written", sentence, remedy };
  }
  const sentence = `There was a user ${who}, who was deleted; the last event about it is of ${former.at}.`;
  const remedy = { kind: "events", target: former.id } as const;
  return { code: "notImported", stage: "written", sentence, remedy };
}

function unkeptCause({ unkept }: UnknownFacts): Cause | null {
  return unkept === null ? null : entries.unkept(unkept.directory, unkept.dn, unkept.error);
}

/** What the directories say, as they were read or, live, as they are. */
function askedStage({ sources }: UnknownFacts, asked: AskedDirectory): Stage {
  const { directory, state, answer } = asked;
  const stage = "directory";
  switch (answer?.kind) {
    case "found": {
      const text = `asked now: ${answer.dn} (${answer.id}) is there`;
      return { stage, directory, ok: true, text };
    }
    case "none": {
      const text = `asked now: none of its ${answer.people} people`;
      return { stage, directory, ok: false, text };
    }
    case "failed": {
      const text = `asked now: ${answer.message} (${answer.code})`;
      return { stage, directory, ok: false, text };
    }
    case undefined: {
      const { ok, text } = importState(state);
      const { bases = [], filter = "" } = sources.get(directory)?.users ?? {};
      const below = bases.length === 0 ? "" : ` below ${bases.join(" and ")}`;
      return { stage, directory, ok, text: `${text}, by ${filter}${below}` };
    }
  }
}

/** The first that shows the person; else one that cannot be read, as it might. */
function askedCause(facts: UnknownFacts): Cause | null {
  const causes = facts.asked.flatMap((one) => foundCause(facts, one) ?? []);
  return causes.find((one) => one.code !== "directoryFails") ?? causes[0] ?? null;
}

function foundCause(
  { rules }: UnknownFacts,
  { directory, state, answer }: AskedDirectory,
): Cause | null {
  if (answer?.kind === "failed") {
    const told = `${directory} cannot be read now: ${answer.message}`;
    return directories.cannotBeRead(told, cureOf(answer.code));
  }
  if (answer?.kind !== "found") return null;
  const { dn, belongsTo } = answer;
  if (belongsTo !== null) return directories.nameIsOld(directory, dn, belongsTo, state);
  const then = nextImportText(rules, directory, "takes it up");
  const told = `${dn} is in the scope of ${directory} and was not imported yet; the next import ${then}`;
  return directories.notSeenYet(told, directory, state);
}

function notImported({ who, live, rules }: UnknownFacts): Cause {
  const names = [...rules.directories.keys()].join(", ");
  const sentence = live
    ? `Nobody with this login, external id or DN is in the scope of ${names}: the person does not exist there, is outside users.base or users.filter, or is mapped to another login.`
    : `There is no user ${who}, and ${names} has imported nobody with this login, external id or DN. With --live the directories are asked now.`;
  const remedy = live
    ? ({ kind: "check" } as const)
    : ({ kind: "explain", who, live: true } as const);
  return { code: "notImported", stage: "scope", sentence, remedy };
}
