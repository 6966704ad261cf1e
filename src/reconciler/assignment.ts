/** Who is assigned to an app, and by what. Pure. */
import { EvaluationError } from "../mapping/problem.ts";
import type { GroupValue } from "../mapping/values.ts";
import type { AssignedBy } from "../model/account.ts";
import type { AssignedValues } from "../model/app.ts";
import type { AppRules } from "./app-rules.ts";
import { appScopeOf, type PushedPerson } from "./app-scope.ts";
import type { Rules } from "./rules.ts";

export type Assignment =
  | { readonly by: AssignedBy; readonly values: AssignedValues }
  /** It cannot be told. */
  | { readonly unknown: string }
  | null;

export interface AssignmentFacts {
  /** Who assigned the person by hand; null: nobody. */
  readonly byHand: string | null;
  /** Groups of the rules that cannot be read as they should, with the reason; see `groupKey`. */
  readonly unreadableGroups: ReadonlyMap<string, string>;
}

export function groupKey({ directory, name }: { directory: string; name: string }): string {
  return `${directory} ${name.toLowerCase()}`;
}

/** The first that fits: by hand, then the rules in their order. */
export function assignmentOf(
  rules: Rules,
  app: AppRules,
  person: PushedPerson,
  { byHand, unreadableGroups }: AssignmentFacts,
): Assignment {
  if (byHand !== null) return { by: { kind: "person", name: byHand }, values: {} };
  let unknown: string | null = null;
  for (const rule of app.assign) {
    const { values } = rule;
    switch (rule.kind) {
      case "everyone":
        return { by: { kind: "everyone", name: "everyone" }, values };
      case "group": {
        const { directory, name } = rule;
        const reason = unreadableGroups.get(groupKey(rule));
        if (reason !== undefined) unknown ??= reason;
        else if (isMember(person, directory, name)) return { by: { kind: "group", name }, values };
        break;
      }
      case "condition": {
        const name = rule.expression.source;
        const fits = holds(rules, rule, person);
        if (typeof fits === "object") unknown ??= fits.unknown;
        else if (fits) return { by: { kind: "condition", name }, values };
      }
    }
  }
  return unknown === null ? null : { unknown };
}

function isMember({ relations, links }: PushedPerson, directory: string, name: string): boolean {
  if (!links.has(directory)) return false;
  const wanted = name.toLowerCase();
  const fits = (group: GroupValue): boolean =>
    group.sourceId === directory &&
    (group.name.toLowerCase() === wanted || group.id.toLowerCase() === wanted);
  return relations.groups.some(fits);
}

function holds(
  rules: Rules,
  { expression }: Extract<AppRules["assign"][number], { kind: "condition" }>,
  person: PushedPerson,
): boolean | { readonly unknown: string } {
  try {
    const value = expression.evaluate(appScopeOf(rules, person));
    if (value === null || typeof value === "boolean") return value === true;
    return { unknown: `The condition ${expression.source} gives neither true nor false.` };
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return { unknown: `The condition ${expression.source} cannot be evaluated: ${error.message}` };
  }
}
