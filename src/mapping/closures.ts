/** The closures of nodes that are more than one step. */
import type { ExpressionFunction } from "./functions/definition.ts";
import { add } from "./operators.ts";
import { compilePattern, matchesWhole } from "./patterns.ts";
import { memberOf, type Evaluate } from "./references.ts";
import type { Node } from "./tree.ts";
import { bounded, boundedArray, isArray, MAX_TEXT, toIndex, toText, type Value } from "./values.ts";

export function sum(left: Evaluate, right: Evaluate): Evaluate {
  return (scope) => add(left(scope), right(scope));
}

export function summands(node: Node): Node[] {
  const parts: Node[] = [];
  let rest = node;
  while (rest.kind === "binary" && rest.operator === "+") {
    parts.push(rest.right);
    rest = rest.left;
  }
  return [...parts, rest].toReversed();
}

export function isText(node: Node): boolean {
  return node.kind === "literal" && typeof node.value === "string";
}

function piece(value: Value): string {
  return typeof value === "string" ? value : (toText(value) ?? "");
}

export function concatenation(parts: readonly Evaluate[]): Evaluate {
  const [a, b, c] = parts;
  if (a === undefined || b === undefined) throw new Error("a sum of less than two");
  if (parts.length === 2) return (scope) => bounded(piece(a(scope)) + piece(b(scope)));
  if (parts.length === 3 && c !== undefined)
    return (scope) => bounded(piece(a(scope)) + piece(b(scope)) + piece(c(scope)));
  return (scope) => {
    let text = "";
    for (const part of parts) {
      text += piece(part(scope));
      if (text.length > MAX_TEXT) return bounded(text);
    }
    return text;
  };
}

/** A pattern that is a constant is compiled once. */
export function matching(left: Evaluate, right: Evaluate, pattern: Node): Evaluate {
  if (pattern.kind === "literal" && typeof pattern.value === "string") {
    const compiled = compilePattern(pattern.value);
    return (scope) => {
      const text = toText(left(scope));
      return text !== null && compiled(text);
    };
  }
  return (scope) => {
    const text = toText(left(scope));
    const wanted = toText(right(scope));
    return text !== null && wanted !== null && matchesWhole(text, wanted);
  };
}

/** Position in an array, from 0; a single value counts as an array of one. Beyond it: null. */
export function position(target: Evaluate, index: Evaluate): Evaluate {
  return (scope) => {
    const value = target(scope);
    if (value === null) return null;
    const at = toIndex(index(scope));
    if (isArray(value)) return value[at] ?? null;
    return at === 0 ? value : null;
  };
}

export function projection(target: Evaluate, path: readonly string[]): Evaluate {
  return (scope) => {
    const value = target(scope);
    const items = isArray(value) ? value : value === null ? [] : [value];
    return boundedArray(items.map((item) => path.reduce(memberOf, item)));
  };
}

/** A call with its arguments; those of few arguments need no list of them. */
export function bindCall(entry: ExpressionFunction, args: readonly Evaluate[]): Evaluate {
  const { evaluate, evaluateIn } = entry;
  if (evaluateIn !== undefined)
    return (scope) => evaluateIn(scope.facts, ...args.map((argument) => argument(scope)));
  const [a, b, c] = args;
  if (a === undefined) return () => evaluate();
  if (b === undefined) return (scope) => evaluate(a(scope));
  if (args.length === 2) return (scope) => evaluate(a(scope), b(scope));
  if (c !== undefined && args.length === 3)
    return (scope) => evaluate(a(scope), b(scope), c(scope));
  return (scope) => evaluate(...args.map((argument) => argument(scope)));
}
