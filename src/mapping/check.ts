/** Finds every fault of a tree that can be seen without a person's data, and what it needs. */
import { closest } from "../lib/lines.ts";
import { described, functionHint, union } from "./check-words.ts";
import { type Environment, GroupEnvironment } from "./environment.ts";
import {
  methodSignature,
  signature,
  type ExpressionFunction,
  type Parameter,
  type Type,
} from "./functions/definition.ts";
import { FILTERED_GROUPS, FUNCTIONS, METHODS } from "./functions/table.ts";
import { parseExpression } from "./parse.ts";
import { patternFault } from "./patterns.ts";
import { CODES, type ExpressionProblem } from "./problem.ts";
import type { Needs } from "./scope.ts";
import { asMethod, type CallNode, type MethodNode, type Node } from "./tree.ts";

/** An attribute of an app profile that an expression reads. */
export interface Read {
  /** The directory, or its type; null: the one that is mapped. */
  readonly source: string | null;
  readonly attribute: string;
  /** The place of its name. */
  readonly start: number;
  readonly end: number;
}

export interface Checked {
  readonly type: Type;
  readonly problems: readonly ExpressionProblem[];
  readonly reads: readonly Read[];
  readonly needs: Needs;
}

export function checkExpression(tree: Node, environment: Environment): Checked {
  const checker = new Checker(environment);
  const type = checker.type(tree);
  const { problems, reads, groups, related } = checker;
  return { type, problems, reads, needs: { groups, related } };
}

/** What is taken where another type is wanted, besides the type itself. */
const ACCEPTED: Readonly<Partial<Record<Type, readonly Type[]>>> = {
  string: ["number", "boolean", "dateTime", "country"],
  array: ["string"],
  dateTime: ["string"],
  country: ["string"],
};

class Checker {
  readonly problems: ExpressionProblem[] = [];
  readonly reads: Read[] = [];
  readonly related: Needs["related"][number][] = [];
  readonly #environment: Environment;
  groups = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  type(node: Node): Type {
    switch (node.kind) {
      case "literal":
        return node.value === null ? "null" : (typeof node.value as Type);
      case "array":
        for (const item of node.items) this.type(item);
        return "array";
      case "map":
        for (const [, value] of node.pairs) this.type(value);
        return "map";
      case "reference":
        return this.#reference(node);
      case "member":
        return this.#member(node);
      case "projection":
        this.#want("array", node.target, "A projection needs an array");
        return "array";
      case "index":
        this.#want("array", node.target, "A position needs an array");
        this.#want("number", node.index, "A position is a number");
        return "any";
      case "call":
        return this.#call(node);
      case "method":
        return this.#method(node);
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
    const meant = this.#environment.resolve(node.path);
    if ("code" in meant) this.#add(meant.code, meant.message, node);
    else if (meant.kind === "app") {
      const { source, attribute } = meant;
      this.reads.push({ source, attribute, start: node.start, end: node.end });
    } else if (meant.kind === "organisation") return "string";
    return "any";
  }

  #member(node: Node & { kind: "member" }): Type {
    const type = this.type(node.target);
    const called = node.target.kind === "call" ? FUNCTIONS.get(node.target.path.join(".")) : null;
    const fault = called?.returnsUser === true ? this.#environment.userFault(node.name) : null;
    if (fault !== null)
      this.#addAt(CODES.unknownName, fault, node.end - node.name.length, node.end);
    if (type !== "any" && type !== "record" && type !== "null") {
      const message = `${node.name}: ${described(type)} has no members; a function is called with parentheses`;
      this.#add(CODES.type, message, node);
    }
    return "any";
  }

