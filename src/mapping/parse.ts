/**
 * A Pratt parser: each operator has a binding power, and `expression(power)` takes operators as
 * long as they bind more strongly than `power`. Powers, weakest first: ternary and Elvis, OR,
 * AND, comparison, sum, product, prefix; after that come index, member and call.
 */
import { BINARY } from "./binary.ts";
import { CODES, ExpressionFault, type ExpressionProblem } from "./problem.ts";
import { type Token, tokenize } from "./tokens.ts";
import type { Node } from "./tree.ts";

const MAX_DEPTH = 200;
const MAX_NODES = 2000;

/** What SpEL has and this language leaves out. */
const UNSUPPORTED = new Set(["instanceof", "between"]);
const CONDITION_POWER = 1;
const PREFIX_POWER = 7;
const CONSTANTS = new Map<string, boolean | null>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

export type ParseResult =
  | { readonly ok: true; readonly tree: Node }
  | { readonly ok: false; readonly problem: ExpressionProblem };

/** Parses one expression; a fault is returned with its position, never thrown. */
export function parseExpression(source: string): ParseResult {
  try {
    return { ok: true, tree: new Parser(tokenize(source)).parse() };
  } catch (error) {
    if (error instanceof ExpressionFault) return { ok: false, problem: error.problem };
    throw error;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #nodes = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Node {
    if (this.#peek().kind === "end")
      this.#fail("The expression is empty; to clear the attribute write '\"\"'", this.#peek());
    const tree = this.#expression(0);
    const rest = this.#peek();
    if (rest.kind !== "end") this.#failAtOperator(rest);
    return tree;
  }

  #expression(power: number): Node {
    if (++this.#depth > MAX_DEPTH) {
      this.#fail(`The expression is nested more than ${MAX_DEPTH} deep.`, this.#peek());
    }
    let left = this.#postfix(this.#prefix());
    for (;;) {
      const token = this.#peek();
      const next = this.#infix(left, token, power);
      if (next === null) break;
      left = next;
    }
    this.#depth--;
    return left;
  }

  #infix(left: Node, token: Token, power: number): Node | null {
    if (token.kind !== "operator" && token.kind !== "name") return null;
    if (token.text === "?" || token.text === "?:") {
      return power >= CONDITION_POWER ? null : this.#conditional(left, token);
    }
    const binary = BINARY.get(token.kind === "name" ? token.text.toUpperCase() : token.text);
    if (binary === undefined || binary.power <= power) return null;
    this.#at++;
    const right = this.#expression(binary.power);
    const place = { start: left.start, end: right.end };
    return this.#node({ kind: "binary", operator: binary.operator, left, right, ...place });
  }

  /** `test ? then : otherwise` and `value ?: otherwise`, both grouping to the right. */
  #conditional(left: Node, token: Token): Node {
    this.#at++;
    if (token.text === "?:") {
      const otherwise = this.#otherwise();
      const place = { start: left.start, end: otherwise.end };
      return this.#node({ kind: "elvis", value: left, otherwise, ...place });
    }
    const then = this.#expression(CONDITION_POWER - 1);
    this.#expect(":", "`test ? value : value` needs a colon here");
    const otherwise = this.#otherwise();
    const place = { start: left.start, end: otherwise.end };
    return this.#node({ kind: "ternary", test: left, then, otherwise, ...place });
  }

  /** A long list of conditions one after the other is not deep for who reads it. */
  #otherwise(): Node {
    this.#depth--;
    const node = this.#expression(CONDITION_POWER - 1);
    this.#depth++;
    return node;
  }

  #prefix(): Node {
    const token = this.#next();
    const place = { start: token.start, end: token.end };
    if (token.kind === "string")
      return this.#node({ kind: "literal", value: token.text, ...place });
    if (token.kind === "number") {
      if (!Number.isFinite(Number(token.text))) this.#fail("The number is too large", token);
      return this.#node({ kind: "literal", value: Number(token.text), ...place });
    }
    if (token.kind === "name") return this.#name(token);
    if (token.text === "(") {
      const inner = this.#expression(0);
      this.#expect(")", "The parenthesis is not closed");
      return inner;
    }
    if (token.text === "{") return this.#braces(token);
    if (token.text === "!" || token.text === "-") {
      const operand = this.#expression(PREFIX_POWER);
      const kind = token.text === "!" ? "not" : "minus";
      return this.#node({ kind, operand, start: token.start, end: operand.end });
    }
    if (token.kind === "end") this.#fail("A value is missing at the end.", token);
    return this.#fail(`A value is expected here, not ${token.text}`, token);
  }

  /** An array `{1, 2}`, or a map `{'key': value}`. */
  #braces(open: Token): Node {
    if (this.#isOperator("}")) {
      return this.#node({ kind: "array", items: [], start: open.start, end: this.#next().end });
    }
    const first = this.#expression(0);
    if (this.#isOperator(":")) return this.#map(open, first);
    const { nodes, end } = this.#list("}", "The array is not closed", [first]);
    return this.#node({ kind: "array", items: nodes, start: open.start, end });
  }

  #map(open: Token, firstKey: Node): Node {
    const pairs: (readonly [string, Node])[] = [];
    for (let key = firstKey; ; key = this.#expression(0)) {
      const place = { kind: "operator", text: "", start: key.start, end: key.end } as const;
      if (key.kind !== "literal" || typeof key.value !== "string")
        return this.#fail("The keys of a map are texts in quotes", place);
      this.#expect(":", "A key of a map is followed by its value");
      pairs.push([key.value, this.#expression(0)]);
      if (!this.#isOperator(",")) break;
      this.#at++;
    }
    const { end } = this.#expect("}", "The map is not closed");
    return this.#node({ kind: "map", pairs, start: open.start, end });
  }

  /** A constant, or the beginning of a reference or of a function's name. */
  #name(token: Token): Node {
    const { start, end } = token;
    const constant = CONSTANTS.get(token.text.toLowerCase());
    if (constant !== undefined && !this.#isOperator("("))
      return this.#node({ kind: "literal", value: constant, start, end });
    const name: Node = { kind: "reference", path: [token.text], start, end };
    if (!this.#isOperator("(")) return this.#node(name);
    return this.#callOf(name, end);
  }

  /** Whatever stands behind a value: `[index]`, `.member`, `.method(…)`, `.![projection]`. */
  #postfix(target: Node): Node {
    let node = target;
    for (;;) {
      if (this.#isOperator("[")) {
        this.#at++;
        const index = this.#expression(0);
        const { end } = this.#expect("]", "The index is not closed");
        const name = attributeIn(node, index);
        if (name !== null) {
          node = this.#node({ kind: "reference", path: [...name], start: node.start, end });
          continue;
        }
        node = this.#node({ kind: "index", target: node, index, start: node.start, end });
      } else if (this.#isOperator(".") || this.#isOperator("?.")) {
        this.#at++;
        node = this.#isOperator("!") ? this.#projection(node) : this.#member(node);
      } else {
        return node;
      }
    }
  }

  #member(target: Node): Node {
    const part = this.#next();
    if (part.kind !== "name") this.#fail("A name is expected after the point", part);
    const { text: name, end } = part;
    const { start } = target;
    if (target.kind === "reference") {
      const path = [...target.path, name];
      const longer: Node = { kind: "reference", path, start, end };
      return this.#isOperator("(") ? this.#callOf(longer, end) : this.#node(longer);
    }
    if (!this.#isOperator("(")) return this.#node({ kind: "member", target, name, start, end });
    const list = this.#arguments();
    const place = { nameStart: part.start, nameEnd: end, start, end: list.end };
    return this.#node({ kind: "method", target, name, args: list.nodes, ...place });
  }

  #callOf({ path, start }: Node & { readonly kind: "reference" }, nameEnd: number): Node {
    const { nodes: args, end } = this.#arguments();
    return this.#node({ kind: "call", path, nameEnd, args, start, end });
  }

  #arguments(): { nodes: Node[]; end: number } {
    this.#at++;
    if (this.#isOperator(")")) return { nodes: [], end: this.#next().end };
    const unclosed = "The list of arguments is not closed";
    return this.#list(")", unclosed, [this.#expression(0)]);
  }

  #projection(target: Node): Node {
    this.#at++;
    this.#expect("[", "A projection is written `.![name]`");
    const path: string[] = [];
    do {
      if (path.length > 0) this.#at++;
      const part = this.#next();
      if (part.kind !== "name") this.#fail("A name is expected here", part);
      path.push(part.text);
    } while (this.#isOperator("."));
    const { end } = this.#expect("]", "The projection is not closed");
    return this.#node({ kind: "projection", target, path, start: target.start, end });
  }

  /** Further items of a list, up to its end. */
  #list(close: string, unclosed: string, nodes: Node[]): { nodes: Node[]; end: number } {
    while (this.#isOperator(",")) {
      this.#at++;
      nodes.push(this.#expression(0));
    }
    return { nodes, end: this.#expect(close, unclosed).end };
  }

  #expect(text: string, message: string): Token {
    const token = this.#next();
    if (token.kind !== "operator" || token.text !== text) {
      this.#failAtSlip(token);
      this.#fail(`${message}: ${text} is expected`, token);
    }
    return token;
  }

  /** What people write who know other languages. */
  #failAtSlip(token: Token): void {
    if (token.text === "=") this.#fail("Use == to compare", token);
    if (UNSUPPORTED.has(token.text.toLowerCase())) {
      const message = `\`${token.text}\` is not part of the language`;
      throw new ExpressionFault(CODES.unsupported, message, token.start, token.end);
    }
  }

  #failAtOperator(token: Token): never {
    this.#failAtSlip(token);
    return this.#fail(`Unexpected ${token.kind === "string" ? "string" : token.text}`, token);
  }

  #fail(message: string, token: Token): never {
    throw new ExpressionFault(CODES.syntax, message, token.start, token.end);
  }

  #node(node: Node): Node {
    if (++this.#nodes > MAX_NODES) {
      const message = `The expression has more than ${MAX_NODES} parts.`;
      throw new ExpressionFault(CODES.syntax, message, node.start, node.end);
    }
    return node;
  }

  #isOperator(text: string): boolean {
    const token = this.#peek();
    return token.kind === "operator" && token.text === text;
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }
}

/** `appuser['msDS-cloudExtensionAttribute1']`: names that cannot stand behind a point. */
function attributeIn(target: Node, index: Node): readonly string[] | null {
  if (target.kind !== "reference" || target.path.length !== 1) return null;
  if (index.kind !== "literal" || typeof index.value !== "string") return null;
  return [...target.path, index.value];
}
