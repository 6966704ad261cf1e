/** `/api/v1/mappings`: To-Okta mappings of directories, To-App mappings of apps; and Force Sync. */
import { isDeepStrictEqual } from "node:util";
import type { Hono } from "hono";
import { DEFAULT_TO_APP } from "../../model/app-attributes.ts";
import type { MappingSetting } from "../../model/mapping-setting.ts";
import { USER_SCHEMA_ID, USER_TYPE_ID } from "../../model/okta.ts";
import type { ConfigurationEdit } from "../../model/configuration-edit.ts";
import { askedBy, type ApiCall, type ApiContext, type ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { carryOut, startedBy } from "../start-run.ts";
import { bodyOf, href, isRecord, limitOf, linkPages, queryOf } from "./answer.ts";
import { appNameOf, instanceIn, instanceOf, type Instance } from "./app-document.ts";
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
  app.post("/mappings/:mapping", gate.allow("configuration"), async (c) => {
    const instance = mappedBy(context, c.req.param("mapping"));
    const after = await change(context, c, instance);
    return c.json({ ...document(context, after), properties: properties(after) });
  });
}

/** Writes what a body changes into the configuration; null takes a mapping away. */
async function change(context: ApiContext, c: ApiCall, instance: Instance): Promise<Instance> {
  const place = placeOf(instance);
  const { properties: wanted } = await bodyOf(c);
  if (!isRecord(wanted)) throw invalid("properties", "properties: an object is expected");
  const known = targetsOf(context, instance);
  const present = mappingsOf(instance);
  // An app's mappings lie over its defaults; a directory's own end its defaults.
  const whole =
    instance.kind === "app"
      ? {}
      : { whole: { path: place, value: Object.fromEntries([...present].map(asWritten)) } };
  const edits: ConfigurationEdit[] = [];
  for (const [attribute, value] of Object.entries(wanted)) {
    if (!known.has(attribute)) throw invalid("updateMapping", `Invalid target field ${attribute}`);
    const wantedText = written(attribute, value);
    const before = present.get(attribute);
    // What is repeated is left as it is written, with its variables.
    const now = before === undefined ? null : asWritten([attribute, before])[1];
    if (isDeepStrictEqual(wantedText, now)) continue;
    const isDefault = instance.kind === "app" && DEFAULT_TO_APP.has(attribute);
    const path = [...place, attribute];
    edits.push({ path, value: wantedText ?? (isDefault ? "" : null), ...whole });
  }
  if (context.edit === null) throw notWritable(place.join("."));
  if (edits.length === 0) return instance;
  return instanceIn(await context.edit(edits, askedBy(context, c)), place[1] ?? "");
}

/** A mapping as the file has it. */
function written(attribute: string, value: unknown): unknown {
  if (value === null) return null;
  const { expression, pushStatus = "PUSH" } = isRecord(value) ? value : {};
  if (typeof expression !== "string" || (pushStatus !== "PUSH" && pushStatus !== "DONT_PUSH"))
    throw invalid(
      attribute,
      `${attribute}: {"expression": …, "pushStatus": "PUSH" or "DONT_PUSH"}`,
    );
  return pushStatus === "PUSH" ? expression : { expression, apply: "create" };
}

function asWritten([attribute, { expression, apply }]: [string, MappingSetting]) {
  return [attribute, apply === "create" ? { expression, apply } : expression] as const;
}

function placeOf(instance: Instance): string[] {
  return instance.kind === "app"
    ? ["apps", instance.app.name, "toApp"]
    : ["directories", instance.directory.name, "toOkta"];
}

/** Attributes that can be mapped to. */
function targetsOf({ service }: ApiContext, instance: Instance): ReadonlySet<string> {
  return new Set(instance.kind === "app" ? instance.app.attributes.keys() : service.profile.keys());
}

function mappingsOf(instance: Instance): ReadonlyMap<string, MappingSetting> {
  return instance.kind === "app" ? instance.app.toApp : instance.directory.toOkta;
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
  return Object.fromEntries(
    [...mappingsOf(instance)].map(([attribute, { expression, apply }]) => {
      const pushStatus = apply === "create" ? "DONT_PUSH" : "PUSH";
      return [attribute, { expression, pushStatus }];
    }),
  );
}
