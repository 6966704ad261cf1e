/** `/api/v1/apps/{app}/users`: who is in a directory, and who has an account in an app. */
import type { Hono } from "hono";
import { isUuid } from "../../lib/uuid.ts";
import type { AssignmentView } from "../../service.ts";
import type { LinkedAppUser } from "../../service.ts";
import { askedBy, type ApiCall, type ApiContext, type ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { cursorOfEntry, readEntryCursor } from "../cursor.ts";
import { bodyOf, href, isRecord, limitOf, linkPages, queryOf } from "./answer.ts";
import { instanceOf } from "./app-document.ts";
import { invalid, notFound, notOffered, OktaError } from "./errors.ts";

const USUAL = 50;
const MOST = 500;

export function appUserRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  app.get("/apps/:app/users", gate.allow("read"), async (c) => await list(context, c));
  app.get("/apps/:app/unconfirmed-users", gate.allow("read"), async (c) => {
    return await unconfirmed(context, c);
  });
  app.get("/apps/:app/users/:user", gate.allow("read"), async (c) => {
    return c.json(await one(context, c.req.param("app"), c.req.param("user")));
  });
  app.post("/apps/:app/users", gate.allow("edit"), async (c) => await assign(context, c));
  app.post("/apps/:app/users/:user", gate.allow("edit"), async (c) => {
    await one(context, c.req.param("app"), c.req.param("user"));
    throw notOffered("An account's values come from the mappings; change those, or the user.");
  });
  app.delete("/apps/:app/users/:user", gate.allow("edit"), async (c) => {
    const { app: name, user } = c.req.param();
    requireApp(context, name);
    const { id } = await context.service.users.dated(user);
    const account = await context.service.apps.assignment(name, id);
    if (account?.assignedBy == null) throw notFound("AppUser", user);
    const { kind, name: by } = account.assignedBy;
    if (kind !== "person")
      throw invalid("user", `user: assigned by ${kind} ${by}, which stands in the configuration`);
    await context.service.apps.unassign(name, [id], askedBy(context, c));
    return c.body(null, 204);
  });
}

/** @throws OktaError where it is a directory, which says itself who is in it */
function requireApp(context: ApiContext, name: string): void {
  if (instanceOf(context, name).kind === "app") return;
  throw notOffered("A directory says itself who is in it; people are linked by matching.");
}

async function list(context: ApiContext, c: ApiCall): Promise<Response> {
  const name = c.req.param("app") ?? "";
  const { kind } = instanceOf(context, name);
  const limit = limitOf(c, USUAL, MOST);
  const [q, after] = [queryOf(c, "q"), queryOf(c, "after")];
  if (after !== null && !isUuid(after))
    throw new OktaError(400, "E0000029", "Invalid paging request.", ["Invalid cursor."]);
  const query = { after, prefix: q, limit: limit + 1 };
  const found =
    kind === "directory"
      ? (await context.service.directories.people(name, query)).map((person) => {
          return { userId: person.userId, document: linkedDocument(context, person) };
        })
      : (await context.service.apps.assigned(name, query)).map((account) => {
          return { userId: account.userId, document: accountDocument(context, account) };
        });
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const next = found.length > limit && last !== undefined ? { after: last.userId } : null;
  linkPages(context, c, { q, limit: String(limit), after }, next);
  return c.json(shown.map(({ document }) => document));
}

/** Entries of a directory of whom nobody has said yet whose they are. */
async function unconfirmed(context: ApiContext, c: ApiCall): Promise<Response> {
  const name = c.req.param("app") ?? "";
  const { kind } = instanceOf(context, name);
  const limit = limitOf(c, USUAL, MOST);
  const from = queryOf(c, "after");
  const after = from === null ? null : readEntryCursor(from);
  if (from !== null && after === null)
    throw new OktaError(400, "E0000029", "Invalid paging request.", ["Invalid cursor."]);
  const query = { directory: name, aside: false, after, limit: limit + 1 };
  const found = kind === "directory" ? await context.service.directories.unmatched(query) : [];
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const next = found.length > limit && last !== undefined ? { after: cursorOfEntry(last) } : null;
  linkPages(context, c, { limit: String(limit), after: from }, next);
  const users = shown.map(({ externalId, dn, profile }) => {
    return { externalId, credentials: { userName: dn }, profile };
  });
  return c.json({ users });
}

async function one(context: ApiContext, name: string, who: string) {
  const { kind } = instanceOf(context, name);
  const { service } = context;
  const { id } = await service.users.dated(who);
  if (kind === "directory") {
    const person = await service.directories.person(name, id);
    if (person === null) throw notFound("AppUser", who);
    return linkedDocument(context, person);
  }
  const account = await service.apps.assignment(name, id);
  if (account === null) throw notFound("AppUser", who);
  return accountDocument(context, account);
}

async function assign(context: ApiContext, c: ApiCall): Promise<Response> {
  const name = c.req.param("app") ?? "";
  requireApp(context, name);
  const { id, profile } = await bodyOf(c);
  if (typeof id !== "string" || id === "") throw invalid("id", "id: the id of a user is expected");
  if (isRecord(profile) && Object.keys(profile).length > 0)
    throw notOffered("Values of an assignment stand in the configuration, under assign.");
  const user = await context.service.users.dated(id);
  await context.service.apps.assign(name, [user.id], askedBy(context, c));
  return c.json(await one(context, name, user.id));
}

function linksOf(context: ApiContext, app: string, userId: string) {
  return {
    app: href(context, `/api/v1/apps/${app}`),
    user: href(context, `/api/v1/users/${userId}`),
  };
}

const APP_USER_STATUS = {
  none: "STAGED",
  attempted: "PENDING",
  active: "PROVISIONED",
  inactive: "DEPROVISIONED",
  unsure: "PENDING",
} as const;

function accountDocument(context: ApiContext, account: AssignmentView) {
  const { app, userId, login, externalId, state, syncState, acknowledged, lastPush } = account;
  const userName = acknowledged?.["userName"] ?? login;
  return {
    id: userId,
    externalId,
    created: null,
    lastUpdated: lastPush,
    scope: account.assignedBy?.kind === "group" ? "GROUP" : "USER",
    status: APP_USER_STATUS[state],
    statusChanged: null,
    passwordChanged: null,
    syncState,
    lastSync: lastPush,
    credentials: { userName: String(userName) },
    profile: acknowledged ?? {},
    _links: linksOf(context, app, userId),
  };
}

function linkedDocument(context: ApiContext, person: LinkedAppUser) {
  const { directory, externalId, userId, login, status, profile, importedAt, error } = person;
  return {
    id: userId,
    externalId,
    created: null,
    lastUpdated: importedAt,
    scope: "USER",
    status: status === "active" ? "PROVISIONED" : "DEPROVISIONED",
    statusChanged: null,
    passwordChanged: null,
    syncState: error === null ? "SYNCHRONIZED" : "ERROR",
    lastSync: importedAt,
    credentials: { userName: login },
    profile,
    _links: linksOf(context, directory, userId),
  };
}
