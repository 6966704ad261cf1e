import type { Facts, Needs } from "../scope.ts";
import type { Value } from "../values.ts";

export type Type =
  | "string"
  | "number"
  | "boolean"
  | "array"
  | "null"
  | "any"
  | "dateTime"
  | "country"
  | "record"
  | "map";

export interface Parameter {
  readonly name: string;
  readonly type: Type;
  /** Why a constant in this place is wrong; null if it is right. */
  readonly fault?: (text: string) => string | null;
  /** The keys that a map in this place may have, and the texts that a key may have. */
  readonly keys?: ReadonlyMap<string, readonly string[] | null>;
  /** One value of an attribute is an array of one here; always so where the type is array. */
  readonly list?: true;
  /** It names what has to be looked up before: a directory, or whom an attribute names. */
  readonly names?: "directory" | "application" | "relation";
}

/** An example of the documentation, which the tests evaluate. */
export type Example = readonly [expression: string, gives: unknown];

/** A function of the expression language: one shape for all, in one table. */
export interface ExpressionFunction {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** How many of the last parameters may be left out. */
  readonly optional?: number;
  /** Type and name of further arguments, taken any number of times (in groups of `every`). */
  readonly rest?: Parameter & { readonly every: number };
  readonly returns: Type;
  /** Whether the record is a user profile, whose attributes are known. */
  readonly returnsUser?: true;
  readonly describe: string;
  readonly examples: readonly Example[];
  /** The value. A function that needs more than its arguments gets the facts before them. */
  readonly evaluate: (...args: Value[]) => Value;
  readonly evaluateIn?: (facts: Facts, ...args: Value[]) => Value;
  /** What has to be known before; arguments that are no constants are null. */
  readonly needs?: (constants: readonly (string | null)[]) => Partial<Needs>;
}

/** A method: its first parameter is the value before the point, of one of these types. */
export interface Method extends ExpressionFunction {
  readonly on: readonly Type[];
}

/** The part of a function that does not look at the facts. */
export function inFacts(
  evaluateIn: NonNullable<ExpressionFunction["evaluateIn"]>,
): Pick<ExpressionFunction, "evaluate" | "evaluateIn"> {
  return {
    evaluateIn,
    evaluate: () => {
      throw new Error("evaluated without facts");
    },
  };
}

/** "String.append(input, suffix)": how a function is called. */
export function signature({ name, parameters, optional = 0, rest }: ExpressionFunction): string {
  const least = parameters.length - optional;
  const names = parameters.map((parameter, i) => {
    if (i < least) return parameter.name;
    return i === 0 ? `[${parameter.name}]` : `[, ${parameter.name}]`;
  });
  const text = names.reduce(
    (all, one) => (one.startsWith("[") || all === "" ? all + one : `${all}, ${one}`),
    "",
  );
  const more = rest === undefined ? "" : `${text === "" ? "" : ", "}${rest.name}…`;
  return `${name}(${text}${more})`;
}

/** As it stands behind a value: ".substring(startIndex[, endIndex])". */
export function methodSignature(method: Method): string {
  const { parameters, name, ...others } = method;
  return signature({ ...others, parameters: parameters.slice(1), name: `.${name}` });
}
