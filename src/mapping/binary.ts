/** Binary operators as they are written, with how strongly each binds. */
import type { BinaryOperator } from "./tree.ts";

export const BINARY = new Map<
  string,
  { readonly operator: BinaryOperator; readonly power: number }
>([
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
  ["MATCHES", { operator: "matches", power: 4 }],
  // The words that the language this one is a part of (SpEL) has for the signs.
  ["EQ", { operator: "==", power: 4 }],
  ["NE", { operator: "!=", power: 4 }],
  ["LT", { operator: "<", power: 4 }],
  ["GT", { operator: ">", power: 4 }],
  ["LE", { operator: "<=", power: 4 }],
  ["GE", { operator: ">=", power: 4 }],
]);
