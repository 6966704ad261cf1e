/** `/api/v1/users`: who is there, and what of a person no directory gives. */
import type { Hono } from "hono";
import { isUuid } from "../../lib/uuid.ts";
import type { ProfileValue, StatusStep } from "../../model/user.ts";
import type { DatedUser } from "../../store/user-search.ts";
import { askedBy, type ApiCall, type ApiContext, type ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import {
  bodyOf,
  cursorOf,
  dateText,
  isRecord,
  limitOf,
  linkPages,
  queryOf,
  readCursor,
} from "./answer.ts";
import { invalid, OktaError } from "./errors.ts";
import { groupDocument } from "./group-document.ts";
import { userDocument, userTag } from "./user-document.ts";

const PAGE = 200;
/** Of a look-up by the beginning of a name, which has one page. */
const LOOKUP = 10;

export function userRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  const { service } = context;
  app.get("/users", gate.allow("read"), async (c) => await list(context, c));
  // The owner of a token is nobody whom a directory knows.
  app.get("/users/me", gate.allow("read"), (c) => c.json(ownerDocument(context, c)));
  app.get("/users/:id", gate.allow("read"), async (c) => {
    const user = await service.users.dated(c.req.param("id"));
    c.header("ETag", userTag(user));
    return c.json(userDocument(context, user, "all"));
  });
  app.get("/users/:id/groups", gate.allow("read"), async (c) => {
    const user = await service.users.dated(c.req.param("id"));
    const groups = await service.users.groups(user.id);
    linkPages(context, c, {}, null);
    return c.json(groups.map((group) => groupDocument(context, group)));
  });
  // Nobody has a role in an organisation that is managed elsewhere.
  app.get("/users/:id/roles", gate.allow("read"), async (c) => {
    await service.users.dated(c.req.param("id"));
    return c.json([]);
  });
  app.get("/users/:id/appLinks", gate.allow("read"), async (c) => {
    const user = await service.users.dated(c.req.param("id"));
    const { accounts } = await service.users.get(user.id);
    return c.json(accounts.map(({ app: name }) => appLink(context, user, name)));
  });
  app.post("/users", gate.allow("edit"), async (c) => await create(context, c));
  app.post("/users/:id", gate.allow("edit"), async (c) => await update(context, c, "partial"));
  app.put("/users/:id", gate.allow("edit"), async (c) => await update(context, c, "whole"));
  app.delete("/users/:id", gate.allow("edit"), async (c) => await remove(context, c));
  app.post("/users/:id/lifecycle/:step", gate.allow("edit"), async (c) => await step(context, c));
}

async function list(context: ApiContext, c: ApiCall): Promise<Response> {
  const prefix = queryOf(c, "q");
  const search = queryOf(c, "search");
  const filter = queryOf(c, "filter");
  const sortBy = search === null ? null : queryOf(c, "sortBy");
  const descending = sortBy !== null && /^desc/i.test(queryOf(c, "sortOrder") ?? "");
  const limit = prefix === null ? limitOf(c, PAGE, PAGE) : limitOf(c, LOOKUP, PAGE);
  const order = `${sortBy ?? ""} ${descending}`;
  const { users, next } = await context.service.users.search({
    search,
    filter,
    prefix,
    sortBy,
    descending,
    after: pageStart(queryOf(c, "after"), order),
    limit,
  });
  const sortOrder = descending ? "desc" : null;
  const own = { search, filter, q: prefix, sortBy, sortOrder, limit: String(limit) };
  const after = next === null ? null : sortBy === null ? next.id : cursorOf([order, next]);
  const follows = after !== null && prefix === null ? { after } : null;
  linkPages(context, c, { ...own, after: queryOf(c, "after") }, follows);
  return c.json(users.map((user) => userDocument(context, user, "self")));
}

/** Behind which user a page begins. @param order in which the cursor was made */
function pageStart(
  after: string | null,
  order: string,
): { readonly id: string; readonly key: string | null } | null {
  if (after === null) return null;
  if (isUuid(after)) return { id: after, key: null };
  const cursor = readCursor(after);
  const [made, start] = Array.isArray(cursor) ? (cursor as unknown[]) : [];
  if (made === order && isRecord(start) && isUuid(String(start["id"])))
    return { id: String(start["id"]), key: String(start["key"]) };
  throw new OktaError(400, "E0000031", "Invalid search criteria.", ["Invalid cursor."]);
}

async function create(context: ApiContext, c: ApiCall): Promise<Response> {
  const { service } = context;
  const body = await bodyOf(c);
  const groups = body["groupIds"];
  if (Array.isArray(groups) && groups.length > 0)
    throw invalid("groupIds", "groupIds: groups come from directories, which say who is in them");
  const values = new Map<string, readonly string[]>();
  for (const [name, value] of profileOf(body)) if (value !== null) values.set(name, value);
  const status = c.req.query("activate") === "false" ? "staged" : "active";
  const { user } = await service.users.create(values, status, askedBy(context, c));
  warnOfPassword(c, body);
  return c.json(userDocument(context, await service.users.dated(user.id), "all"));
}

