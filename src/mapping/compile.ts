/**
 * Turns a checked tree into closures: one small function per node, bound once, so that evaluating
 * for a person is calls only. There are no loops and no definitions in the language, so time is
 * linear in the tree times the input, and every text is bounded in length.
 */
import type { AppProfile } from "../model/entry.ts";
import { bounded, FUNCTIONS, toText } from "./functions.ts";
import { CODES, EvaluationError } from "./problem.ts";
import type { BinaryOperator, Node, Value } from "./tree.ts";

export type Evaluate = (profile: AppProfile) => Value;

/** Compiles a tree that `checkExpression` found no problem in. */
export function compileTree(node: Node): Evaluate {
  switch (node.kind) {
    case "literal": {
      const value = node.value;
      return () => value;
    }
    case "array": {
      const items = node.items.map(compileTree);
      return (profile) => items.map((item) => item(profile));
    }
    case "reference":
      return compileReference(node.path[1] ?? "");
    case "index":
      return compileIndex(compileTree(node.target), compileTree(node.index));
    case "call":
      return compileCall(node.name, node.args.map(compileTree));
    case "not": {
      const operand = compileTree(node.operand);
      return (profile) => !toBoolean(operand(profile));
    }
    case "minus": {
      const operand = compileTree(node.operand);
      return (profile) => finite(-toNumber(operand(profile)));
    }
    case "binary":
      return compileBinary(node.operator, compileTree(node.left), compileTree(node.right));
    case "ternary": {
      const [test, then, otherwise] = [node.test, node.then, node.otherwise].map(compileTree) as [
        Evaluate,
        Evaluate,
        Evaluate,
      ];
      return (profile) => (toBoolean(test(profile)) ? then(profile) : otherwise(profile));
    }
    case "elvis": {
      const value = compileTree(node.value);
      const otherwise = compileTree(node.otherwise);
      return (profile) => {
        const first = value(profile);
        return first === null || first === "" ? otherwise(profile) : first;
      };
    }
  }
}

/** An attribute by its name without regard to case, as LDAP compares them (RFC 4512, 2.5). */
function compileReference(name: string): Evaluate {
  const lower = name.toLowerCase();
  return (profile) => {
    if (Object.hasOwn(profile, name)) return readAttribute(profile[name], name);
    for (const key in profile) {
      if (key.length === lower.length && key.toLowerCase() === lower) {
        return readAttribute(profile[key], name);
      }
    }
    return null;
  };
}

function readAttribute(value: AppProfile[string] | undefined, name: string): Value {
  if (typeof value === "string") return value;
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => readAttribute(item, name));
  throw new EvaluationError(
    `The value of ${name} is not text (it is not valid UTF-8, or contains NUL).`,
    "platform.cvd.profile.property.constraint.violation.schema",
  );
}

/** Position in an array, from 0; a single value counts as an array of one. Beyond it: null. */
function compileIndex(target: Evaluate, index: Evaluate): Evaluate {
  return (profile) => {
    const value = target(profile);
    if (value === null) return null;
    const at = toNumber(index(profile));
    if (typeof value === "object") return value[at] ?? null;
    return at === 0 ? value : null;
  };
}

function compileCall(name: string, args: readonly Evaluate[]): Evaluate {
  const entry = FUNCTIONS.get(name);
  if (entry === undefined) throw new Error(`unchecked call of ${name}`);
  return (profile) => entry.evaluate(args.map((argument) => argument(profile)));
}

function compileBinary(operator: BinaryOperator, left: Evaluate, right: Evaluate): Evaluate {
  switch (operator) {
    case "AND":
      return (profile) => toBoolean(left(profile)) && toBoolean(right(profile));
    case "OR":
      return (profile) => toBoolean(left(profile)) || toBoolean(right(profile));
    case "+":
      return (profile) => add(left(profile), right(profile));
    case "-":
      return (profile) => finite(toNumber(left(profile)) - toNumber(right(profile)));
    case "*":
      return (profile) => finite(toNumber(left(profile)) * toNumber(right(profile)));
    case "/":
      return (profile) => finite(toNumber(left(profile)) / toNumber(right(profile)));
    case "%":
      return (profile) => finite(toNumber(left(profile)) % toNumber(right(profile)));
    case "==":
      return (profile) => equal(left(profile), right(profile));
    case "!=":
      return (profile) => !equal(left(profile), right(profile));
    case "<":
      return (profile) => compare(left(profile), right(profile), (order) => order < 0);
    case ">":
      return (profile) => compare(left(profile), right(profile), (order) => order > 0);
    case "<=":
      return (profile) => compare(left(profile), right(profile), (order) => order <= 0);
    case ">=":
      return (profile) => compare(left(profile), right(profile), (order) => order >= 0);
  }
}

/** Numbers are added, everything else is joined as text. Null counts as empty text. */
function add(left: Value, right: Value): Value {
  if (typeof left === "string" && typeof right === "string") return bounded(left + right);
  if (typeof left === "number" && typeof right === "number") return finite(left + right);
  if (left === null && right === null) return null;
  return bounded((toText(left) ?? "") + (toText(right) ?? ""));
}

/** Division by zero, and numbers beyond all bounds, are no values. */
function finite(result: number): number {
  if (!Number.isFinite(result)) throw new EvaluationError("The result is not a finite number.");
  return result;
}

/** Same type: same value. A number equals text that spells it, because directories hold only text. */
function equal(left: Value, right: Value): boolean {
  if (typeof left === typeof right || left === null || right === null) {
    return Array.isArray(left) && Array.isArray(right)
      ? left.length === right.length && left.every((item, i) => equal(item, right[i] ?? null))
      : left === right;
  }
  if (typeof left === "number" && typeof right === "string") return left === spelled(right);
  if (typeof right === "number" && typeof left === "string") return right === spelled(left);
  if (typeof left === "boolean" || typeof right === "boolean") {
    return String(left).toLowerCase() === String(right).toLowerCase();
  }
  return false;
}

/** Numbers by value, text by code units; nothing is less or greater than null. */
function compare(left: Value, right: Value, accept: (order: number) => boolean): boolean {
  if (left === null || right === null) return false;
  if (typeof left === "number" || typeof right === "number") {
    return accept(Math.sign(toNumber(left) - toNumber(right)));
  }
  const a = toText(left) ?? "";
  const b = toText(right) ?? "";
  return accept(a < b ? -1 : a > b ? 1 : 0);
}

function spelled(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

function toNumber(value: Value): number {
  if (typeof value === "number") return value;
  const number = typeof value === "string" ? spelled(value) : Number.NaN;
  if (!Number.isFinite(number)) throw new EvaluationError(`${show(value)} is not a number.`);
  return number;
}

/** A condition: true, false, null (counts as false), or the text of a directory's boolean. */
function toBoolean(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (value === null) return false;
  const text = typeof value === "string" ? value.toLowerCase() : "";
  if (text === "true") return true;
  if (text === "false" || value === "") return false;
  throw new EvaluationError(`${show(value)} is neither true nor false.`, CODES.evaluation);
}

function show(value: Value): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57).toWellFormed()}…` : text;
}
