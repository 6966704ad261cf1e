import { closest } from "../lib/lines.ts";
import { FUNCTIONS, signature, type ExpressionFunction, type Type } from "./functions.ts";
import { CODES, type ExpressionProblem } from "./problem.ts";
import type { Node } from "./tree.ts";

/** The names that an expression may begin a reference with; each means the app profile. */
export type Roots = ReadonlySet<string>;

export interface Checked {
  readonly type: Type;
  readonly problems: readonly ExpressionProblem[];
}

/** Finds every fault of a tree that can be seen without a person's data, and the result's type. */
export function checkExpression(tree: Node, roots: Roots): Checked {
  const problems: ExpressionProblem[] = [];
  const type = new Checker(roots, problems).type(tree);
  return { type, problems };
}

class Checker {
  readonly #roots: Roots;
  readonly #problems: ExpressionProblem[];

  constructor(roots: Roots, problems: ExpressionProblem[]) {
    this.#roots = roots;
    this.#problems = problems;
  }

  type(node: Node): Type {
    switch (node.kind) {
      case "literal":
        return node.value === null ? "null" : (typeof node.value as Type);
      case "array":
        for (const item of node.items) this.type(item);
        return "array";
      case "reference":
        return this.#reference(node);
      case "index":
        this.type(node.target);
        this.#want("number", node.index, "A position is a number");
        return "any";
      case "call":
        return this.#call(node);
      case "not":
        this.#want("boolean", node.operand, "`!` needs a condition");
        return "boolean";
      case "minus":
        this.#want("number", node.operand, "`-` needs a number");
        return "number";
      case "binary":
        return this.#binary(node);
      case "ternary":
        this.#want("boolean", node.test, "What stands before `?` must be a condition");
        return union(this.type(node.then), this.type(node.otherwise));
      case "elvis":
        return union(this.type(node.value), this.type(node.otherwise));
    }
  }

  #reference(node: Node & { kind: "reference" }): Type {
    const [root = "", ...rest] = node.path;
    if (this.#roots.has(root.toLowerCase())) {
      if (rest.length === 1) return "any";
      const message =
        rest.length === 0
          ? `${root} alone has no value; name an attribute: ${root}.NAME`
          : `An attribute has no parts: ${node.path.join(".")}`;
      this.#add(CODES.unknownName, message, node);
      return "any";
    }
    this.#add(CODES.unknownName, this.#unknownReference(root, node.path), node);
    return "any";
  }

  #unknownReference(root: string, path: readonly string[]): string {
    if (root === "user") {
      return "`user` is the user profile, which exists only in mappings from Okta to an application; here use appuser.NAME";
    }
    if (path.length === 1) return `${root} is not known here; do you mean appuser.${root}?`;
    const meant = closest(root, this.#roots);
    const hint = meant === undefined ? "use appuser.NAME" : `do you mean ${meant}?`;
    return `${root} is not known here; ${hint}`;
  }

  #call(node: Node & { kind: "call" }): Type {
    const entry = FUNCTIONS.get(node.name);
    if (entry === undefined) {
      for (const argument of node.args) this.type(argument);
      const meant = closest(node.name, FUNCTIONS.keys());
      const hint = meant === undefined ? "" : `; do you mean ${meant}?`;
      this.#add(CODES.unknownFunction, `There is no function ${node.name}${hint}`, node);
      return "any";
    }
    this.#argumentCount(node, entry);
    node.args.forEach((argument, i) => {
      const parameter = entry.parameters[i] ?? entry.rest;
      if (parameter === undefined) this.type(argument);
      else this.#want(parameter.type, argument, `${parameter.name} of ${entry.name}`);
    });
    return entry.returns;
  }

  #argumentCount(node: Node & { kind: "call" }, entry: ExpressionFunction): void {
    const least = entry.parameters.length;
    const given = node.args.length;
    const more = given - least;
    const fits =
      more === 0 || (more > 0 && entry.rest !== undefined && more % entry.rest.every === 0);
    if (fits) return;
    const message = `${entry.name} is called with ${given} arguments; it is ${signature(entry)}`;
    this.#add(CODES.argumentCount, message, node);
  }

  #binary(node: Node & { kind: "binary" }): Type {
    switch (node.operator) {
      case "AND":
      case "OR":
        this.#want("boolean", node.left, `${node.operator} needs conditions`);
        this.#want("boolean", node.right, `${node.operator} needs conditions`);
        return "boolean";
      case "+": {
        const left = this.type(node.left);
        const right = this.type(node.right);
        if (left === "array" || right === "array") {
          this.#add(CODES.type, "Arrays cannot be added", node);
        }
        if (left === "number" && right === "number") return "number";
        return left === "string" || right === "string" ? "string" : "any";
      }
      case "-":
      case "*":
      case "/":
      case "%":
        this.#want("number", node.left, `${node.operator} needs numbers`);
        this.#want("number", node.right, `${node.operator} needs numbers`);
        return "number";
      case "==":
      case "!=":
      case "<":
      case ">":
      case "<=":
      case ">=":
        this.type(node.left);
        this.type(node.right);
        return "boolean";
    }
  }

  #want(wanted: Type, node: Node, what: string): void {
    const type = this.type(node);
    if (type === wanted || type === "any" || type === "null" || wanted === "any") return;
    if (wanted === "string" && (type === "number" || type === "boolean")) return;
    this.#add(CODES.type, `${what}: this is of type ${type}, wanted is ${wanted}`, node);
  }

  #add(code: ExpressionProblem["code"], message: string, node: Node): void {
    this.#problems.push({ code, message, start: node.start, end: node.end });
  }
}

function union(a: Type, b: Type): Type {
  if (a === b || b === "null") return a;
  return a === "null" ? b : "any";
}
