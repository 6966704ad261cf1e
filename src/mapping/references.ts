/** How the values that names stand for are found while an expression is evaluated. */
import type { AppProfile } from "../model/entry.ts";
import type { Reference } from "./environment.ts";
import { EvaluationError } from "./problem.ts";
import { appUsersOf, type Scope } from "./scope.ts";
import { isArray, isThing, type GroupValue, type RecordValue, type Value } from "./values.ts";

export type Evaluate = (scope: Scope) => Value;

export function compileReference(reference: Reference): Evaluate {
  switch (reference.kind) {
    case "app":
      return reference.source === null
        ? compileOwn(reference.attribute)
        : compileOther(reference.source, reference.attribute);
    case "organisation": {
      const { name } = reference;
      return ({ facts }) => facts.organisation.member(name);
    }
    case "variable": {
      const [root = "", ...rest] = reference.path;
      return ({ facts, locals }) => {
        let value = locals?.get(root) ?? facts.variables.get(root) ?? null;
        for (const name of rest) value = memberOf(value, name);
        return value;
      };
    }
  }
}

/**
 * An attribute of the app profile that is mapped. The name is nearly always spelled as the server
 * spells it; only names that JavaScript's own objects have need more than a look.
 */
function compileOwn(name: string): Evaluate {
  if (name in Object.prototype) return ({ app }) => readAttribute(app, name);
  return ({ app }) => {
    const value = app[name];
    if (typeof value === "string") return value;
    return value === undefined ? readAttribute(app, name) : attributeValue(value, name);
  };
}

/** Of several app profiles, as with two of one type, none is meant. */
function compileOther(source: string, attribute: string): Evaluate {
  return ({ facts }) => {
    const [first, second] = appUsersOf(facts, source);
    return first === undefined || second !== undefined ? null : first.profile.member(attribute);
  };
}

/** An attribute by its name without regard to case, as LDAP compares them (RFC 4512, 2.5). */
export function readAttribute(profile: AppProfile, name: string): Value {
  if (Object.hasOwn(profile, name)) return attributeValue(profile[name], name);
  const key = attributeKey(profile, name);
  return key === undefined ? null : attributeValue(profile[key], name);
}

/**
 * The attribute as the server spells it. A `_` also stands for what a name may have and an
 * expression cannot write: the `-` of msDS-cloudExtensionAttribute1, the `;` of cn;lang-de.
 */
export function attributeKey(profile: AppProfile, name: string): string | undefined {
  const lower = name.toLowerCase();
  let similar: string | undefined;
  for (const key in profile) {
    if (key.length !== name.length) continue;
    const other = key.toLowerCase();
    if (other === lower) return key;
    if (name.includes("_") && other.replaceAll(/[-;]/g, "_") === lower) similar = key;
  }
  return similar;
}

function attributeValue(value: AppProfile[string] | undefined, name: string): Value {
  if (typeof value === "string") return value;
  if (value === undefined) return null;
  if (Array.isArray(value)) {
    for (const item of value)
      if (typeof item !== "string") return value.map((one) => attributeValue(one, name));
    return value;
  }
  throw new EvaluationError(
    `The value of ${name} is not text (it is not valid UTF-8, or contains NUL).`,
    "entry.notText",
  );
}

/** An app profile as a value. */
export function appRecord(profile: AppProfile): RecordValue {
  return { kind: "record", member: (name) => readAttribute(profile, name) };
}

const MAX_NESTED = 32;

/** A JSON object as a value: its own members, exactly or else without regard to case. */
export function jsonRecord(object: Readonly<Record<string, unknown>>, depth = 0): RecordValue {
  return {
    kind: "record",
    member: (name) => {
      if (Object.hasOwn(object, name)) return jsonValue(object[name], depth + 1);
      const lower = name.toLowerCase();
      const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === lower);
      return key === undefined ? null : jsonValue(object[key], depth + 1);
    },
  };
}

export function jsonValue(value: unknown, depth = 0): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (depth > MAX_NESTED) throw new EvaluationError("The context is nested too deeply.");
  if (Array.isArray(value)) return value.map((item) => jsonValue(item, depth + 1));
  return jsonRecord(value as Record<string, unknown>, depth);
}

/** `value.name`; null has null for every member, and so has what has no members. */
export function memberOf(value: Value, name: string): Value {
  if (isArray(value)) {
    throw new EvaluationError(
      `There are ${value.length} values where one is expected; write .![${name}] for that of each.`,
      "platform.cvd.profile.property.constraint.violation.schema",
    );
  }
  if (!isThing(value)) return null;
  if (value.kind === "record") return value.member(name);
  return value.kind === "group" ? groupMember(value, name) : null;
}

function groupMember({ id, name, type, sourceId }: GroupValue, member: string): Value {
  switch (member) {
    case "id":
      return id;
    case "name":
      return name;
    case "type":
      return type;
    case "profile":
      return jsonRecord({ name });
    case "source":
      return jsonRecord({ id: sourceId });
    default:
      return null;
  }
}
