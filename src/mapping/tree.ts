interface Place {
  readonly start: number;
  readonly end: number;
}

export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "=="
  | "!="
  | "<"
  | ">"
  | "<="
  | ">="
  | "matches"
  | "AND"
  | "OR";

/** The tree of an expression. Every node knows its place in the text. */
export type Node = Place &
  (
    | { readonly kind: "literal"; readonly value: string | number | boolean | null }
    | { readonly kind: "array"; readonly items: readonly Node[] }
    | { readonly kind: "map"; readonly pairs: readonly (readonly [key: string, value: Node])[] }
    | { readonly kind: "reference"; readonly path: readonly string[] }
    /** A member of a computed value; a member of a name is part of the reference. */
    | { readonly kind: "member"; readonly target: Node; readonly name: string }
    | { readonly kind: "index"; readonly target: Node; readonly index: Node }
    /** `.![path]`: the member of every item. */
    | { readonly kind: "projection"; readonly target: Node; readonly path: readonly string[] }
    /**
     * A function by its name with points; or, if there is none of that name, a method of the
     * reference before the last point. The name ends at `nameEnd`.
     */
    | CallNode
    | MethodNode
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

export interface CallNode extends Place {
  readonly kind: "call";
  readonly path: readonly string[];
  readonly nameEnd: number;
  readonly args: readonly Node[];
}

/** A method of a value: `target.name(…)`. */
export interface MethodNode extends Place {
  readonly kind: "method";
  readonly target: Node;
  readonly name: string;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly args: readonly Node[];
}

/** A call that is a method of a reference: `appuser.mail.length()`. */
export function asMethod({ path, nameEnd, args, start, end }: CallNode): MethodNode {
  const name = path.at(-1) ?? "";
  const nameStart = nameEnd - name.length;
  const target: Node = { kind: "reference", path: path.slice(0, -1), start, end: nameStart - 1 };
  return { kind: "method", target, name, nameStart, nameEnd, args, start, end };
}
