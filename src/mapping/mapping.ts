import { meantHint } from "../lib/lines.ts";
import type { ErrorCode, Problem } from "../model/errors.ts";
import type { AttributeSchema, ProfileSchema } from "../model/profile-schema.ts";
import type { MappingSetting } from "../model/mapping-setting.ts";
import { checkExpression, type Read } from "./check.ts";
import { compileTree } from "./compile.ts";
import type { Environment } from "./environment.ts";
import type { Type } from "./functions/definition.ts";
import { parseExpression } from "./parse.ts";
import { CODES, EvaluationError, type ExpressionProblem } from "./problem.ts";
import type { Evaluate } from "./references.ts";
import type { Needs, Scope } from "./scope.ts";
import type { Node } from "./tree.ts";
import { plain, type PlainValue } from "./values.ts";

/** An expression that was parsed, checked and compiled. */
export interface Expression {
  readonly source: string;
  readonly tree: Node;
  readonly environment: Environment;
  /** Attributes of app profiles that it reads. */
  readonly reads: readonly Read[];
  readonly needs: Needs;
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
  /** Whether it is a matching rule and no mapping. */
  readonly matching?: true;
  readonly line: number;
  readonly source: string;
  readonly code: ErrorCode;
  readonly message: string;
  /** The place in `source`; null if the fault is not in the expression. */
  readonly place: ExpressionProblem | null;
}

const EMPTY_LOGIN = "platform.cvd.profiles.mapping.cannotHaveEmptyLogin";

/** Compiles one expression. */
export function compileExpression(
  source: string,
  environment: Environment,
): { expression: Expression; type: Type } | { problems: readonly ExpressionProblem[] } {
  const parsed = parseExpression(source);
  if (!parsed.ok) return { problems: [parsed.problem] };
  const { tree } = parsed;
  const { type, problems, reads, needs } = checkExpression(tree, environment);
  if (problems.length > 0) return { problems };
  const evaluate = compileTree(tree, environment);
  return { expression: { source, tree, environment, reads, needs, evaluate }, type };
}

/**
 * Compiles the mappings of a directory or an app; every problem is reported, not only the first.
 * @param schema of what is mapped to; @param profile what to call that
 */
export function compileMappings(
  environment: Environment,
  settings: ReadonlyMap<string, MappingSetting>,
  schema: ProfileSchema,
  profile = "the user profile",
): { mappings: readonly Mapping[]; problems: readonly MappingProblem[] } {
  const mappings: Mapping[] = [];
  const problems: MappingProblem[] = [];
  for (const [attribute, { expression: source, apply, line }] of settings) {
    const add = (code: ErrorCode, message: string, place: ExpressionProblem | null): void => {
      problems.push({ attribute, line, source, code, message, place });
    };
    const target = schema.get(attribute);
    if (target === undefined) {
      const hint = meantHint(attribute, schema.keys());
      const message = `${attribute} is not an attribute of ${profile}${hint}`;
      add("platform.cvd.profiles.mapping.targetIsInvalid", message, null);
    }
    if (attribute === "login" && source.trim() === "") {
      add(EMPTY_LOGIN, "The login cannot be empty; every user needs one", null);
      continue;
    }
    const compiled = compileExpression(source, environment);
    if ("problems" in compiled) {
      for (const problem of compiled.problems) add(problem.code, problem.message, problem);
      continue;
    }
    const { expression, type } = compiled;
    const fault = target === undefined ? null : misfit(type, target, attribute);
    if (fault !== null) {
      const place = { code: CODES.type, message: fault, start: 0, end: source.length };
      add(CODES.type, fault, place);
    } else if (attribute === "login" && isEmpty(expression.tree)) {
      add(EMPTY_LOGIN, "The login cannot be empty; every user needs one", null);
    } else {
      mappings.push({ attribute, apply, expression });
    }
  }
  return { mappings, problems };
}

function isEmpty(tree: Node): boolean {
  if (tree.kind !== "literal") return false;
  return tree.value === null || (typeof tree.value === "string" && tree.value.trim() === "");
}

const HALF = "The result contains half a character (a lone surrogate).";

/** Evaluates a mapping for one person. An empty text clears the attribute, as null does. */
export function evaluateMapping(mapping: Mapping, scope: Scope): PlainValue | { problem: Problem } {
  try {
    const value = plain(mapping.expression.evaluate(scope));
    if (typeof value === "string" && !value.isWellFormed()) {
      return { problem: { code: CODES.evaluation, field: mapping.attribute, message: HALF } };
    }
    return value === "" ? null : value;
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return { problem: { code: error.code, field: mapping.attribute, message: error.message } };
  }
}

/** Why a result of a type cannot become the attribute's value; null if it can. */
function misfit(type: Type, { type: target }: AttributeSchema, attribute: string): string | null {
  if (type === "record" || type === "map")
    return `The expression gives a ${type === "map" ? "map" : "profile"}, not a value; name one of its attributes`;
  if (fits(type, target)) return null;
  const hint = type === "array" ? "; pick one value, for example with [0]" : "";
  return `The expression gives ${type}, but ${attribute} is of type ${target}${hint}`;
}

function fits(type: Type, target: AttributeSchema["type"]): boolean {
  if (type === "any" || type === "null") return true;
  if (target === "string") return type !== "array";
  if (target === "array") return type === "array" || type === "string";
  if (target === "boolean") return type === "boolean" || type === "string";
  return type === "number" || type === "string";
}
