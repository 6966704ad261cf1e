/** `/api/v1/mappings`: To-Okta mappings of directories, To-App mappings of apps; and Force Sync. */
import type { Hono } from "hono";
import type { MappingSetting } from "../../model/mapping-setting.ts";
import { USER_SCHEMA_ID, USER_TYPE_ID } from "../../model/okta.ts";
import type { ApiCall, ApiContext, ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { carryOut, startedBy } from "../start-run.ts";
import { href, limitOf, linkPages, queryOf } from "./answer.ts";
import { appNameOf, instanceOf, type Instance } from "./app-document.ts";
import { invalid, notFound, notWritable } from "./errors.ts";

const USUAL = 20;
const MOST = 200;
const PREFIX = "prm-";

export function mappingRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  app.get("/mappings", gate.allow("read"), (c) => list(context, c));
  app.get("/mappings/:mapping", gate.allow("read"), (c) => {
    const instance = mappedBy(context, c.req.param("mapping"));
    return c.json({ ...document(context, instance), properties: properties(instance) });
  });
  app.post("/mappings/:mapping", gate.allow("edit"), (c) => {
    const instance = mappedBy(context, c.req.param("mapping"));
    const where =
      instance.kind === "app"
        ? `apps.${instance.app.name}.toApp`
        : `directories.${instance.directory.name}.toOkta`;
    throw notWritable(where);
  });
}

/**
 * The request by which Terraform's provider applies mappings at once: a Force Sync, to Okta where
 * the user type is the target, to an app where it is the source.
 */
export function reapplyRoute(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  app.put("/mappings/reapply", gate.allow("run"), async (c) => {
    const [source, target] = [queryOf(c, "source"), queryOf(c, "target")];
    if (
      source === null ||
      target === null ||
      (source === USER_TYPE_ID) === (target === USER_TYPE_ID)
    )
      throw invalid(
        "source",
        `source, target: one is an app, the other the user type ${USER_TYPE_ID}`,
      );
    const name = source === USER_TYPE_ID ? target : source;
    const { kind } = instanceOf(context, name);
    if ((kind === "app") !== (source === USER_TYPE_ID))
      throw invalid("source", `${name} has no mapping in this direction`);
    const where = kind === "app" ? { app: name } : { directory: name };
    const run = await startedBy(context, c, (by) =>
      carryOut(context, { kind: "force-sync", ...where }, by),
    );
    c.header("Location", `${context.baseUrl()}/api/rollcall/v1/runs/${run}`);
    return c.json({}, 202);
  });
}

function list(context: ApiContext, c: ApiCall): Response {
  const [sourceId, targetId] = [queryOf(c, "sourceId"), queryOf(c, "targetId")];
  const limit = limitOf(c, USUAL, MOST);
  const after = queryOf(c, "after");
  const { directories, apps } = context.service.settings;
  const found = [...directories.keys(), ...apps.keys()]
    .toSorted()
    .map((id) => document(context, instanceOf(context, id)))
    .filter(
      ({ id, source, target }) =>
        (sourceId === null || source.id === sourceId) &&
        (targetId === null || target.id === targetId) &&
        (after === null || id > after),
    );
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const next = found.length > limit && last !== undefined ? { after: last.id } : null;
  linkPages(context, c, { sourceId, targetId, limit: String(limit), after }, next);
  return c.json(shown);
}

function mappedBy(context: ApiContext, id: string): Instance {
  const name = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : null;
  const { directories, apps } = context.service.settings;
  if (name === null || (!directories.has(name) && !apps.has(name)))
    throw notFound("ProfileMapping", id);
  return instanceOf(context, name);
}

function document(context: ApiContext, instance: Instance) {
  const name = instance.kind === "app" ? instance.app.name : instance.directory.name;
  const user = {
    id: USER_TYPE_ID,
    name: "user",
    type: "user",
    _links: {
      self: href(context, `/api/v1/meta/types/user/${USER_TYPE_ID}`),
      schema: href(context, `/api/v1/meta/schemas/user/${USER_SCHEMA_ID}`),
    },
  };
  const app = {
    id: name,
    name: appNameOf(instance),
    type: "appuser",
    _links: {
      self: href(context, `/api/v1/apps/${name}`),
      schema: href(context, `/api/v1/meta/schemas/apps/${name}/default`),
    },
  };
  const [source, target] = instance.kind === "app" ? [user, app] : [app, user];
  const id = PREFIX + name;
  return { id, source, target, _links: { self: href(context, `/api/v1/mappings/${id}`) } };
}

function properties(instance: Instance) {
  const mappings: ReadonlyMap<string, MappingSetting> =
    instance.kind === "app" ? instance.app.toApp : instance.directory.toOkta;
  return Object.fromEntries(
    [...mappings].map(([attribute, { expression, apply }]) => {
      const pushStatus = apply === "create" ? "DONT_PUSH" : "PUSH";
      return [attribute, { expression, pushStatus }];
    }),
  );
}
