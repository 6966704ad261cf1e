/** The value of an expression. A missing attribute is null. */
export type Value = string | number | boolean | null | readonly Value[];

interface Place {
  readonly start: number;
  readonly end: number;
}

export type BinaryOperator =
  | "+" | "-" | "*" | "/" | "%"
  | "==" | "!=" | "<" | ">" | "<=" | ">="
  | "AND" | "OR"; // prettier-ignore

/** The tree of an expression. Every node knows its place in the text. */
export type Node = Place &
  (
    | { readonly kind: "literal"; readonly value: string | number | boolean | null }
    | { readonly kind: "array"; readonly items: readonly Node[] }
    | { readonly kind: "reference"; readonly path: readonly string[] }
    | { readonly kind: "index"; readonly target: Node; readonly index: Node }
    | { readonly kind: "call"; readonly name: string; readonly args: readonly Node[] }
    | { readonly kind: "not" | "minus"; readonly operand: Node }
    | {
        readonly kind: "binary";
        readonly operator: BinaryOperator;
        readonly left: Node;
        readonly right: Node;
      }
    | {
        readonly kind: "ternary";
        readonly test: Node;
        readonly then: Node;
        readonly otherwise: Node;
      }
    | { readonly kind: "elvis"; readonly value: Node; readonly otherwise: Node }
  );
