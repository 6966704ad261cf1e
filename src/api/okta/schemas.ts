/** `/api/v1/meta`: what users, app users and groups can have; and the one type of user. */
import { isDeepStrictEqual } from "node:util";
import type { Hono } from "hono";
import { namespaceOf, placeName } from "../../model/attribute-place.ts";
import type { ConfigurationEdit } from "../../model/configuration-edit.ts";
import type { Settings } from "../../model/settings.ts";
import {
  BASE_ATTRIBUTES,
  profileSchema,
  type AttributeSchema,
} from "../../model/profile-schema.ts";
import { USER_SCHEMA_ID, USER_TYPE_ID } from "../../model/okta.ts";
import { askedBy, type ApiContext, type ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { bodyOf, href, isRecord } from "./answer.ts";
import { instanceOf, type Instance } from "./app-document.ts";
import { invalid, notFound, notOffered, notWritable } from "./errors.ts";

const DRAFT = "http://json-schema.org/draft-04/schema#";

export function schemaRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  app.get("/meta/schemas/user/:schema", gate.allow("read"), (c) => {
    requireUserSchema(c.req.param("schema"));
    return c.json(userSchema(context, context.service));
  });
  app.post("/meta/schemas/user/:schema", gate.allow("configuration"), async (c) => {
    requireUserSchema(c.req.param("schema"));
    const edits = attributeEdits(context, await bodyOf(c));
    if (context.edit === null) throw notWritable("profile.attributes");
    if (edits.length === 0) return c.json(userSchema(context, context.service));
    const settings = await context.edit(edits, askedBy(context, c));
    const profile = profileSchema(settings.profile.attributes);
    return c.json(userSchema(context, { settings, profile }));
  });
  app.get("/meta/schemas/apps/:app/default", gate.allow("read"), (c) =>
    c.json(appSchema(context, instanceOf(context, c.req.param("app")), c.req.param("app"))),
  );
  app.post("/meta/schemas/apps/:app/default", gate.allow("edit"), (c) => {
    const name = c.req.param("app");
    if (instanceOf(context, name).kind === "app") throw notWritable(`apps.${name}.attributes`);
    throw notOffered("A directory's entries have whatever their server gives them.");
  });
  app.get("/meta/schemas/group/default", gate.allow("read"), (c) => c.json(groupSchema(context)));
  app.get("/meta/types/user", gate.allow("read"), (c) => c.json([userType(context)]));
  app.get("/meta/types/user/:type", gate.allow("read"), (c) => {
    const type = c.req.param("type");
    if (type !== "default" && type !== USER_TYPE_ID) throw notFound("CVDType", type);
    return c.json(userType(context));
  });
  const oneType = (): never => {
    throw notOffered("There is one type of user.");
  };
  app.post("/meta/types/user", gate.allow("edit"), oneType);
  app.post("/meta/types/user/:type", gate.allow("edit"), oneType);
  app.put("/meta/types/user/:type", gate.allow("edit"), oneType);
  app.delete("/meta/types/user/:type", gate.allow("edit"), oneType);
}

function requireUserSchema(id: string): void {
  if (id !== "default" && id !== USER_SCHEMA_ID) throw notFound("UserSchema", id);
}

interface Parts {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly self: string;
  readonly base: Readonly<Record<string, unknown>>;
  readonly custom: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
}

function schema(context: ApiContext, { id, name, title, self, base, custom, required }: Parts) {
  const reference = (part: string) => ({ $ref: `#/definitions/${part}` });
  return {
    id: `${context.baseUrl()}${id}`,
    $schema: DRAFT,
    name,
    title,
    lastUpdated: null,
    created: null,
    definitions: {
      custom: { id: "#custom", type: "object", properties: custom, required: [] },
      base: { id: "#base", type: "object", properties: base, required },
    },
    type: "object",
    properties: { profile: { allOf: [reference("custom"), reference("base")] } },
    _links: { self: { ...href(context, self), rel: "self", method: "GET" } },
  };
}

