/**
 * Turns a checked tree into closures: one small function per node, bound once, so that evaluating
 * for a person is calls only. There are no loops and no definitions in the language, so time is
 * linear in the tree times the input, and every text is bounded in length.
 */
import {
  bindCall,
  concatenation,
  isText,
  matching,
  position,
  projection,
  sum,
  summands,
} from "./closures.ts";
import { GroupEnvironment, OWN, type Environment } from "./environment.ts";
import { toArray } from "./functions/arrays.ts";
import type { Parameter } from "./functions/definition.ts";
import { limitOf } from "./functions/groups.ts";
import { FILTERED_GROUPS, FUNCTIONS, METHODS } from "./functions/table.ts";
import { equal, finite, order } from "./operators.ts";
import { parseExpression } from "./parse.ts";
import { compileReference, memberOf, type Evaluate } from "./references.ts";
import { asMethod, type CallNode, type MethodNode, type Node } from "./tree.ts";
import { boundedArray, toBoolean, toNumber, toText } from "./values.ts";

/** Compiles a tree that `checkExpression` found no problem in. */
export function compileTree(node: Node, environment: Environment): Evaluate {
  return new Compiler(environment, null).compile(node);
}

/** The same, slower, telling of every part that fails for somebody, inner parts first. */
export function compileTraced(
  node: Node,
  environment: Environment,
  tell: (node: Node) => void,
): Evaluate {
  return new Compiler(environment, tell).compile(node);
}

class Compiler {
  readonly #environment: Environment;
  readonly #tell: ((node: Node) => void) | null;

  constructor(environment: Environment, tell: ((node: Node) => void) | null) {
    this.#environment = environment;
    this.#tell = tell;
  }

  readonly compile = (node: Node): Evaluate => {
    const evaluate = this.#compile(node);
    const tell = this.#tell;
    if (tell === null) return evaluate;
    return (scope) => {
      try {
        return evaluate(scope);
      } catch (error) {
        tell(node);
        throw error;
      }
    };
  };