/** Clients that were made for Okta send a password with every new user. */
function warnOfPassword(c: ApiCall, body: Readonly<Record<string, unknown>>): void {
  const credentials = body["credentials"];
  const password = isRecord(credentials) ? credentials["password"] : undefined;
  if (isRecord(password) && Object.keys(password).length > 0)
    c.header(
      "Warning",
      '299 rollcall "Rollcall keeps no passwords; the one that was sent is forgotten."',
    );
}

async function update(
  context: ApiContext,
  c: ApiCall,
  how: "partial" | "whole",
): Promise<Response> {
  const { service } = context;
  const user = await service.users.dated(c.req.param("id") ?? "");
  const wanted = c.req.header("if-match");
  if (wanted !== undefined && wanted !== "*" && wanted !== userTag(user))
    throw new OktaError(412, "E0000231", "ETag value doesn't match.");
  const edits = changesOf(user, profileOf(await bodyOf(c)), how);
  if (edits.size > 0) await service.users.edit(user.id, edits, askedBy(context, c));
  return c.json(userDocument(context, await service.users.dated(user.id), "all"));
}

type Edits = ReadonlyMap<string, readonly string[] | null>;

/** What a body changes: repeating what is there changes nothing, whoever owns it. */
function changesOf(user: DatedUser, wanted: Edits, how: "partial" | "whole"): Edits {
  const edits = new Map<string, readonly string[] | null>();
  for (const [name, texts] of wanted) {
    const before = textsOf(user.profile[name]);
    if (JSON.stringify(before) !== JSON.stringify(texts)) edits.set(name, texts);
  }
  if (how === "whole")
    for (const name of Object.keys(user.profile)) if (!wanted.has(name)) edits.set(name, null);
  return edits;
}

function textsOf(value: ProfileValue | undefined): readonly string[] | null {
  if (value === undefined) return null;
  return typeof value === "object" ? value.map(String) : [String(value)];
}

/** The values of a body's profile, as an edit has them. */
function profileOf(body: Readonly<Record<string, unknown>>): Edits {
  const { profile } = body;
  if (!isRecord(profile)) throw invalid("profile", "profile: an object is expected");
  return new Map(
    Object.entries(profile).map(([name, value]) => [name, editOf(name, value)] as const),
  );
}

function editOf(name: string, value: unknown): readonly string[] | null {
  const plain = (one: unknown): string => {
    const known =
      (typeof one === "string" && one.isWellFormed() && !one.includes("\0")) ||
      typeof one === "number" ||
      typeof one === "boolean";
    if (!known)
      throw invalid(name, `${name}: a text, a number, a truth value or a list is expected`);
    return String(one);
  };
  if (value === null || value === "") return null;
  if (!Array.isArray(value)) return [plain(value)];
  return value.length === 0 ? null : value.map(plain);
}

/** The first time it takes the access away, the second time it deletes. */
async function remove(context: ApiContext, c: ApiCall): Promise<Response> {
  const { users } = context.service;
  const user = await users.dated(c.req.param("id") ?? "");
  const by = askedBy(context, c);
  if (user.status === "deprovisioned") await users.delete(user.id, by);
  else await users.changeStatus(user.id, "deactivate", by);
  return c.body(null, 204);
}

async function step(context: ApiContext, c: ApiCall): Promise<Response> {
  const { users } = context.service;
  const user = await users.dated(c.req.param("id") ?? "");
  const wanted = stepOf(c.req.param("step") ?? "", user);
  if (wanted === null) throw new OktaError(404, "E0000008", "The requested path was not found");
  if (wanted === "none")
    throw new OktaError(403, "E0000016", "Activation failed because the user is already active");
  await users.changeStatus(user.id, wanted, askedBy(context, c));
  return c.json({});
}

/** Okta activates whoever has no access, whether for the first time or again. */
function stepOf(name: string, { status }: DatedUser): StatusStep | "none" | null {
  switch (name) {
    case "activate":
      if (status === "active") return "none";
      return status === "deprovisioned" ? "reactivate" : "activate";
    case "deactivate":
    case "suspend":
    case "unsuspend":
      return name;
    case "reactivate":
      throw new OktaError(
        403,
        "E0000038",
        "This operation is not allowed in the user's current status.",
      );
    default:
      return null;
  }
}

function appLink(context: ApiContext, { id }: DatedUser, name: string) {
  const label = context.service.settings.apps.get(name)?.label ?? name;
  const linkUrl = `${context.baseUrl()}/api/v1/apps/${name}`;
  return {
    id: `${name}:${id}`,
    label,
    linkUrl,
    logoUrl: null,
    appName: "scim",
    appInstanceId: name,
    appAssignmentId: id,
    credentialsSetup: false,
    hidden: false,
    sortOrder: 0,
  };
}

/** The token as somebody: clients ask who they are, to find out whether they may come in. */
function ownerDocument(context: ApiContext, c: ApiCall) {
  const { id, name, role } = c.get("caller");
  const now = dateText(new Date(0));
  return {
    id,
    status: "ACTIVE",
    created: now,
    activated: now,
    statusChanged: now,
    lastLogin: null,
    lastUpdated: now,
    passwordChanged: null,
    profile: { login: name, email: name, firstName: "API token", lastName: name, userType: role },
    credentials: { provider: { type: "OKTA", name: "OKTA" } },
    _links: { self: { href: `${context.baseUrl()}/api/v1/users/me` } },
  };
}
