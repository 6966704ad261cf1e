import { compileTraced } from "./compile.ts";
import type { Environment } from "./environment.ts";
import { EvaluationError } from "./problem.ts";
import type { Scope } from "./scope.ts";
import type { Node } from "./tree.ts";

/**
 * Where an evaluation failed: the smallest part of the tree that fails for this scope; null if
 * nothing does. Evaluating for people keeps no track of places, because that would cost every
 * person something; here everything is evaluated once more, and tells.
 */
export function locateFailure(tree: Node, environment: Environment, scope: Scope): Node | null {
  let place: Node | null = null;
  const evaluate = compileTraced(tree, environment, (node) => {
    // The innermost tells first.
    place ??= node;
  });
  try {
    evaluate(scope);
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
  }
  return place;
}
