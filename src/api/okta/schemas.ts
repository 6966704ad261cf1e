/** `/api/v1/meta`: what users, app users and groups can have; and the one type of user. */
import type { Hono } from "hono";
import { namespaceOf, placeName } from "../../model/attribute-place.ts";
import { BASE_ATTRIBUTES, type AttributeSchema } from "../../model/profile-schema.ts";
import { USER_SCHEMA_ID, USER_TYPE_ID } from "../../model/okta.ts";
import type { ApiContext, ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { href } from "./answer.ts";
import { instanceOf, type Instance } from "./app-document.ts";
import { notFound, notOffered, notWritable } from "./errors.ts";

const DRAFT = "http://json-schema.org/draft-04/schema#";

export function schemaRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  app.get("/meta/schemas/user/:schema", gate.allow("read"), (c) => {
    requireUserSchema(c.req.param("schema"));
    return c.json(userSchema(context));
  });
  app.post("/meta/schemas/user/:schema", gate.allow("edit"), (c) => {
    requireUserSchema(c.req.param("schema"));
    throw notWritable("profile.attributes and profile.overrides");
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
    _links: { self: href(context, self) },
  };
}

function userSchema(context: ApiContext) {
  const path = `/api/v1/meta/schemas/user/${USER_SCHEMA_ID}`;
  const parts = Object.entries(attributesOf(context));
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
  };
  return { ...made, _links: { ...made._links, type } };
}

function attributesOf(context: ApiContext): Record<string, unknown> {
  const { profile } = context.service;
  return Object.fromEntries(
    [...profile].map(([name, attribute]) => [name, property(context, name, attribute)]),
  );
}

function property(context: ApiContext, name: string, attribute: AttributeSchema) {
  return {
    ...valueFacts(attribute),
    mutability: "READ_WRITE",
    scope: "NONE",
    permissions: [{ principal: "SELF", action: "READ_ONLY" }],
    master: master(context, name),
  };
}

/** Who may give the attribute: the sources in their order, an order of its own, or people here. */
function master({ service: { settings } }: ApiContext, name: string) {
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
    return [name, { title: name, type, ...items, ...external }] as const;
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