/** What schemas are told of. */
type Known = Pick<ApiContext["service"], "settings" | "profile">;

/** Custom attributes that a body adds, changes, or with null takes away. */
function attributeEdits(
  { service }: ApiContext,
  body: Readonly<Record<string, unknown>>,
): ConfigurationEdit[] {
  const at = (...path: string[]): unknown => {
    let found: unknown = body;
    for (const name of path) found = isRecord(found) ? found[name] : undefined;
    return found;
  };
  const base = at("definitions", "base", "properties");
  if (isRecord(base) && Object.keys(base).length > 0)
    throw notWritable("profile.overrides (base attributes are as they are)");
  const custom = at("definitions", "custom", "properties") ?? {};
  if (!isRecord(custom)) throw invalid("properties", "properties: an object is expected");
  return Object.entries(custom).flatMap(([name, property]): ConfigurationEdit[] => {
    if (name in Object.prototype) throw invalid(name, `${name}: no name for an attribute`);
    if (BASE_ATTRIBUTES.has(name)) throw invalid(name, `${name}: a base attribute`);
    const path = ["profile", "attributes", name];
    if (property === null) return service.profile.has(name) ? [{ path, value: null }] : [];
    const wanted = attributeOf(name, property);
    const before = service.profile.get(name);
    if (before === undefined) return [{ path, value: wanted }];
    // What is repeated, and what this API does not know, is left as it is written.
    const now = before as unknown as Readonly<Record<string, unknown>>;
    return Object.entries(wanted)
      .filter(([key, value]) => !isDeepStrictEqual(value, now[key] ?? DEFAULTS[key]))
      .map(([key, value]) => ({ path: [...path, key], value }));
  });
}

const DEFAULTS: Readonly<Record<string, unknown>> = { required: false, unique: false };

/** What Okta's clients always send, and what nothing depends on here. */
const IGNORED = new Set(["mutability", "scope", "permissions", "master", "description", "items"]);
const KEPT = new Set([
  "title",
  "type",
  "required",
  "minLength",
  "maxLength",
  "pattern",
  "enum",
  "format",
]);

/** An attribute as the configuration has it. */
function attributeOf(name: string, property: unknown): Record<string, unknown> {
  if (!isRecord(property)) throw invalid(name, `${name}: an object is expected`);
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(property)) {
    if (key === "master") requireSources(name, value);
    if (value === null || IGNORED.has(key) || key === "oneOf") continue;
    if (key === "unique") kept[key] = value === true || value === "UNIQUE_VALIDATED";
    else if (KEPT.has(key)) kept[key] = value;
    else if (!key.startsWith("external") && key !== "union")
      throw invalid(name, `${name}: ${key} is not known here`);
  }
  return kept;
}

/** An order of its own stands elsewhere in the configuration. */
function requireSources(name: string, master: unknown): void {
  if (!isRecord(master) || master["type"] === "PROFILE_MASTER") return;
  throw invalid(name, `${name}: whose value counts stands under profile.overrides`);
}

function userSchema(context: ApiContext, known: Known) {
  const path = `/api/v1/meta/schemas/user/${USER_SCHEMA_ID}`;
  const parts = Object.entries(attributesOf(known));
  const isBase = ([name]: readonly [string, unknown]): boolean => BASE_ATTRIBUTES.has(name);
  const required = [...BASE_ATTRIBUTES].flatMap(([name, { required }]) => (required ? [name] : []));
  const made = schema(context, {
    id: path,
    name: "user",
    title: "User",
    self: path,
    base: Object.fromEntries(parts.filter(isBase)),
    custom: Object.fromEntries(parts.filter((part) => !isBase(part))),
    required,
  });
  const type = {
    ...href(context, `/api/v1/meta/types/user/${USER_TYPE_ID}`),
    rel: "type",
    method: "GET",
  };
  return { ...made, description: "What every user can have", _links: { ...made._links, type } };
}

