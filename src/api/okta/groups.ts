/** `/api/v1/groups`: groups of directories, which say who is in them; nothing is written here. */
import type { Hono } from "hono";
import type { ApiCall, ApiContext, ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { cursorOf, limitOf, linkPages, queryOf } from "./answer.ts";
import { notFound, notOffered, OktaError } from "./errors.ts";
import { groupDocument, readGroupId } from "./group-document.ts";
import { userDocument } from "./user-document.ts";
import { appDocuments } from "./app-document.ts";

const MOST = 10_000;
const USUAL = 200;
const MEMBERS = 200;
/** What is offered of Okta's filters and searches. */
const CONDITION = /^\s*(id|type|profile\.name|source\.id)\s+(eq|sw)\s+("(?:[^"\\]|\\.)*")\s*$/i;
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

type Condition = Partial<Record<"prefix" | "name" | "directory" | "id", string>>;

/** @returns "none": no group here fulfils it */
function conditionOf(text: string | null): Condition | "none" {
  if (text === null) return {};
  const [, path = "", operator = "", quoted = ""] = CONDITION.exec(text) ?? [];
  const value = parsed(quoted);
  const equals = operator.toLowerCase() === "eq";
  if (value !== null && path.toLowerCase() === "profile.name")
    return equals ? { name: value } : { prefix: value };
  if (value !== null && equals) {
    switch (path.toLowerCase()) {
      case "type":
        return value.toUpperCase() === "APP_GROUP" ? {} : "none";
      case "source.id":
        return { directory: value };
      case "id":
        return readGroupId(value) ?? "none";
    }
  }
  const offered = 'profile.name eq|sw "…", id eq "…", type eq "…" or source.id eq "…"';
  throw new OktaError(400, "E0000031", "Invalid search criteria.", [`Offered: ${offered}`]);
}

function parsed(quoted: string): string | null {
  try {
    const text: unknown = JSON.parse(quoted);
    return typeof text === "string" && text.isWellFormed() && !text.includes("\0") ? text : null;
  } catch {
    return null;
  }
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
  const ids = await context.service.groups.users(group, after, limit + 1);
  const users = await Promise.all(ids.slice(0, limit).map((id) => context.service.users.dated(id)));
  const last = users.at(-1);
  const next = ids.length > limit && last !== undefined ? { after: last.id } : null;
  linkPages(context, c, { limit: String(limit), after }, next);
  return c.json(users.map((user) => userDocument(context, user, "self")));
}
