import { equal } from "../operators.ts";
import { EvaluationError } from "../problem.ts";
import {
  joined,
  boundedArray,
  isArray,
  MAX_ITEMS,
  toIndex,
  toText,
  type Value,
} from "../values.ts";
import type { ExpressionFunction, Parameter } from "./definition.ts";

const ARRAY: Parameter = { name: "array", type: "array" };
const VALUE: Parameter = { name: "value", type: "any" };

/**
 * Whatever stands where an array is expected: null is an empty one, text is a list of values with
 * commas between them, anything else is an array of one.
 */
export function toArray(value: Value | undefined): readonly Value[] {
  if (isArray(value)) return value;
  if (value === null || value === undefined) return [];
  return typeof value === "string" ? fromCsv(value) : [value];
}

/** Spaces around a value do not count; what is written as a number is one. */
function fromCsv(text: string): readonly Value[] {
  if (text.trim() === "") return [];
  return text.split(",").map((part) => {
    const item = part.trim();
    return item !== "" && String(Number(item)) === item && Number.isFinite(Number(item))
      ? Number(item)
      : item;
  });
}

export function add(array: Value, value: Value): Value {
  return boundedArray([...toArray(array), value]);
}

export function remove(array: Value, value: Value): Value {
  return toArray(array).filter((item) => !equal(item, value));
}

export function contains(array: Value, value: Value): Value {
  const isText = typeof value === "string";
  for (const item of toArray(array)) {
    if (item === value) return true;
    // Different texts are different; only values of another kind have to be compared.
    if (!(isText && typeof item === "string") && equal(item, value)) return true;
  }
  return false;
}

export function size(array: Value): Value {
  return toArray(array).length;
}

export function flatten(...values: Value[]): Value {
  const all: Value[] = [];
  const visit = (value: Value): void => {
    if (isArray(value)) for (const item of value) visit(item);
    else if (value !== null) all.push(value);
    if (all.length > MAX_ITEMS)
      throw new EvaluationError(`The result has more than ${MAX_ITEMS} values.`);
  };
  for (const value of values) visit(toArray(value));
  return all;
}

function get(array: Value, position: Value): Value {
  return toArray(array)[toIndex(position)] ?? null;
}

function toCsv(array: Value): Value {
  if (typeof array === "string") return array;
  return joined(
    toArray(array).map((item) => toText(item) ?? ""),
    ",",
  );
}

export const ARRAYS: readonly ExpressionFunction[] = [
  {
    name: "Arrays.add",
    parameters: [ARRAY, VALUE],
    returns: "array",
    describe: "the array with value at its end",
    examples: [
      ["Arrays.add({10, 20, 30}, 40)", [10, 20, 30, 40]],
      ["Arrays.add(Arrays.toCsvString({}), appuser.department)", ["Engines"]],
    ],
    evaluate: add,
  },
  {
    name: "Arrays.remove",
    parameters: [ARRAY, VALUE],
    returns: "array",
    describe: "the array without value, wherever it stands",
    examples: [["Arrays.remove({10, 20, 30}, 20)", [10, 30]]],
    evaluate: remove,
  },
  {
    name: "Arrays.clear",
    parameters: [ARRAY],
    returns: "array",
    describe: "an empty array",
    examples: [["Arrays.clear({10, 20, 30})", []]],
    evaluate: () => [],
  },
  {
    name: "Arrays.get",
    parameters: [ARRAY, { name: "position", type: "number" }],
    returns: "any",
    describe: "the value at a position, from 0; null beyond the end",
    examples: [
      ["Arrays.get({0, 1, 2}, 0)", 0],
      ["Arrays.get({0, 1, 2}, 3)", null],
    ],
    evaluate: get,
  },
  {
    name: "Arrays.flatten",
    parameters: [],
    rest: { name: "values", type: "any", list: true, every: 1 },
    returns: "array",
    describe: "values, arrays and texts with commas as one array",
    examples: [
      ["Arrays.flatten(10, {20, 30}, 40)", [10, 20, 30, 40]],
      ["Arrays.flatten('10, 20, 30, 40')", [10, 20, 30, 40]],
    ],
    evaluate: flatten,
  },
  {
    name: "Arrays.contains",
    parameters: [ARRAY, VALUE],
    returns: "boolean",
    describe: "whether value is in the array: the whole of it, with regard to case",
    examples: [
      ["Arrays.contains({10, 20, 30}, 10)", true],
      ['Arrays.contains(appuser.memberOf, "CN=Pioneers,OU=Groups,DC=example,DC=org")', true],
    ],
    evaluate: contains,
  },
  {
    name: "Arrays.size",
    parameters: [ARRAY],
    returns: "number",
    describe: "how many values; 0 for null",
    examples: [
      ["Arrays.size({10, 20, 30})", 3],
      ["Arrays.size(NULL)", 0],
    ],
    evaluate: size,
  },
  {
    name: "Arrays.isEmpty",
    parameters: [ARRAY],
    returns: "boolean",
    describe: "whether there is no value; true for null",
    examples: [
      ["Arrays.isEmpty({10, 20})", false],
      ["Arrays.isEmpty(NULL)", true],
    ],
    evaluate: (array) => toArray(array).length === 0,
  },
  {
    name: "Arrays.toCsvString",
    parameters: [ARRAY],
    returns: "string",
    describe: "the values with commas between them; spaces stay",
    examples: [['Arrays.toCsvString({"This", "is", " a ", "test"})', "This,is, a ,test"]],
    evaluate: toCsv,
  },
];
