/**
 * SCIM resources: values put in their places, laid over what the app has, and read again to see what
 * it kept (RFC 7643, 2 and 4). What is not ours stays as it is.
 */
import { sameJson } from "../../lib/same.ts";
import type { AccountProfile } from "../../model/account.ts";
import type { AppAttribute } from "../../model/app.ts";
import { CORE_USER, type AttributePlace } from "../../model/attribute-place.ts";
import { isObject, keyOf, member, type JsonObject } from "./answer.ts";

export type Attributes = ReadonlyMap<string, AppAttribute>;

/** A new account. @param externalId ours */
export function newResource(
  profile: AccountProfile,
  attributes: Attributes,
  externalId: string,
): JsonObject {
  const resource: JsonObject = { schemas: [CORE_USER], externalId };
  lay(resource, profile, attributes);
  resource["active"] = true;
  return withSchemas(resource);
}

/**
 * What the app has, with our values laid over it. Attributes that `profile` does not have are taken
 * away where `removed` names them; read-only parts are left out.
 */
export function laidOver(
  before: JsonObject,
  profile: AccountProfile,
  {
    attributes,
    removed,
    externalId,
  }: {
    readonly attributes: Attributes;
    readonly removed: readonly string[];
    /** Ours, where the app has none; null: that is left alone. */
    readonly externalId: string | null;
  },
): JsonObject {
  const resource = structuredClone(before);
  for (const readOnly of ["meta", "groups"]) {
    const key = keyOf(resource, readOnly);
    if (key !== undefined) delete resource[key];
  }
  if (externalId !== null && (member(resource, "externalId") ?? null) === null)
    resource[keyOf(resource, "externalId") ?? "externalId"] = externalId;
  for (const name of removed) {
    const place = attributes.get(name)?.place ?? null;
    if (place !== null) take(resource, place);
  }
  lay(resource, profile, attributes);
  return withSchemas(resource);
}

/** The same resource with another answer to whether it is active; nothing else is mixed in. */
export function withActive(
  before: JsonObject,
  active: boolean,
  externalId: string | null,
): JsonObject {
  const resource = laidOver(before, {}, { attributes: new Map(), removed: [], externalId });
  resource[keyOf(resource, "active") ?? "active"] = active;
  return resource;
}

function lay(resource: JsonObject, profile: AccountProfile, attributes: Attributes): void {
  for (const [name, value] of Object.entries(profile)) {
    const place = attributes.get(name)?.place ?? null;
    if (place !== null) put(resource, place, value);
  }
}

/** Every extension in the body is named in `schemas`. */
function withSchemas(resource: JsonObject): JsonObject {
  const key = keyOf(resource, "schemas") ?? "schemas";
  const given = resource[key];
  const schemas = Array.isArray(given) ? given.map(String) : [];
  const present = Object.keys(resource).filter((name) => /^urn:/i.test(name));
  const known = new Set(schemas.map((one) => one.toLowerCase()));
  const all = [CORE_USER, ...present].filter((one) => !known.has(one.toLowerCase()));
  // An extension without a value is absent.
  const gone = new Set(
    present.filter((name) => {
      const value = resource[name];
      return isObject(value) && Object.keys(value).length === 0;
    }),
  );
  for (const name of gone) delete resource[name];
  resource[key] = [...schemas, ...all].filter((one) => !gone.has(one));
  return resource;
}

function containerOf(resource: JsonObject, { namespace }: AttributePlace): JsonObject | null {
  if (namespace === null) return resource;
  const found = member(resource, namespace);
  return isObject(found) ? found : null;
}

/** What apps add to a value that refers to somebody. */
const DERIVED = ["$ref", "display", "displayName"] as const;

function put(resource: JsonObject, place: AttributePlace, value: unknown): void {
  const { attribute, select, sub } = place;
  const container = containerFor(resource, place);
  const key = keyOf(container, attribute) ?? attribute;
  if (select !== null) {
    const list = Array.isArray(container[key]) ? (container[key] as unknown[]) : [];
    putSelected(list, place, select, value);
    container[key] = list;
  } else if (sub === null) {
    container[key] = value;
  } else {
    const found = container[key];
    const object = isObject(found) ? found : {};
    const subKey = keyOf(object, sub) ?? sub;
    // What the app derived from the old value would contradict the new one.
    if (sub === "value" && !sameJson(object[subKey], value))
      for (const derived of DERIVED) delete object[derived];
    object[subKey] = value;
    container[key] = object;
  }
}

/** The part of the body that a place is in; made, if it is not there. */
function containerFor(resource: JsonObject, place: AttributePlace): JsonObject {
  const found = containerOf(resource, place);
  if (found !== null) return found;
  const namespace = place.namespace ?? "";
  const container: JsonObject = {};
  resource[keyOf(resource, namespace) ?? namespace] = container;
  return container;
}

/** Into the one of several values that is meant. */
function putSelected(
  list: unknown[],
  { sub, besides }: AttributePlace,
  select: NonNullable<AttributePlace["select"]>,
  value: unknown,
): void {
  const objects = list.filter(isObject);
  let element = objects.find((one) => fits(one, select));
  if (element === undefined) {
    element = similar(objects, besides, select);
    for (const [name, wanted] of Object.entries(element === undefined ? {} : select))
      if (element !== undefined) element[keyOf(element, name) ?? name] = wanted;
  }
  if (element === undefined) {
    element = { ...besides, ...select };
    // At most one is the primary one (RFC 7643, 2.4).
    if (select["primary"] === true)
      for (const one of objects) if (one["primary"] === true) one["primary"] = false;
    list.push(element);
  }
  const key = keyOf(element, sub ?? "value") ?? sub ?? "value";
  // What the app derived from the old value would contradict the new one.
  if (!sameJson(element[key], value)) delete element["display"];
  element[key] = value;
}

