/** `/api/v1/users`: who is there, and what of a person no directory gives. */
import type { Hono } from "hono";
import { RollcallError } from "../../model/errors.ts";
import type { ProfileSchema } from "../../model/profile-schema.ts";
import { USER_TYPE_ID } from "../../model/okta.ts";
import { isUuid } from "../../lib/uuid.ts";
import type { ProfileValue, StatusStep } from "../../model/user.ts";
import type { DatedUser } from "../../service.ts";
import { askedBy, type ApiCall, type ApiContext, type ApiEnv } from "../context.ts";
import { AccessRefused, requireFresh, type Gate } from "../gate.ts";
import { cursorOf, readCursor } from "../cursor.ts";
import { bodyOf, dateText, isRecord, limitOf, linkPages, queryOf } from "./answer.ts";
import { invalid, notFound, notOffered, OktaError, oneOfThem } from "./errors.ts";
import { groupDocument } from "./group-document.ts";
import { userDocument, userTag } from "./user-document.ts";

/** The owner of the token, who is nobody whom a directory knows. */
const OWNER = "me";
const PAGE = 200;
/** Of a look-up by the beginning of a name, which has one page. */
const LOOKUP = 10;

export function userRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  const { service } = context;
  app.get("/users", gate.allow("read"), async (c) => await list(context, c));
  app.get("/users/:id", gate.allow("read"), async (c) => {
    if (c.req.param("id") === OWNER) return c.json(ownerDocument(context, c));
    const user = await personOf(context, c);
    c.header("ETag", userTag(user));
    return c.json(userDocument(context, user, "all"));
  });
  app.get("/users/:id/groups", gate.allow("read"), async (c) => {
    const groups =
      c.req.param("id") === OWNER
        ? []
        : await service.users.groups((await personOf(context, c)).id);
    linkPages(context, c, {}, null);
    return c.json(groups.map((group) => groupDocument(context, group)));
  });
  // Nobody has a role in an organisation that is managed elsewhere.
  app.get("/users/:id/roles", gate.allow("read"), async (c) => {
    if (c.req.param("id") !== OWNER) await personOf(context, c);
    return c.json([]);
  });
  app.get("/users/:id/appLinks", gate.allow("read"), async (c) => {
    const user = await personOf(context, c);
    const { accounts } = await service.users.get(user.id);
    return c.json(accounts.map(({ app: name }) => appLink(context, user, name)));
  });
  app.post("/users", gate.allow("edit"), async (c) => await create(context, c));
  app.post("/users/:id", gate.allow("edit"), async (c) => await update(context, c, "partial"));
  app.put("/users/:id", gate.allow("edit"), async (c) => await update(context, c, "whole"));
  app.delete("/users/:id", gate.allow("edit"), async (c) => await remove(context, c));
  app.post("/users/:id/lifecycle/:step", gate.allow("edit"), async (c) => await step(context, c));
}

/** Whom the address names. @throws OktaError for the owner of the token, who is no person */
async function personOf({ service }: ApiContext, c: ApiCall): Promise<DatedUser> {
  const who = c.req.param("id") ?? "";
  if (who === OWNER) throw notFound("User", OWNER);
  return await service.users.dated(who);
}

async function list(context: ApiContext, c: ApiCall): Promise<Response> {
  const prefix = queryOf(c, "q");
  const search = queryOf(c, "search");
  const filter = queryOf(c, "filter");
  if (search !== null && filter !== null) throw oneOfThem();
  const sortBy = search === null ? null : queryOf(c, "sortBy");
  const descending = sortBy !== null && /^desc/i.test(queryOf(c, "sortOrder") ?? "");
  const limit = prefix === null ? limitOf(c, PAGE, PAGE) : limitOf(c, LOOKUP, PAGE);
  const order = `${sortBy ?? ""} ${descending}`;
  const found = await context.limits.searches.pass(() =>
    context.service.users.search({
      search,
      filter,
      prefix,
      sortBy,
      descending,
      after: pageStart(queryOf(c, "after"), order),
      limit,
    }),
  );
  if (found === null) throw new AccessRefused("tooMany", "Too many searches at once.");
  const { users, next } = found.result;
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
  if (order.startsWith(" ") && isUuid(after)) return { id: after, key: null };
  const cursor = readCursor(after);
  const [made, start] = Array.isArray(cursor) ? (cursor as unknown[]) : [];
  if (made === order && isRecord(start)) {
    const { id, key } = start;
    if (typeof id === "string" && isUuid(id) && typeof key === "string") return { id, key };
  }
  throw new OktaError(400, "E0000031", "Invalid search criteria.", ["Invalid cursor."]);
}