  #call(node: CallNode): Type {
    const name = node.path.join(".");
    const entry = FUNCTIONS.get(name);
    if (entry === undefined && node.path.length > 1 && this.#isValue(node.path.slice(0, -1)))
      return this.#method(asMethod(node));
    if (entry === undefined) {
      for (const argument of node.args) this.type(argument);
      this.#addAt(
        CODES.unknownFunction,
        `There is no function ${name}${functionHint(name)}`,
        node.start,
        node.nameEnd,
      );
      return "any";
    }
    this.#argumentCount(node.args.length, entry, node);
    this.#arguments(node.args, entry, entry.parameters);
    const constants = node.args.map((argument) =>
      argument.kind === "literal" && typeof argument.value === "string" ? argument.value : null,
    );
    const needs = entry.needs?.(constants);
    if (needs?.groups === true) this.groups = true;
    this.related.push(...(needs?.related ?? []));
    if (name === FILTERED_GROUPS) this.#groupExpression(node);
    return entry.returns;
  }

  /** Whether a path that a method may stand behind is meant as a value. */
  #isValue(path: readonly string[]): boolean {
    const meant = this.#environment.resolve(path);
    return !("code" in meant) || path.length > 1;
  }

  #method(node: MethodNode): Type {
    const method = METHODS.get(node.name);
    const type = this.type(node.target);
    if (method === undefined) {
      for (const argument of node.args) this.type(argument);
      const meant = closest(node.name, METHODS.keys());
      const hint = meant === undefined ? "" : `; do you mean ${meant}()?`;
      this.#addAt(
        CODES.unknownFunction,
        `There is no method ${node.name}()${hint}`,
        node.nameStart,
        node.nameEnd,
      );
      return "any";
    }
    if (type !== "any" && type !== "null" && !method.on.includes(type)) {
      const message = `${method.name}() is a method of ${method.on.map(described).join(" or ")}, and this is ${described(type)}`;
      this.#add(CODES.type, message, node.target);
    }
    const shape = { ...method, parameters: method.parameters.slice(1) };
    this.#argumentCount(node.args.length, shape, node, methodSignature(method));
    this.#arguments(node.args, shape, shape.parameters);
    return method.returns;
  }

  #arguments(
    args: readonly Node[],
    entry: ExpressionFunction,
    parameters: readonly Parameter[],
  ): void {
    for (const [i, argument] of args.entries()) {
      const parameter = parameters[i] ?? entry.rest;
      if (parameter === undefined) {
        this.type(argument);
        continue;
      }
      this.#want(parameter.type, argument, `${parameter.name} of ${entry.name}`);
      this.#constant(parameter, argument);
    }
  }

  /** What can be said of an argument that is a constant. */
  #constant(parameter: Parameter, node: Node): void {
    if (node.kind === "map") this.#mapKeys(parameter, node);
    const { names } = parameter;
    if (node.kind !== "literal" || typeof node.value !== "string") {
      if (names === undefined || names === "application" || !this.#environment.needsConstants)
        return;
      const message = `The ${parameter.name} is a text in quotes, because it is looked up before`;
      this.#add(CODES.unsupported, message, node);
      return;
    }
    const { value } = node;
    const isDirectory = names === "directory" || (names === "application" && value !== "OKTA");
    const fault = isDirectory
      ? this.#environment.sourceFault(value)
      : (parameter.fault?.(value) ?? null);
    if (fault !== null) this.#add(CODES.type, fault, node);
  }

  #mapKeys({ keys, name }: Parameter, { pairs }: Node & { kind: "map" }): void {
    for (const [key, value] of keys === undefined ? [] : pairs) {
      const allowed = keys?.get(key);
      if (allowed === undefined) {
        const known = [...(keys?.keys() ?? [])].join(", ");
        this.#add(CODES.type, `${key} is no key of ${name}; there are ${known}`, value);
      } else if (
        allowed !== null &&
        value.kind === "literal" &&
        !allowed.includes(String(value.value))
      ) {
        this.#add(CODES.type, `${key} is ${allowed.join(" or ")}`, value);
      }
    }
  }

  #argumentCount(
    given: number,
    entry: ExpressionFunction,
    node: Node,
    called = signature(entry),
  ): void {
    const most = entry.parameters.length;
    const more = given - most;
    const fits =
      (more <= 0 && more >= -(entry.optional ?? 0)) ||
      (more > 0 && entry.rest !== undefined && more % entry.rest.every === 0);
    if (fits) return;
    const number = given === 1 ? "1 argument" : `${given} arguments`;
    this.#add(CODES.argumentCount, `${entry.name} is called with ${number}; it is ${called}`, node);
  }

  /** The second argument of getFilteredGroups: an expression inside of a text. */
  #groupExpression({ args }: CallNode): void {
    const inner = args[1];
    if (inner === undefined) return;
    if (inner.kind !== "literal" || typeof inner.value !== "string") {
      this.#add(
        CODES.unsupported,
        `The groupExpression of ${FILTERED_GROUPS} is a text in quotes`,
        inner,
      );
      return;
    }
    const parsed = parseExpression(inner.value);
    if (!parsed.ok) {
      this.#add(parsed.problem.code, `In the groupExpression: ${parsed.problem.message}`, inner);
      return;
    }
    if (inner.value.includes(FILTERED_GROUPS)) {
      this.#add(
        CODES.unsupported,
        `A groupExpression cannot have another ${FILTERED_GROUPS} in it`,
        inner,
      );
      return;
    }
    const found = checkExpression(parsed.tree, new GroupEnvironment(this.#environment));
    for (const { code, message } of found.problems)
      this.#add(code, `In the groupExpression: ${message}`, inner);
    const { start, end } = inner;
    this.reads.push(...found.reads.map((read) => ({ ...read, start, end })));
    this.related.push(...found.needs.related);
  }

  #binary(node: Node & { kind: "binary" }): Type {
    const { operator, left, right } = node;
    switch (operator) {
      case "AND":
      case "OR":
        this.#want("boolean", left, `${operator} needs conditions`);
        this.#want("boolean", right, `${operator} needs conditions`);
        return "boolean";
      case "+":
        return this.#sum(node);
      case "-":
      case "*":
      case "/":
      case "%":
        this.#want("number", left, `${operator} needs numbers`);
        this.#want("number", right, `${operator} needs numbers`);
        return "number";
      case "matches":
        this.#want("string", left, "matches needs a text");
        this.#want("string", right, "matches needs a regular expression in quotes");
        this.#constant({ name: "pattern", type: "string", fault: patternFault }, right);
        return "boolean";
      case "==":
      case "!=":
      case "<":
      case ">":
      case "<=":
      case ">=":
        this.type(left);
        this.type(right);
        return "boolean";
    }
  }

  #sum(node: Node & { kind: "binary" }): Type {
    const types = [this.type(node.left), this.type(node.right)];
    const wrong = types.find((type) => type === "array" || type === "map" || type === "record");
    if (wrong !== undefined) {
      const hint = wrong === "array" ? "; use Arrays.flatten, or Arrays.toCsvString for text" : "";
      this.#add(CODES.type, `${described(wrong)} cannot be added${hint}`, node);
    }
    if (types.every((type) => type === "number")) return "number";
    return types.includes("string") ? "string" : "any";
  }

  #want(wanted: Type, node: Node, what: string): void {
    const type = this.type(node);
    if (type === wanted || type === "any" || type === "null" || wanted === "any") return;
    if (ACCEPTED[wanted]?.includes(type) === true) return;
    this.#add(CODES.type, `${what}: this is of type ${type}, wanted is ${wanted}`, node);
  }

  #add(code: ExpressionProblem["code"], message: string, { start, end }: Node): void {
    this.#addAt(code, message, start, end);
  }

  #addAt(code: ExpressionProblem["code"], message: string, start: number, end: number): void {
    this.problems.push({ code, message, start, end });
  }
}