/** Where the app does not keep which one is primary: that of the same type, or the only one without. */
function similar(
  objects: readonly JsonObject[],
  besides: AttributePlace["besides"],
  select: NonNullable<AttributePlace["select"]>,
): JsonObject | undefined {
  if (select["primary"] !== true || objects.some((one) => member(one, "primary") === true))
    return undefined;
  const { type } = besides;
  const same = type === undefined ? undefined : objects.find((one) => fits(one, { type }));
  if (same !== undefined) return same;
  const [only] = objects;
  return objects.length === 1 && only !== undefined && member(only, "type") === undefined
    ? only
    : undefined;
}

function take(resource: JsonObject, place: AttributePlace): void {
  const { attribute, select, sub, besides } = place;
  const container = containerOf(resource, place);
  const key = container === null ? undefined : keyOf(container, attribute);
  if (container === null || key === undefined) return;
  const found = container[key];
  if (select !== null) {
    // What is there in another form is not ours.
    if (!Array.isArray(found)) return;
    const objects = found.filter(isObject);
    const meant = objects.some((one) => fits(one, select))
      ? (one: unknown): one is JsonObject => isObject(one) && fits(one, select)
      : (one: unknown): one is JsonObject => one === similar(objects, besides, select);
    const rest = (found as unknown[]).filter((one) => {
      if (!meant(one)) return true;
      const subKey = keyOf(one, sub ?? "value");
      if (subKey !== undefined) delete one[subKey];
      return Object.keys(one).some((name) => !SECONDARY.has(name) && !(name in select));
    });
    if (rest.length === 0) delete container[key];
    else container[key] = rest;
    return;
  }
  if (sub !== null && isObject(found)) {
    const subKey = keyOf(found, sub);
    if (subKey !== undefined) delete found[subKey];
    // What the app derived from it goes with it.
    if (sub === "value") for (const derived of DERIVED) delete found[derived];
    if (Object.keys(found).length > 0) return;
  }
  delete container[key];
}

/** Parts of one of several values that are nothing without its value. */
const SECONDARY: ReadonlySet<string> = new Set(["type", "primary", "display", "$ref"]);

function fits(element: JsonObject, select: NonNullable<AttributePlace["select"]>): boolean {
  return Object.entries(select).every(([name, wanted]) => {
    const found = member(element, name);
    return String(found).toLowerCase() === String(wanted).toLowerCase();
  });
}

/** The value at a place; undefined if there is none. */
export function valueAt(resource: JsonObject, place: AttributePlace): unknown {
  const { attribute, select, sub } = place;
  const container = containerOf(resource, place);
  const found = container === null ? undefined : member(container, attribute);
  if (select === null) {
    if (sub === null) return found;
    return isObject(found) ? member(found, sub) : undefined;
  }
  const list = Array.isArray(found) ? found.filter(isObject) : [];
  const element = list.find((one) => fits(one, select)) ?? similar(list, place.besides, select);
  return element === undefined ? undefined : member(element, sub ?? "value");
}

/** Our values as a resource has them, by attribute. */
export function profileIn(resource: JsonObject, attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    [...attributes].flatMap(([name, { place }]) => {
      const value = place === null ? undefined : valueAt(resource, place);
      return value === undefined || value === null || value === "" ? [] : [[name, value]];
    }),
  );
}

/** Attributes that were sent and that the answer does not have as they were sent. */
export function notKept(
  sent: AccountProfile,
  answer: JsonObject,
  attributes: Attributes,
): string[] {
  return Object.entries(sent).flatMap(([name, value]) => {
    const place = attributes.get(name)?.place ?? null;
    if (place === null || isSame(value, valueAt(answer, place))) return [];
    return [name];
  });
}

/** Servers write numbers and truth values as text, and names in small letters. */
function isSame(sent: unknown, kept: unknown): boolean {
  if (kept === undefined || kept === null) return false;
  if (Array.isArray(sent)) {
    if (!Array.isArray(kept) || kept.length !== sent.length) return false;
    const plain = kept.map((one) => (isObject(one) ? member(one, "value") : one));
    return sent.every((one, i) => isSame(one, plain[i]));
  }
  const isPlain = typeof kept === "string" || typeof kept === "number" || typeof kept === "boolean";
  return isPlain && String(sent).toLowerCase() === String(kept).toLowerCase();
}

/** What a PATCH has to do so that the app's resource becomes ours (RFC 7644, 3.5.2). */
export function patchOf(before: JsonObject, after: JsonObject): JsonObject[] {
  return operations(before, after);
}

const NEVER_PATCHED: ReadonlySet<string> = new Set(["schemas", "id", "meta", "groups"]);

function isExtension(name: string, value: unknown): value is JsonObject {
  return /^urn:/i.test(name) && isObject(value);
}

function operations(before: JsonObject, after: JsonObject): JsonObject[] {
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return names
    .filter(
      (name) => !NEVER_PATCHED.has(name.toLowerCase()) && !sameJson(before[name], after[name]),
    )
    .flatMap((name) => {
      const [old, value] = [before[name], after[name]];
      if (isExtension(name, value ?? old))
        return members(isObject(old) ? old : {}, isObject(value) ? value : {}, `${name}:`);
      if (isObject(value) && isObject(old)) return members(old, value, `${name}.`);
      return [operation(name, value)];
    });
}

function members(before: JsonObject, after: JsonObject, prefix: string): JsonObject[] {
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return names
    .filter((name) => !sameJson(before[name], after[name]))
    .map((name) => operation(prefix + name, after[name]));
}

function operation(path: string, value: unknown): JsonObject {
  return value === undefined ? { op: "remove", path } : { op: "replace", path, value };
}
