/** What one mapping gives one person: evaluated, and brought to the type of its attribute. Pure. */
import { shapeOf } from "../lib/shape.ts";
import { inputsOf } from "../mapping/inputs.ts";
import { evaluateMapping, type Mapping } from "../mapping/mapping.ts";
import type { Scope } from "../mapping/scope.ts";
import type { Problem } from "../model/errors.ts";
import type { AttributeSchema, ProfileSchema } from "../model/profile-schema.ts";
import type { ProfileValue, ValueSource } from "../model/user.ts";
import { toAttributeType, validateProfile } from "./validate.ts";

export type AttributeResult =
  | { readonly value: ProfileValue; readonly source: ValueSource }
  /** `given`: what the expression gave, where its type is what is wrong. */
  | { readonly problem: Problem; readonly given?: unknown }
  | null;

/** @param source whose the value is then */
export function mappedValue(
  mapping: Mapping,
  scope: Scope,
  attribute: AttributeSchema,
  source: ValueSource,
): AttributeResult {
  const value = evaluateMapping(mapping, scope);
  if (value === null) return null;
  if (typeof value === "object" && "problem" in value) {
    return { problem: { ...value.problem, shape: inputShapes(mapping, scope) } };
  }
  const typed = toAttributeType(mapping.attribute, wellFormed(value), attribute);
  if (typeof typed === "object" && "problem" in typed) {
    return { problem: { ...typed.problem, shape: shapeOf(value) }, given: value };
  }
  if (typeof typed === "object" && typed.length === 0) return null;
  return { value: typed, source };
}

/** Functions that cut may leave half of a character, which no database holds and no app takes. */
function wellFormed<V>(value: V): V {
  if (typeof value === "string") return value.toWellFormed() as V;
  return Array.isArray(value) ? (value.map(wellFormed) as V) : value;
}

/** Of an expression that could not be evaluated: what it was given. */
function inputShapes({ expression }: Mapping, scope: Scope): string {
  const inputs = inputsOf(expression, scope).map(({ name, value }) => `${name}: ${shapeOf(value)}`);
  return inputs.length === 0 ? "no input" : inputs.join("; ");
}

/**
 * The same for whoever looks at one value by itself: also judged as an attribute of a profile. No
 * value is no problem here, as another source may have one.
 */
export function judgedValue(
  mapping: Mapping,
  scope: Scope,
  schema: ProfileSchema,
): { readonly value: unknown; readonly problem: Problem | null } {
  const { attribute: name } = mapping;
  const attribute = schema.get(name);
  if (attribute === undefined) return { value: null, problem: null };
  const result = mappedValue(mapping, scope, attribute, "");
  if (result !== null && "problem" in result)
    return { value: result.given ?? null, problem: result.problem };
  if (result === null) return { value: null, problem: null };
  const [problem = null] = validateProfile({ [name]: result.value }, new Map([[name, attribute]]));
  return { value: result.value, problem };
}