async function create(context: ApiContext, c: ApiCall): Promise<Response> {
  const { service } = context;
  const body = await bodyOf(c);
  requireType(body);
  const groups = body["groupIds"];
  if (Array.isArray(groups) && groups.length > 0)
    throw invalid("groupIds", "groupIds: groups come from directories, which say who is in them");
  const values = new Map<string, readonly string[]>();
  for (const [name, value] of profileOf(body)) if (value !== null) values.set(name, value);
  const status = c.req.query("activate")?.toLowerCase() === "false" ? "staged" : "active";
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
  const user = await personOf(context, c);
  const isSure = requireTag(c, user);
  const body = await bodyOf(c);
  requireType(body);
  const wanted = profileOf(body);
  requireKnown(service.profile, wanted.keys());
  const values = changesOf(service.profile, user, wanted, how);
  const version = isSure ? user.version : null;
  if (values.size > 0)
    await service.users
      .edit(user.id, { values, version }, askedBy(context, c))
      .catch((thrown: unknown) => {
        const isOther = thrown instanceof RollcallError && thrown.code === "user.changed";
        throw isOther && isSure ? tagDiffers() : thrown;
      });
  warnOfPassword(c, body);
  return c.json(userDocument(context, await service.users.dated(user.id), "all"));
}

/** @returns whether the request is for the user as it was seen, and for no other */
function requireTag(c: ApiCall, user: DatedUser): boolean {
  const wanted = c.req
    .header("if-match")
    ?.split(",")
    .map((one) => one.trim());
  if (wanted === undefined || wanted.includes("*")) return false;
  if (!wanted.includes(userTag(user))) throw tagDiffers();
  return true;
}

function tagDiffers(): OktaError {
  return new OktaError(412, "E0000231", "ETag value doesn't match.");
}

/** There is one type of user. */
function requireType({ type }: Readonly<Record<string, unknown>>): void {
  const id = isRecord(type) ? type["id"] : undefined;
  if (id === undefined || id === USER_TYPE_ID || id === "default") return;
  throw invalid("type", `type: there is one type of user, ${USER_TYPE_ID}`);
}

type Edits = ReadonlyMap<string, readonly string[] | null>;

/** What a body changes: repeating what is there changes nothing, whoever owns it. */
function changesOf(
  schema: ProfileSchema,
  user: DatedUser,
  wanted: Edits,
  how: "partial" | "whole",
): Edits {
  const edits = new Map<string, readonly string[] | null>();
  for (const [name, texts] of wanted) {
    const before = Object.hasOwn(user.profile, name) ? textsOf(user.profile[name]) : null;
    if (JSON.stringify(before) !== JSON.stringify(texts)) edits.set(name, texts);
  }
  if (how === "whole")
    // What is kept of an attribute that is not configured any more is nobody's to change.
    for (const name of Object.keys(user.profile))
      if (!wanted.has(name) && schema.has(name)) edits.set(name, null);
  return edits;
}

/** Also an attribute that is to be empty has to be one. */
function requireKnown(schema: ProfileSchema, names: Iterable<string>): void {
  const unknown = [...names].filter((name) => !schema.has(name));
  if (unknown.length === 0) return;
  const causes = unknown.map((name) => `Property name '${name}' is not defined in profile`);
  throw invalid(unknown[0] ?? "profile", ...causes);
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
    const isText =
      typeof one === "string" &&
      one.length <= MOST_CHARACTERS &&
      one.isWellFormed() &&
      !one.includes("\0");
    // A whole number that is too large has lost digits already.
    const isNumber =
      typeof one === "number" && (Number.isSafeInteger(one) || !Number.isInteger(one));
    if (!isText && !isNumber && typeof one !== "boolean")
      throw invalid(
        name,
        `${name}: a text of at most ${MOST_CHARACTERS} characters, a number, a truth value or a list of them is expected`,
      );
    return String(one);
  };
  if (value === null || value === "") return null;
  if (!Array.isArray(value)) return [plain(value)];
  return value.length === 0 ? null : value.map(plain);
}

/** Of a value; an app would have to take it as well. */
const MOST_CHARACTERS = 10_000;

/** The first time it takes the access away, the second time it deletes. */
async function remove(context: ApiContext, c: ApiCall): Promise<Response> {
  const { users } = context.service;
  const user = await personOf(context, c);
  const by = askedBy(context, c);
  if (user.status === "deprovisioned") {
    requireFresh(c.get("caller"));
    await users.delete(user.id, by);
  } else await users.changeStatus(user.id, "deactivate", by);
  return c.body(null, 204);
}

async function step(context: ApiContext, c: ApiCall): Promise<Response> {
  const { users } = context.service;
  const user = await personOf(context, c);
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
      if (OF_CREDENTIALS.has(name)) throw notOffered("Rollcall keeps no credentials of people.");
      return null;
  }
}

/** Steps that Okta has, and that concern how people sign in. */
const OF_CREDENTIALS: ReadonlySet<string> = new Set([
  "expire_password",
  "expire_password_with_temp_password",
  "reset_factors",
  "reset_password",
  "unlock",
]);

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
