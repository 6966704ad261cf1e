/** Who could give an attribute of a user, in order of priority, and what each has to say. */
import { inputsOf } from "../../mapping/inputs.ts";
import { evaluateMapping } from "../../mapping/mapping.ts";
import type { Problem } from "../../model/errors.ts";
import { namedBy } from "../../reconciler/rules.ts";
import { scopeOf } from "../../reconciler/scope.ts";
import { candidatesOf } from "../../reconciler/source-priority.ts";
import { toAttributeType, validateProfile } from "../../reconciler/validate.ts";
import type { LinkedAppUser, UserFacts } from "./gather.ts";

export interface CandidateView {
  readonly directory: string;
  /** Null if the user was never linked to it. */
  readonly appUser: LinkedAppUser | null;
  /** Whether its app profile counts. */
  readonly linked: boolean;
  /** Its mapping of the attribute; null if there is none. */
  readonly expression: string | null;
  readonly apply: "create" | "update" | null;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The attributes of app profiles that the mapping reads, and of whose. */
  readonly reads: readonly { readonly directory: string; readonly attribute: string }[];
  readonly value: unknown;
  readonly problem: Problem | null;
}

export interface Candidates {
  /** Whether the attribute has an order of its own. */
  readonly overridden: boolean;
  readonly fallback: boolean;
  /** All that are asked for in the configuration, highest priority first; "okta" if edited here. */
  readonly order: readonly CandidateView[] | "okta";
  /** Directories that have the user and a mapping, but are not asked. */
  readonly others: readonly CandidateView[];
  /** Those whose word may count: linked, and all of them only with fallback. */
  readonly asked: readonly CandidateView[];
  /** The one whose word counts; null if nobody's does. */
  readonly deciding: CandidateView | null;
}

export function candidatesFor(facts: UserFacts, attribute: string): Candidates {
  const { rules } = facts.engine;
  const override = rules.overrides.get(attribute);
  const fallback = rules.fallback.has(attribute);
  const names = override === "okta" ? [] : (override ?? rules.sources);
  const view = (name: string): CandidateView => viewOf(facts, name, attribute);
  const rest = [...rules.directories.keys()].filter((name) => !names.includes(name));
  const others = rest.map(view).filter((one) => one.linked && one.expression !== null);
  const common = { overridden: override !== undefined, fallback, others };
  if (override === "okta") return { ...common, order: "okta", asked: [], deciding: null };
  const order = names.map(view);
  const linked = candidatesOf(rules, attribute, { links: facts.links, before: {}, creator: null });
  const counting = order.filter((one) => linked.includes(one.directory));
  const asked = fallback ? counting : counting.slice(0, 1);
  return { ...common, order, asked, deciding: decidingOf(facts, attribute, asked) };
}

/** With fallback: who gives the value, or else who fails, or else the first who maps it. */
function decidingOf(
  { resolved, user }: UserFacts,
  attribute: string,
  asked: readonly CandidateView[],
): CandidateView | null {
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

function viewOf(facts: UserFacts, name: string, attribute: string): CandidateView {
  const { engine, appUsers, links, user, relations } = facts;
  const appUser = appUsers.find((one) => one.directory === name) ?? null;
  const mapping = engine.rules.directories.get(name)?.mappings.get(attribute);
  const base = { directory: name, appUser, linked: links.has(name) };
  if (mapping === undefined)
    return {
      ...base,
      expression: null,
      apply: null,
      inputs: {},
      reads: [],
      value: null,
      problem: null,
    };
  const { expression, apply } = mapping;
  const { directories } = engine.rules;
  const reads = expression.reads.flatMap(({ source, attribute: read }) => {
    const named = namedBy(source, name, directories);
    const directory = named.find((one) => links.has(one)) ?? named[0];
    return directory === undefined ? [] : [{ directory, attribute: read }];
  });
  const known = { ...base, expression: expression.source, apply, reads };
  if (!links.has(name)) return { ...known, inputs: {}, value: null, problem: null };
  const scope = scopeOf(engine.rules, name, { links, user, relations });
  const inputs = Object.fromEntries(
    inputsOf(expression, scope).map((one) => [one.name, one.value]),
  );
  const schema = engine.rules.schema.get(attribute);
  const value = evaluateMapping(mapping, scope);
  if (value === null || schema === undefined) return { ...known, inputs, value, problem: null };
  if (typeof value === "object" && "problem" in value)
    return { ...known, inputs, value: null, problem: value.problem };
  const typed = toAttributeType(attribute, value, schema);
  if (typeof typed === "object" && "problem" in typed)
    return { ...known, inputs, value, problem: typed.problem };
  const [problem = null] = validateProfile({ [attribute]: typed }, new Map([[attribute, schema]]));
  return { ...known, inputs, value: typed, problem };
}
