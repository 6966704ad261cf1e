/** What an account should be: the To-App mappings, the values of the assignment, and who is meant. Pure. */
import type { Mapping } from "../mapping/mapping.ts";
import type { Scope } from "../mapping/scope.ts";
import type { AccountError, AccountProfile } from "../model/account.ts";
import type { AssignedValues } from "../model/app.ts";
import type { ProfileValue } from "../model/user.ts";
import type { AppRules } from "./app-rules.ts";
import { appScopeOf, type PushedPerson } from "./app-scope.ts";
import { mappedValue } from "./mapped-value.ts";
import type { Rules } from "./rules.ts";

export interface DesiredAccount {
  /** What a creation sends. */
  readonly create: AccountProfile;
  /** What an update makes equal: without what is given on creation only. */
  readonly update: AccountProfile;
  /** Attributes whose value names somebody who has no account in the app yet. */
  readonly unresolved: readonly string[];
  /** Attributes that are given by us and have no value now: one of ours is taken away. */
  readonly empty: readonly string[];
}

export type Desired = DesiredAccount | { readonly error: AccountError };

/** The app's own id of whom a value names; null: nobody who has an account there. */
export type ResolveUser = (name: string) => string | null;

interface Given {
  readonly values: AssignedValues;
  /** What assignments gave as far as is known, whether or not any gives it now. */
  readonly told: AssignedValues;
  /** Finds whom attributes that refer to a user mean. */
  readonly resolve: ResolveUser;
}

export function desiredAccount(
  rules: Rules,
  app: AppRules,
  person: PushedPerson,
  { values, told, resolve }: Given,
): Desired {
  const create: Record<string, ProfileValue> = {};
  const update: Record<string, ProfileValue> = {};
  const unresolved: string[] = [];
  const empty: string[] = [];
  const scope = appScopeOf(rules, person);
  const keep = (attribute: string, value: ProfileValue, onUpdate: boolean): void => {
    create[attribute] = value;
    if (onUpdate) update[attribute] = value;
  };
  // What has no place is never sent.
  for (const [attribute, { refersToUser }] of app.placed) {
    const mapping = app.mappings.get(attribute);
    const given = Object.hasOwn(values, attribute) ? values[attribute] : undefined;
    const onUpdate = given !== undefined || mapping?.apply !== "create";
    const mapped = given ?? valueOf(app, mapping, scope);
    if (isError(mapped)) return mapped;
    const value = mapped !== null && refersToUser ? resolve(String(mapped)) : mapped;
    if (value !== null) keep(attribute, value, onUpdate);
    else if (mapped !== null) unresolved.push(attribute);
    else if (onUpdate && (app.own.has(attribute) || Object.hasOwn(told, attribute)))
      empty.push(attribute);
  }
  return missingName(create) ?? { create, update, unresolved, empty };
}

type Mapped = ProfileValue | null | { readonly error: AccountError };

function isError(mapped: Mapped): mapped is { readonly error: AccountError } {
  return typeof mapped === "object" && mapped !== null && "error" in mapped;
}

function valueOf(app: AppRules, mapping: Mapping | undefined, scope: Scope): Mapped {
  const schema = mapping === undefined ? undefined : app.schema.get(mapping.attribute);
  if (mapping === undefined || schema === undefined) return null;
  const result = mappedValue(mapping, scope, schema, app.settings.name);
  if (result === null) return null;
  if (!("problem" in result)) return result.value;
  const { code, field, message } = result.problem;
  return { error: { code, field, message, appSaid: null } };
}

/** Every SCIM server needs a userName (RFC 7643, 4.1.1). */
function missingName({ userName }: AccountProfile): { readonly error: AccountError } | null {
  if (typeof userName === "string" && userName.trim() !== "") return null;
  const message = "userName has no value, and no app takes an account without.";
  const code = "platform.cvd.profile.property.constraint.violation.required";
  return { error: { code, field: "userName", message, appSaid: null } };
}

/** The marks of the places of a profile's attributes, as one text. */
export function placesOf(app: AppRules, profile: AccountProfile): string {
  let text = "";
  for (const [attribute, mark] of app.places)
    if (Object.hasOwn(profile, attribute)) text += `${text && " "}${attribute}:${mark}`;
  return text;
}
