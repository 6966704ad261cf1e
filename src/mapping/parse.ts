/**
 * A Pratt parser: each operator has a binding power, and `expression(power)` takes operators as
 * long as they bind more strongly than `power`. Powers, weakest first: ternary and Elvis, OR,
 * AND, comparison, sum, product, prefix; after that come index, member and call.
 */
import { CODES, ExpressionFault, type ExpressionProblem } from "./problem.ts";
import { type Token, tokenize } from "./tokens.ts";
import type { BinaryOperator, Node } from "./tree.ts";

const MAX_DEPTH = 64;
const MAX_NODES = 2000;

const BINARY = new Map<string, { readonly operator: BinaryOperator; readonly power: number }>([
  ["OR", { operator: "OR", power: 2 }],
  ["||", { operator: "OR", power: 2 }],
  ["AND", { operator: "AND", power: 3 }],
  ["&&", { operator: "AND", power: 3 }],
  ["==", { operator: "==", power: 4 }],
  ["!=", { operator: "!=", power: 4 }],
  ["<", { operator: "<", power: 4 }],
  [">", { operator: ">", power: 4 }],
  ["<=", { operator: "<=", power: 4 }],
  [">=", { operator: ">=", power: 4 }],
  ["+", { operator: "+", power: 5 }],
  ["-", { operator: "-", power: 5 }],
  ["*", { operator: "*", power: 6 }],
  ["/", { operator: "/", power: 6 }],
  ["%", { operator: "%", power: 6 }],
]);
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
    if (this.#peek().kind === "end") this.#fail("The expression is empty.", this.#peek());
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
      const otherwise = this.#expression(CONDITION_POWER - 1);
      const place = { start: left.start, end: otherwise.end };
      return this.#node({ kind: "elvis", value: left, otherwise, ...place });
    }
    const then = this.#expression(CONDITION_POWER - 1);
    this.#expect(":", "`test ? value : value` needs a colon here");
    const otherwise = this.#expression(CONDITION_POWER - 1);
    const place = { start: left.start, end: otherwise.end };
    return this.#node({ kind: "ternary", test: left, then, otherwise, ...place });
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
    if (token.text === "{") {
      const { nodes, end } = this.#list("}", "The array is not closed");
      return this.#node({ kind: "array", items: nodes, start: token.start, end });
    }
    if (token.text === "!" || token.text === "-") {
      const operand = this.#expression(PREFIX_POWER);
      const kind = token.text === "!" ? "not" : "minus";
      return this.#node({ kind, operand, start: token.start, end: operand.end });
    }
    if (token.kind === "end") this.#fail("A value is missing at the end.", token);
    return this.#fail(`A value is expected here, not ${token.text}`, token);
  }

  /** A constant, a call `Name.name(…)`, or a reference `name.name`. */
  #name(token: Token): Node {
    const constant = CONSTANTS.get(token.text.toLowerCase());
    if (constant !== undefined) {
      return this.#node({ kind: "literal", value: constant, start: token.start, end: token.end });
    }
    const path = [token.text];
    let end = token.end;
    while (this.#peek().text === "." && this.#peek().kind === "operator") {
      this.#at++;
      const part = this.#next();
      if (part.kind !== "name") this.#fail("A name is expected after the point", part);
      path.push(part.text);
      end = part.end;
    }
    if (this.#isOperator("(")) {
      this.#at++;
      const list = this.#list(")", "The list of arguments is not closed");
      const name = path.join(".");
      return this.#node({
        kind: "call",
        name,
        args: list.nodes,
        start: token.start,
        end: list.end,
      });
    }
    return this.#node({ kind: "reference", path, start: token.start, end });
  }

  #postfix(target: Node): Node {
    let node = target;
    for (;;) {
      if (this.#isOperator("[")) {
        this.#at++;
        const index = this.#expression(0);
        const close = this.#expect("]", "The index is not closed");
        node = this.#node({
          kind: "index",
          target: node,
          index,
          start: node.start,
          end: close.end,
        });
      } else if (this.#isOperator(".")) {
        const message = "Members and methods of a computed value are not supported";
        throw new ExpressionFault(CODES.unsupported, message, this.#peek().start, this.#peek().end);
      } else {
        return node;
      }
    }
  }

  #list(close: string, unclosed: string): { nodes: Node[]; end: number } {
    const nodes: Node[] = [];
    if (this.#isOperator(close)) return { nodes, end: this.#next().end };
    for (;;) {
      nodes.push(this.#expression(0));
      if (!this.#isOperator(",")) break;
      this.#at++;
    }
    return { nodes, end: this.#expect(close, unclosed).end };
  }

  #expect(text: string, message: string): Token {
    const token = this.#next();
    if (token.kind !== "operator" || token.text !== text) {
      this.#fail(`${message}: ${text} is expected`, token);
    }
    return token;
  }

  #failAtOperator(token: Token): never {
    if (token.text === "=") this.#fail("Use == to compare", token);
    if (token.text.toLowerCase() === "matches") {
      const message = "The operator `matches` is not supported";
      throw new ExpressionFault(CODES.unsupported, message, token.start, token.end);
    }
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
