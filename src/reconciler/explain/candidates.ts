/** Who could give an attribute of a user, in order of priority, and what each has to say. */
import { inputsOf } from "../../mapping/inputs.ts";
import type { CandidateView } from "../../model/explanation.ts";
import { judgedValue } from "../mapped-value.ts";
import { namedBy } from "../rules.ts";
import { scopeOf } from "../scope.ts";
import { candidatesOf } from "../source-priority.ts";
import type { LinkedAppUser, UserFacts } from "./facts.ts";

export interface Candidate extends CandidateView {
  /** Null if the user was never linked to it. */
  readonly appUser: LinkedAppUser | null;
}

export interface Candidates {
  /** Whether the attribute has an order of its own. */
  readonly overridden: boolean;
  readonly fallback: boolean;
  /** All that are asked for in the configuration, highest priority first; "okta" if edited here. */
  readonly order: readonly Candidate[] | "okta";
  /** Directories that have the user and a mapping, but are not asked. */
  readonly others: readonly Candidate[];
  /** Those whose word may count: linked, and all of them only with fallback. */
  readonly asked: readonly Candidate[];
  /** The one whose word counts; null if nobody's does. */
  readonly deciding: Candidate | null;
}

export function candidatesFor(facts: UserFacts, attribute: string): Candidates {
  const { rules } = facts;
  const override = rules.overrides.get(attribute);
  const fallback = rules.fallback.has(attribute);
  const names = override === "okta" ? [] : (override ?? rules.sources);
  const candidate = (name: string): Candidate => candidateOf(facts, name, attribute);
  const rest = [...rules.directories.keys()].filter((name) => !names.includes(name));
  const others = rest.map(candidate).filter((one) => one.linked && one.expression !== null);
  const common = { overridden: override !== undefined, fallback, others };
  if (override === "okta") return { ...common, order: "okta", asked: [], deciding: null };
  const order = names.map(candidate);
  const linked = candidatesOf(rules, attribute, { links: facts.links, before: {}, creator: null });
  const counting = order.filter((one) => linked.includes(one.directory));
  const asked = fallback ? counting : counting.slice(0, 1);
  return { ...common, order, asked, deciding: decidingOf(facts, attribute, asked) };
}

/** All of them, asked or not. */
export function everyCandidate({ order, others }: Candidates): readonly Candidate[] {
  return [...inOrder(order), ...others];
}

/** Those that the configuration asks; nobody, if the attribute is edited here. */
export function inOrder(order: Candidates["order"]): readonly Candidate[] {
  return order === "okta" ? [] : order;
}

/** With fallback: who gives the value, or else who fails, or else the first who maps it. */
function decidingOf(
  { resolved, user }: UserFacts,
  attribute: string,
  asked: readonly Candidate[],
): Candidate | null {
  const source = resolved.sources[attribute] ?? user.sources[attribute];
  // One that only fills in new users has no word any more, unless the value is its own.
  const heard = asked.filter((one) => one.apply !== "create" || one.directory === source);
  return (
    heard.find((one) => one.problem !== null) ??
    asked.find((one) => one.directory === source && one.expression !== null) ??
    asked.find((one) => one.expression !== null) ??
    asked[0] ??
    null
  );
}

const SAYS_NOTHING = { inputs: {}, reads: [], value: null, problem: null } as const;

function candidateOf(facts: UserFacts, name: string, attribute: string): Candidate {
  const { rules, appUsers, links, user, relations } = facts;
  const appUser = appUsers.find((one) => one.directory === name) ?? null;
  const mapping = rules.directories.get(name)?.mappings.get(attribute);
  const base = { directory: name, appUser, linked: links.has(name) };
  if (mapping === undefined) return { ...base, ...SAYS_NOTHING, expression: null, apply: null };
  const { expression, apply } = mapping;
  const reads = expression.reads.flatMap(({ source, attribute: read }) => {
    const named = namedBy(source, name, rules.directories);
    const directory = named.find((one) => links.has(one)) ?? named[0];
    return directory === undefined ? [] : [{ directory, attribute: read }];
  });
  const known = { ...base, ...SAYS_NOTHING, expression: expression.source, apply, reads };
  if (!links.has(name)) return known;
  const scope = scopeOf(rules, name, { links, user, relations });
  const inputs = Object.fromEntries(
    inputsOf(expression, scope).map((one) => [one.name, one.value]),
  );
  return { ...known, inputs, ...judgedValue(mapping, scope, rules.schema) };
}
