/**
 * Where in an expression an evaluation failed. Evaluating does not keep track of places, because
 * that would cost every person something; instead the parts are evaluated again, each alone, and
 * the smallest one that fails is the place.
 */
import { compileTree } from "./compile.ts";
import type { Environment } from "./environment.ts";
import { EvaluationError } from "./problem.ts";
import type { Scope } from "./scope.ts";
import { childrenOf, type Node } from "./tree.ts";
import { toBoolean, type Value } from "./values.ts";

/** The smallest part of the tree that fails for this scope; null if nothing does. */
export function locateFailure(tree: Node, environment: Environment, scope: Scope): Node | null {
  const attempt = (node: Node): { readonly value: Value } | null => {
    try {
      return { value: compileTree(node, environment)(scope) };
    } catch (error) {
      if (error instanceof EvaluationError) return null;
      throw error;
    }
  };
  const locate = (node: Node): Node | null => {
    if (attempt(node) !== null) return null;
    for (const child of evaluated(node, attempt)) {
      const inner = locate(child);
      if (inner !== null) return inner;
    }
    return node;
  };
  return locate(tree);
}

/** The parts that are evaluated for this scope: not the branch that is not taken. */
function* evaluated(
  node: Node,
  attempt: (node: Node) => { readonly value: Value } | null,
): Generator<Node> {
  if (node.kind !== "ternary") {
    yield* childrenOf(node);
    return;
  }
  yield node.test;
  const test = attempt(node.test);
  if (test === null) return;
  try {
    yield toBoolean(test.value) ? node.then : node.otherwise;
  } catch {
    // The condition is neither true nor false: the ternary itself fails.
  }
}