  #compile(node: Node): Evaluate {
    switch (node.kind) {
      case "literal": {
        const { value } = node;
        return () => value;
      }
      case "array": {
        const items = node.items.map(this.compile);
        return (scope) => boundedArray(items.map((item) => item(scope)));
      }
      case "map": {
        const pairs = node.pairs.map(([key, value]) => [key, this.compile(value)] as const);
        return (scope) => {
          const values = pairs.map(([key, value]) => [key, value(scope)] as const);
          return { kind: "map", pairs: new Map(values) };
        };
      }
      case "reference":
        return this.#reference(node.path);
      case "member": {
        const target = this.compile(node.target);
        const { name } = node;
        return (scope) => memberOf(target(scope), name);
      }
      case "projection":
        return projection(this.compile(node.target), node.path);
      case "index":
        return position(this.compile(node.target), this.compile(node.index));
      case "call":
        return this.#call(node);
      case "method":
        return this.#method(node);
      case "not":
      case "minus":
      case "binary":
      case "ternary":
      case "elvis":
        return this.#operator(node);
    }
  }

  #reference(path: readonly string[]): Evaluate {
    const reference = this.#environment.resolve(path);
    if ("code" in reference) throw new Error(`unchecked name ${path.join(".")}`);
    return compileReference(reference);
  }

  #call(node: CallNode): Evaluate {
    const name = node.path.join(".");
    if (name === FILTERED_GROUPS) return this.#filteredGroups(node);
    const entry = FUNCTIONS.get(name);
    if (entry === undefined) return this.#method(asMethod(node));
    const args = node.args.map((argument, i) =>
      this.#argument(argument, entry.parameters[i] ?? entry.rest),
    );
    return bindCall(entry, args);
  }

  #method({ target, name, args }: MethodNode): Evaluate {
    const method = METHODS.get(name);
    if (method === undefined) throw new Error(`unchecked method ${name}`);
    const [receiver, ...parameters] = method.parameters;
    return bindCall(method, [
      this.#argument(target, receiver),
      ...args.map((argument, i) => this.#argument(argument, parameters[i] ?? method.rest)),
    ]);
  }

  /**
   * A single value of a directory's attribute is an array of one where an array is wanted: whether
   * it has commas in it says nothing, as in a DN.
   */
  #argument(node: Node, parameter: Parameter | undefined): Evaluate {
    const asList = parameter?.type === "array" || parameter?.list === true;
    return asList ? this.#list(node) : this.compile(node);
  }

  /** Whatever way a directory's value takes to the place of an array. */
  #list(node: Node): Evaluate {
    if (node.kind === "ternary") {
      const test = this.compile(node.test);
      const then = this.#list(node.then);
      const otherwise = this.#list(node.otherwise);
      return (scope) => (toBoolean(test(scope)) ? then(scope) : otherwise(scope));
    }
    if (node.kind === "elvis") {
      const value = this.compile(node.value);
      const single = this.#isAttribute(node.value);
      const otherwise = this.#list(node.otherwise);
      return (scope) => {
        const first = value(scope);
        if (first === null || first === "") return otherwise(scope);
        return single && typeof first === "string" ? [first] : first;
      };
    }
    const value = this.compile(node);
    if (!this.#isAttribute(node)) return value;
    return (scope) => {
      const found = value(scope);
      return typeof found === "string" ? [found] : found;
    };
  }

  /** An attribute of an app profile, or of another profile. */
  #isAttribute(node: Node): boolean {
    if (node.kind === "member") return true;
    if (node.kind !== "reference") return false;
    const reference = this.#environment.resolve(node.path);
    if ("code" in reference) return false;
    return (
      reference.kind === "app" ||
      (reference.kind === "variable" && OWN.has(reference.path[0]?.toLowerCase() ?? ""))
    );
  }

  #filteredGroups({ args }: CallNode): Evaluate {
    const [ids, , limit] = args.map(this.compile);
    const text = args[1];
    const source = text?.kind === "literal" ? String(text.value) : "";
    const parsed = parseExpression(source);
    if (!parsed.ok || ids === undefined || limit === undefined)
      throw new Error("unchecked groupExpression");
    const each = compileTree(parsed.tree, new GroupEnvironment(this.#environment));
    return (scope) => {
      const wanted = new Set(toArray(ids(scope)).map((id) => toText(id)));
      const found = scope.facts.groups.filter((group) => wanted.has(group.id));
      return found.slice(0, limitOf(limit(scope))).map((group) => {
        return each({ ...scope, locals: new Map([["group", group]]) });
      });
    };
  }

  #operator(node: Node & { kind: "not" | "minus" | "binary" | "ternary" | "elvis" }): Evaluate {
    switch (node.kind) {
      case "not": {
        const operand = this.compile(node.operand);
        return (scope) => !toBoolean(operand(scope));
      }
      case "minus": {
        const operand = this.compile(node.operand);
        return (scope) => finite(-toNumber(operand(scope)));
      }
      case "binary":
        return this.#binary(node);
      case "ternary": {
        const test = this.compile(node.test);
        const then = this.compile(node.then);
        const otherwise = this.compile(node.otherwise);
        return (scope) => (toBoolean(test(scope)) ? then(scope) : otherwise(scope));
      }
      case "elvis": {
        const value = this.compile(node.value);
        const otherwise = this.compile(node.otherwise);
        return (scope) => {
          const first = value(scope);
          return first === null || first === "" ? otherwise(scope) : first;
        };
      }
    }
  }

  #binary(node: Node & { kind: "binary" }): Evaluate {
    if (node.operator === "+") return this.#sum(node);
    const left = this.compile(node.left);
    const right = this.compile(node.right);
    switch (node.operator) {
      case "AND":
        return (scope) => toBoolean(left(scope)) && toBoolean(right(scope));
      case "OR":
        return (scope) => toBoolean(left(scope)) || toBoolean(right(scope));
      case "-":
        return (scope) => finite(toNumber(left(scope)) - toNumber(right(scope)));
      case "*":
        return (scope) => finite(toNumber(left(scope)) * toNumber(right(scope)));
      case "/":
        return (scope) => finite(toNumber(left(scope)) / toNumber(right(scope)));
      case "%":
        return (scope) => finite(toNumber(left(scope)) % toNumber(right(scope)));
      case "==":
        return (scope) => equal(left(scope), right(scope));
      case "!=":
        return (scope) => !equal(left(scope), right(scope));
      case "<":
        return (scope) => (order(left(scope), right(scope)) ?? 0) < 0;
      case ">":
        return (scope) => (order(left(scope), right(scope)) ?? 0) > 0;
      case "<=":
        return (scope) => (order(left(scope), right(scope)) ?? 1) <= 0;
      case ">=":
        return (scope) => (order(left(scope), right(scope)) ?? -1) >= 0;
      case "matches":
        return matching(left, right, node.right);
    }
  }

  /** A chain that begins with text is text all along, and is joined in one go. */
  #sum(node: Node & { kind: "binary" }): Evaluate {
    const parts = summands(node);
    if (!parts.slice(0, 2).some(isText))
      return sum(this.compile(node.left), this.compile(node.right));
    return concatenation(parts.map(this.compile));
  }
}