function attributesOf({ settings, profile }: Known): Record<string, unknown> {
  return Object.fromEntries(
    [...profile].map(([name, attribute]) => [name, property(settings, name, attribute)]),
  );
}

function property(settings: Settings, name: string, attribute: AttributeSchema) {
  return {
    ...valueFacts(attribute),
    mutability: "READ_WRITE",
    scope: "NONE",
    permissions: [{ principal: "SELF", action: "READ_ONLY" }],
    master: master(settings, name),
  };
}

/** Who may give the attribute: the sources in their order, an order of its own, or people here. */
function master(settings: Settings, name: string) {
  const order = settings.profile.overrides.get(name);
  if (order === "okta") return { type: "OKTA" };
  if (order === undefined) return { type: "PROFILE_MASTER" };
  return { type: "OVERRIDE", priority: order.map((value) => ({ type: "APP", value })) };
}

/** What values can be; `unique` is a word on the wire, whatever Okta's description says. */
function valueFacts(attribute: AttributeSchema) {
  const { title, type, required, minLength, maxLength, pattern, format, unique } = attribute;
  const options = attribute.enum;
  return {
    title,
    type,
    ...(required === true ? { required: true } : {}),
    ...(format === undefined || format === "login" ? {} : { format }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(options === undefined || type === "array" ? {} : choices(options)),
    ...(type === "array"
      ? { items: { type: "string", ...(options === undefined ? {} : choices(options)) } }
      : {}),
    ...(unique === true ? { unique: "UNIQUE_VALIDATED" } : {}),
  };
}

function choices(options: readonly (string | number)[]) {
  return { enum: options, oneOf: options.map((value) => ({ const: value, title: String(value) })) };
}

/** What an app's users have: of an app, its attributes. What entries have is told by none. */
function appSchema(context: ApiContext, instance: Instance, id: string) {
  const path = `/api/v1/meta/schemas/apps/${id}/default`;
  const attributes = instance.kind === "app" ? [...instance.app.attributes] : [];
  const properties = attributes.map(([name, { type, place }]) => {
    const external =
      place === null
        ? {}
        : { externalName: placeName(place), externalNamespace: namespaceOf(place) };
    const items = type === "array" ? { items: { type: "string" } } : {};
    const required = name === "userName" ? { required: true } : {};
    const facts = { title: name, type, ...required, mutability: "READ_WRITE", scope: "NONE" };
    return [name, { ...facts, ...items, ...external }] as const;
  });
  const isBase = ([name]: readonly [string, unknown]): boolean => name === "userName";
  return schema(context, {
    id: path,
    name: id,
    title: `${id} User`,
    self: path,
    base: Object.fromEntries(properties.filter(isBase)),
    custom: Object.fromEntries(properties.filter((one) => !isBase(one))),
    required: instance.kind === "app" ? ["userName"] : [],
  });
}

function groupSchema(context: ApiContext) {
  const path = "/api/v1/meta/schemas/group/default";
  const text = (title: string) => ({
    title,
    type: "string",
    mutability: "READ_ONLY",
    scope: "NONE",
  });
  return schema(context, {
    id: path,
    name: "group",
    title: "Group",
    self: path,
    base: { name: { ...text("Name"), required: true }, description: text("Description") },
    custom: {},
    required: ["name"],
  });
}

function userType(context: ApiContext) {
  const path = `/api/v1/meta/types/user/${USER_TYPE_ID}`;
  return {
    id: USER_TYPE_ID,
    displayName: "User",
    name: "user",
    description: "Every user",
    createdBy: "rollcall",
    lastUpdatedBy: "rollcall",
    created: null,
    lastUpdated: null,
    default: true,
    _links: {
      self: { ...href(context, path), rel: "self", method: "GET" },
      schema: {
        ...href(context, `/api/v1/meta/schemas/user/${USER_SCHEMA_ID}`),
        rel: "schema",
        method: "GET",
      },
    },
  };
}
