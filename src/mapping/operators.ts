/** What the signs between two values do. */
import { EvaluationError } from "./problem.ts";
import { bounded, isArray, isThing, spelled, toNumber, toText, type Value } from "./values.ts";

/** Numbers are added, everything else is joined as text. Null counts as empty text. */
export function add(left: Value, right: Value): Value {
  if (typeof left === "string" && typeof right === "string") return bounded(left + right);
  if (typeof left === "number" && typeof right === "number") return finite(left + right);
  if (left === null && right === null) return null;
  return bounded((toText(left) ?? "") + (toText(right) ?? ""));
}

/** Division by zero, and numbers beyond all bounds, are no values; and there is one zero. */
export function finite(result: number): number {
  if (!Number.isFinite(result)) throw new EvaluationError("The result is not a finite number.");
  return result + 0;
}

/** Same type: same value. A number equals text that spells it, because directories hold only text. */
export function equal(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (left === null || right === null) return false;
  if (typeof left === "number" && typeof right === "string") return left === spelled(right);
  if (typeof right === "number" && typeof left === "string") return right === spelled(left);
  if (typeof left === "object" || typeof right === "object") return equalObjects(left, right);
  if (typeof left === "boolean" || typeof right === "boolean") {
    return String(left).toLowerCase() === String(right).toLowerCase();
  }
  return false;
}

function equalObjects(left: Value, right: Value): boolean {
  if (isArray(left) || isArray(right)) {
    if (!isArray(left) || !isArray(right) || left.length !== right.length) return false;
    return left.every((item, i) => equal(item, right[i] ?? null));
  }
  if (isThing(left) && isThing(right) && left.kind === "moment" && right.kind === "moment")
    return left.millis === right.millis;
  const comparable = (value: Value): boolean =>
    !isThing(value) || (value.kind !== "record" && value.kind !== "map");
  return comparable(left) && comparable(right) && toText(left) === toText(right);
}

/**
 * Below zero if left comes first: numbers and moments by value, text by code units. Null if there
 * is no order.
 */
export function order(left: Value, right: Value): number | null {
  if (left === null || right === null) return null;
  if (typeof left === "number" || typeof right === "number") {
    return Math.sign(toNumber(left) - toNumber(right));
  }
  if (isThing(left) && isThing(right) && left.kind === "moment" && right.kind === "moment")
    return Math.sign(left.millis - right.millis);
  const a = toText(left) ?? "";
  const b = toText(right) ?? "";
  return a < b ? -1 : a > b ? 1 : 0;
}
