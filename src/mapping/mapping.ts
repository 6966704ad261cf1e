import { closest } from "../lib/lines.ts";
import type { AppProfile } from "../model/entry.ts";
import type { ErrorCode, Problem } from "../model/errors.ts";
import type { ProfileSchema } from "../model/profile-schema.ts";
import type { MappingSetting } from "../model/settings.ts";
import { checkExpression } from "./check.ts";
import { compileTree, type Evaluate } from "./compile.ts";
import type { Type } from "./functions.ts";
import { parseExpression } from "./parse.ts";
import { CODES, EvaluationError, type ExpressionProblem } from "./problem.ts";
import type { Node, Value } from "./tree.ts";

/** An expression that was parsed, checked and compiled. */
export interface Expression {
  readonly source: string;
  /** Attributes of the app profile that it reads. */
  readonly reads: readonly string[];
  readonly evaluate: Evaluate;
}

export interface Mapping {
  readonly attribute: string;
  readonly apply: "create" | "update";
  readonly expression: Expression;
}

/** A fault in a directory's mappings, with the configuration line that it stands on. */
export interface MappingProblem {
  readonly attribute: string;
  readonly line: number;
  readonly source: string;
  readonly code: ErrorCode;
  readonly message: string;
  /** The place in `source`; null if the fault is not in the expression. */
  readonly place: ExpressionProblem | null;
}

/** Compiles one expression for the app profile of a directory. */
export function compileExpression(
  source: string,
  directory: string,
): { expression: Expression; type: Type } | { problems: readonly ExpressionProblem[] } {
  const parsed = parseExpression(source);
  if (!parsed.ok) return { problems: [parsed.problem] };
  const roots = new Set(["appuser", "source", directory.toLowerCase()]);
  const { type, problems } = checkExpression(parsed.tree, roots);
  if (problems.length > 0) return { problems };
  const expression = { source, reads: readsOf(parsed.tree), evaluate: compileTree(parsed.tree) };
  return { expression, type };
}

/** Compiles the To-Okta mappings of a directory; every problem is reported, not only the first. */
export function compileMappings(
  directory: string,
  settings: ReadonlyMap<string, MappingSetting>,
  schema: ProfileSchema,
): { mappings: readonly Mapping[]; problems: readonly MappingProblem[] } {
  const mappings: Mapping[] = [];
  const problems: MappingProblem[] = [];
  for (const [attribute, { expression: source, apply, line }] of settings) {
    const add = (code: ErrorCode, message: string, place: ExpressionProblem | null): void => {
      problems.push({ attribute, line, source, code, message, place });
    };
    const target = schema.get(attribute);
    if (target === undefined) {
      const meant = closest(attribute, schema.keys());
      const hint = meant === undefined ? "" : `; do you mean ${meant}?`;
      const message = `${attribute} is not an attribute of the user profile${hint}`;
      add("platform.cvd.profiles.mapping.targetIsInvalid", message, null);
    }
    const compiled = compileExpression(source, directory);
    if ("problems" in compiled) {
      for (const problem of compiled.problems) add(problem.code, problem.message, problem);
      continue;
    }
    if (target !== undefined && !fits(compiled.type, target.type)) {
      const message = `The expression gives ${compiled.type}, but ${attribute} is of type ${target.type}`;
      const place = { code: CODES.type, message, start: 0, end: source.length };
      add(CODES.type, message, place);
      continue;
    }
    mappings.push({ attribute, apply, expression: compiled.expression });
  }
  return { mappings, problems };
}

const HALF = "The result contains half a character (a lone surrogate).";

/** Evaluates a mapping for one person. An empty text clears the attribute, as null does. */
export function evaluateMapping(
  mapping: Mapping,
  profile: AppProfile,
): Value | { problem: Problem } {
  try {
    const value = mapping.expression.evaluate(profile);
    if (typeof value === "string" && !value.isWellFormed()) {
      return { problem: { code: CODES.evaluation, field: mapping.attribute, message: HALF } };
    }
    return value === "" ? null : value;
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return { problem: { code: error.code, field: mapping.attribute, message: error.message } };
  }
}

function fits(type: Type, target: string): boolean {
  if (type === "any" || type === "null") return true;
  if (target === "string") return type !== "array";
  if (target === "array") return type === "array" || type === "string";
  if (target === "boolean") return type === "boolean" || type === "string";
  return type === "number" || type === "string";
}

function readsOf(tree: Node): readonly string[] {
  const names = new Set<string>();
  const visit = (node: Node): void => {
    if (node.kind === "reference") names.add(node.path[1] ?? "");
    for (const child of childrenOf(node)) visit(child);
  };
  visit(tree);
  return [...names];
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "literal":
    case "reference":
      return [];
    case "array":
      return node.items;
    case "index":
      return [node.target, node.index];
    case "call":
      return node.args;
    case "not":
    case "minus":
      return [node.operand];
    case "binary":
      return [node.left, node.right];
    case "ternary":
      return [node.test, node.then, node.otherwise];
    case "elvis":
      return [node.value, node.otherwise];
  }
}
