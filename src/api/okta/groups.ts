/** `/api/v1/groups`: groups of directories, which say who is in them; nothing is written here. */
import type { Hono } from "hono";
import type { ApiCall, ApiContext, ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { cursorOf } from "../cursor.ts";
import { limitOf, linkPages, queryOf } from "./answer.ts";
import { readConditions, type Condition } from "./conditions.ts";
import { notFound, notOffered, OktaError, oneOfThem } from "./errors.ts";
import { groupDocument, readGroupId } from "./group-document.ts";
import { userDocument } from "./user-document.ts";
import { appDocuments } from "./app-document.ts";

const MOST = 10_000;
const USUAL = 200;
const MEMBERS = 200;
const FROM_DIRECTORIES = "Groups come from directories, which say who is in them.";

export function groupRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  app.get("/groups", gate.allow("read"), async (c) => await list(context, c));
  app.get("/groups/:group", gate.allow("read"), async (c) => {
    const group = await groupOf(context, c.req.param("group"));
    return c.json(groupDocument(context, group));
  });
  app.get("/groups/:group/users", gate.allow("read"), async (c) => await members(context, c));
  app.get("/groups/:group/apps", gate.allow("read"), async (c) => {
    const { directory } = await groupOf(context, c.req.param("group"));
    return c.json(appDocuments(context).filter(({ id }) => id === directory));
  });
  const refuse = (): never => {
    throw notOffered(FROM_DIRECTORIES);
  };
  app.post("/groups", gate.allow("edit"), refuse);
  app.put("/groups/:group", gate.allow("edit"), refuse);
  app.delete("/groups/:group", gate.allow("edit"), refuse);
  app.put("/groups/:group/users/:user", gate.allow("edit"), refuse);
  app.delete("/groups/:group/users/:user", gate.allow("edit"), refuse);
}

async function groupOf(context: ApiContext, id: string) {
  const name = readGroupId(id);
  if (name === null) throw notFound("UserGroup", id);
  const query = { ...EVERYTHING, directory: name.directory, id: name.id, limit: 1 };
  const [group] = await context.service.groups.list(query);
  if (group === undefined) throw notFound("UserGroup", id);
  return group;
}

const EVERYTHING = { prefix: null, name: null, directory: null, id: null, after: null } as const;

async function list(context: ApiContext, c: ApiCall): Promise<Response> {
  const [q, search, filter] = [queryOf(c, "q"), queryOf(c, "search"), queryOf(c, "filter")];
  const limit = limitOf(c, USUAL, MOST);
  const after = afterGroup(queryOf(c, "after"));
  if (search !== null && filter !== null) throw oneOfThem();
  const condition = conditionOf(search ?? filter);
  const none = condition === "none";
  const query = { ...EVERYTHING, prefix: q, ...(none ? {} : condition), after, limit: limit + 1 };
  const found = none ? [] : await context.service.groups.list(query);
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const next =
    found.length > limit && last !== undefined
      ? { after: cursorOf([last.directory, last.id]) }
      : null;
  linkPages(
    context,
    c,
    { q, search, filter, limit: String(limit), after: c.req.query("after") ?? null },
    next,
  );
  return c.json(shown.map((group) => groupDocument(context, group)));
}

type Wanted = Partial<Record<"prefix" | "name" | "directory" | "id", string>>;

/** @returns "none": no group here fulfils it */
function conditionOf(text: string | null): Wanted | "none" {
  let wanted: Wanted = {};
  for (const one of readConditions(text, ["profile.name", "id", "type", "source.id"])) {
    const more = wantedBy(one);
    if (more === "none" || contradicts(wanted, more)) return "none";
    wanted = { ...wanted, ...more };
  }
  return wanted;
}

function wantedBy({ path, operator, value }: Condition<string>): Wanted | "none" {
  if (path === "profile.name") return operator === "eq" ? { name: value } : { prefix: value };
  if (operator === "sw") {
    const message = `${path} is compared with eq.`;
    throw new OktaError(400, "E0000031", "Invalid search criteria.", [message]);
  }
  if (path === "type") return value.toUpperCase() === "APP_GROUP" ? {} : "none";
  return path === "source.id" ? { directory: value } : (readGroupId(value) ?? "none");
}

function contradicts(known: Wanted, more: Wanted): boolean {
  return Object.entries(more).some(([key, value]) => {
    const before = known[key as keyof Wanted];
    return before !== undefined && before !== value;
  });
}

function afterGroup(text: string | null): { directory: string; id: string } | null {
  if (text === null) return null;
  const group = readGroupId(`00g${text}`);
  if (group === null)
    throw new OktaError(400, "E0000031", "Invalid search criteria.", ["Invalid cursor."]);
  return group;
}

async function members(context: ApiContext, c: ApiCall): Promise<Response> {
  const group = await groupOf(context, c.req.param("group") ?? "");
  const limit = limitOf(c, MEMBERS, MEMBERS);
  const after = queryOf(c, "after");
  if (after !== null && !/^[0-9a-f-]{36}$/.test(after))
    throw new OktaError(400, "E0000031", "Invalid search criteria.", ["Invalid cursor."]);
  const found = await context.service.groups.users(group, after, limit + 1);
  const users = found.slice(0, limit);
  const last = users.at(-1);
  const next = found.length > limit && last !== undefined ? { after: last.id } : null;
  linkPages(context, c, { limit: String(limit), after }, next);
  return c.json(users.map((user) => userDocument(context, user, "self")));
}
