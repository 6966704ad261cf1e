import { matchesWhole, PatternError } from "../lib/patterns.ts";
import { shapeOf } from "../lib/shape.ts";
import type { PlainValue } from "../mapping/values.ts";
import type { ErrorCode, Problem } from "../model/errors.ts";
import type { AttributeSchema, ProfileSchema } from "../model/profile-schema.ts";
import type { ProfileValue, UserProfile } from "../model/user.ts";
import { formatFault } from "./formats.ts";

const CONSTRAINT = "platform.cvd.profile.property.constraint.violation";
const INT32 = 2 ** 31;

/**
 * All faults of a user profile, in the order of the schema. A profile with any fault is not
 * written at all.
 */
export function validateProfile(profile: UserProfile, schema: ProfileSchema): Problem[] {
  const problems: Problem[] = [];
  for (const [name, attribute] of schema) {
    const value = profile[name];
    const problem =
      value === undefined ? missing(name, attribute) : valueFault(name, value, attribute);
    if (problem !== null) problems.push({ ...problem, shape: shapeOf(value) });
  }
  const { email, secondEmail } = profile;
  if (email !== undefined && email === secondEmail) {
    const message = "secondEmail is the same address as email.";
    const code = "notUniqueWithinObject.config.email";
    problems.push({ code, field: "secondEmail", message, shape: shapeOf(secondEmail) });
  }
  return problems;
}

function missing(name: string, attribute: AttributeSchema): Problem | null {
  if (attribute.required !== true) return null;
  return problem(`${CONSTRAINT}.required`, name, `${name} has no value, but is required.`);
}

function valueFault(name: string, value: ProfileValue, attribute: AttributeSchema): Problem | null {
  if (typeof value === "string") return textFault(name, value, attribute);
  if (typeof value === "number")
    return numberFault(name, value, attribute) ?? enumFault(name, value, attribute);
  if (typeof value === "boolean") return null;
  for (const item of value) {
    const fault = enumFault(name, item, attribute);
    if (fault !== null) return fault;
  }
  return null;
}

function textFault(name: string, text: string, attribute: AttributeSchema): Problem | null {
  const { minLength, maxLength, format } = attribute;
  if (format !== undefined) {
    const fault = formatFault(format, text);
    if (fault !== null)
      return problem(fault.code, name, `${name} ${quoted(text)} ${fault.message}.`);
  }
  if (minLength !== undefined && text.length < minLength) {
    const message = `${name} has ${text.length} characters, but needs at least ${minLength}.`;
    return problem(`${CONSTRAINT}.minLength`, name, message);
  }
  if (maxLength !== undefined && text.length > maxLength && characters(text) > maxLength) {
    const message = `${name} has ${characters(text)} characters, but may have at most ${maxLength}.`;
    return problem(`${CONSTRAINT}.maxLength`, name, message);
  }
  if (attribute.pattern !== undefined && !matches(text, attribute.pattern)) {
    return problem(
      `${CONSTRAINT}.regex`,
      name,
      `${name} ${quoted(text)} does not match ${attribute.pattern}.`,
    );
  }
  return enumFault(name, text, attribute);
}

function numberFault(name: string, value: number, attribute: AttributeSchema): Problem | null {
  const { minimum, maximum } = attribute;
  if (minimum !== undefined && value < minimum) {
    return problem(
      `${CONSTRAINT}.minimum`,
      name,
      `${name} is ${value}; the minimum is ${minimum}.`,
    );
  }
  if (maximum !== undefined && value > maximum) {
    return problem(
      `${CONSTRAINT}.maximum`,
      name,
      `${name} is ${value}; the maximum is ${maximum}.`,
    );
  }
  return null;
}

function enumFault(
  name: string,
  value: string | number,
  attribute: AttributeSchema,
): Problem | null {
  if (attribute.enum === undefined || attribute.enum.includes(value)) return null;
  const message = `${name} ${quoted(String(value))} is not one of ${attribute.enum.join(", ")}.`;
  return problem(`${CONSTRAINT}.enum`, name, message);
}

/**
 * A mapping's result in the type of its attribute. Text that spells a number or a truth value is
 * taken as one, because directories hold only text; null is no value.
 */
export function toAttributeType(
  name: string,
  value: Exclude<PlainValue, null>,
  attribute: AttributeSchema,
): ProfileValue | { readonly problem: Problem } {
  if (attribute.type === "array")
    return typeof value === "object" ? toList(value) : toList([value]);
  let single = value;
  if (typeof single === "object") {
    const [first] = single;
    if (single.length !== 1 || first === undefined || first === null || typeof first === "object") {
      return { problem: severalValues(name, single.length) };
    }
    single = first;
  }
  switch (attribute.type) {
    case "string":
      return String(single);
    case "boolean":
      return toBoolean(name, single);
    case "number":
    case "integer":
      return toNumber(name, single, attribute.type === "integer");
  }
}

function toList(values: readonly PlainValue[]): readonly (string | number)[] {
  return values
    .flat(4)
    .filter((value) => value !== null)
    .map((value) => (typeof value === "number" ? value : String(value)));
}

function toBoolean(
  name: string,
  value: string | number | boolean,
): ProfileValue | { problem: Problem } {
  if (typeof value === "boolean") return value;
  const text = String(value).toLowerCase();
  if (text === "true" || text === "false") return text === "true";
  return {
    problem: problem(
      `${CONSTRAINT}.schema`,
      name,
      `${name} ${quoted(text)} is neither true nor false.`,
    ),
  };
}

function toNumber(
  name: string,
  value: string | number | boolean,
  whole: boolean,
): ProfileValue | { problem: Problem } {
  const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  const fits = whole
    ? Number.isInteger(number) && number >= -INT32 && number < INT32
    : Number.isFinite(number);
  if (fits && typeof value !== "boolean") return number;
  const wanted = whole ? "a whole number of 32 bits" : "a number";
  return {
    problem: problem(
      `${CONSTRAINT}.schema`,
      name,
      `${name} ${quoted(String(value))} is not ${wanted}.`,
    ),
  };
}

function severalValues(name: string, count: number): Problem {
  const message = `${name} has one value, but the mapping gives ${count}.`;
  return problem(`${CONSTRAINT}.schema`, name, message);
}

/** A text that is too long for a pattern is not known to match it. */
function matches(text: string, pattern: string): boolean {
  try {
    return matchesWhole(text, pattern);
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77).toWellFormed()}…` : text);
}

function problem(code: ErrorCode, field: string, message: string): Problem {
  return { code, field, message };
}
