/**
 * What speaks for which cause of a suspicious read: "the directory says that they are gone" is
 * another thing than "the search returned less". Pure.
 */
import type { ReadEvidence } from "../model/entry.ts";
import { REASONS, type Reason, type SearchFacts } from "../model/run.ts";

const NAMES: Readonly<Record<keyof SearchFacts, string>> = {
  servers: "url",
  account: "bind.dn",
  bases: "users.base",
  scope: "users.scope",
  filter: "users.filter",
};

/** Sentences about the search, compared with the one of the last good import. */
export function searchFindings(before: SearchFacts | null, now: SearchFacts): string[] {
  if (before === null) return [];
  const names = Object.keys(NAMES) as (keyof SearchFacts)[];
  const changed = names.filter((name) => text(before[name]) !== text(now[name]));
  if (changed.length === 0) return ["The search is the one of the last good import."];
  return changed.map((name) => {
    return `The search changed since the last good import: ${NAMES[name]} was ${text(before[name])} and is ${text(now[name])}.`;
  });
}

function text(value: SearchFacts[keyof SearchFacts]): string {
  return value === null ? "none" : typeof value === "string" ? value : value.join(", ");
}

/** Sentences about where the people are who would be removed. */
export function absenceFindings(reasons: ReadonlyMap<Reason, number>): string[] {
  return [...reasons].map(([reason, people]) => `${people}: ${REASONS[reason]}.`);
}

/** Sentences about an answer without anybody in it. */
export function evidenceFindings({ bases, entries }: ReadEvidence): string[] {
  const seen = bases.filter((base) => base.readable && base.entries === 0);
  if (entries > 0 || seen.length === 0) return [];
  const which = seen.map(({ base }) => base).join(", ");
  return [
    `The server answered with success and without people. ${which} itself can be read; either nobody below it fits the filter, or the account may not see them.`,
  ];
}
