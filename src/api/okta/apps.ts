/** `/api/v1/apps`: directories and apps; what they are stands in the configuration. */
import type { Hono } from "hono";
import type { DirectorySettings } from "../../model/settings.ts";
import { askedBy, type ApiCall, type ApiContext, type ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { cursorOf, readCursor } from "../cursor.ts";
import { bodyOf, href, isRecord, limitOf, linkPages, queryOf } from "./answer.ts";
import {
  appDocument,
  appDocuments,
  instanceIn,
  instanceOf,
  type Instance,
} from "./app-document.ts";
import { readConditions } from "./conditions.ts";
import { invalid, notOffered, notWritable, OktaError } from "./errors.ts";

const PAGE = 200;

export function appRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  app.get("/apps", gate.allow("read"), (c) => list(context, c));
  app.get("/apps/:app", gate.allow("read"), (c) =>
    c.json(appDocument(context, instanceOf(context, c.req.param("app")))),
  );
  app.get("/apps/:app/features", gate.allow("read"), (c) =>
    c.json(features(context, instanceOf(context, c.req.param("app")))),
  );
  app.get("/apps/:app/features/:feature", gate.allow("read"), (c) => {
    const all = features(context, instanceOf(context, c.req.param("app")));
    const found = all.find(({ name }) => name === c.req.param("feature"));
    if (found === undefined) throw invalid("feature", "Provisioning is not supported.");
    return c.json(found);
  });
  app.get("/apps/:app/connections/default", gate.allow("read"), (c) =>
    c.json(connection(context, instanceOf(context, c.req.param("app")))),
  );
  app.get("/apps/:app/user/types", gate.allow("read"), (c) => {
    const instance = instanceOf(context, c.req.param("app"));
    return c.json([userType(context, instance, c.req.param("app"))]);
  });
  // A group that an app is given to stands in the configuration, by its name.
  app.get("/apps/:app/groups", gate.allow("read"), (c) => {
    instanceOf(context, c.req.param("app"));
    return c.json([]);
  });
  const where = (c: ApiCall): never => {
    const id = c.req.param("app") ?? "";
    throw notWritable(instanceOf(context, id).kind === "app" ? `apps.${id}` : `directories.${id}`);
  };
  app.put("/apps/:app", gate.allow("edit"), where);
  app.delete("/apps/:app", gate.allow("edit"), where);
  app.put("/apps/:app/features/:feature", gate.allow("configuration"), async (c) => {
    const instance = instanceOf(context, c.req.param("app"));
    if (instance.kind === "directory" || c.req.param("feature") !== "USER_PROVISIONING") where(c);
    return c.json(await setToggles(context, c));
  });
  app.post("/apps/:app/connections/default", gate.allow("edit"), where);
  app.put("/apps/:app/groups/:group", gate.allow("edit"), where);
  app.delete("/apps/:app/groups/:group", gate.allow("edit"), where);
  app.post("/apps/:app/lifecycle/:step", gate.allow("edit"), where);
  app.post("/apps", gate.allow("edit"), () => {
    throw notOffered("Directories and apps stand in the configuration file.");
  });
}

function list(context: ApiContext, c: ApiCall): Response {
  const [q, filter, after] = [queryOf(c, "q"), queryOf(c, "filter"), queryOf(c, "after")];
  const limit = limitOf(c, PAGE, PAGE);
  const fits = conditions(filter);
  const start = after === null ? "" : readCursor(after);
  if (typeof start !== "string")
    throw new OktaError(400, "E0000029", "Invalid paging request.", ["Invalid cursor."]);
  const begins = (text: string): boolean =>
    q === null || text.toLowerCase().startsWith(q.toLowerCase());
  const found = appDocuments(context).filter(
    (one) => one.id > start && fits(one) && (begins(one.label) || begins(one.name)),
  );
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const next = found.length > limit && last !== undefined ? { after: cursorOf(last.id) } : null;
  linkPages(context, c, { q, filter, limit: String(limit), after }, next);
  return c.json(shown);
}

type Shown = ReturnType<typeof appDocument>;

function conditions(filter: string | null): (one: Shown) => boolean {
  const read = readConditions(filter, ["status", "name", "label", "id"]);
  return (one) =>
    read.every(({ path, operator, value }) => {
      const [own, wanted] = [one[path].toLowerCase(), value.toLowerCase()];
      return operator === "eq" ? own === wanted : own.startsWith(wanted);
    });
}

function features(context: ApiContext, instance: Instance) {
  const onOff = (on: boolean): "ENABLED" | "DISABLED" => (on ? "ENABLED" : "DISABLED");
  if (instance.kind === "app") {
    const { name, provisioning } = instance.app;
    const { create, update, deactivate } = provisioning;
    return [
      {
        name: "USER_PROVISIONING",
        status: onOff(create || update || deactivate),
        description: "User provisioning settings from Rollcall to the app",
        capabilities: {
          create: { lifecycleCreate: { status: onOff(create) } },
          update: {
            profile: { status: onOff(update) },
            lifecycleDeactivate: { status: onOff(deactivate) },
            password: { status: "DISABLED", seed: "RANDOM", change: "KEEP_EXISTING" },
          },
        },
        _links: { self: featureLink(context, name, "USER_PROVISIONING") },
      },
    ];
  }
  const { name } = instance.directory;
  return [
    {
      name: "INBOUND_PROVISIONING",
      status: "ENABLED",
      description: "User import settings from the directory to Rollcall",
      capabilities: inbound(instance.directory),
      _links: { self: featureLink(context, name, "INBOUND_PROVISIONING") },
    },
  ];
}

/** The toggles that a body names; the others stay. */
async function setToggles(context: ApiContext, c: ApiCall) {
  const name = c.req.param("app") ?? "";
  const body = await bodyOf(c);
  const asked = {
    create: statusIn(body, "create", "lifecycleCreate"),
    update: statusIn(body, "update", "profile"),
    deactivate: statusIn(body, "update", "lifecycleDeactivate"),
  };
  const now = context.service.settings.apps.get(name)?.provisioning ?? asked;
  const edits = Object.entries(asked).flatMap(([toggle, value]) =>
    value === null || value === now[toggle as keyof typeof now]
      ? []
      : [{ path: ["apps", name, "provisioning", toggle], value }],
  );
  if (context.edit === null) throw notWritable(`apps.${name}.provisioning`);
  const settings =
    edits.length === 0 ? context.service.settings : await context.edit(edits, askedBy(context, c));
  return features(context, instanceIn(settings, name))[0];
}

/** Whether something is to be on; null: nothing is said of it. */
function statusIn(body: Readonly<Record<string, unknown>>, ...path: string[]): boolean | null {
  let found: unknown = body;
  for (const name of path) found = isRecord(found) ? found[name] : undefined;
  const status = isRecord(found) ? found["status"] : undefined;
  if (status === undefined) return null;
  if (status === "ENABLED" || status === "DISABLED") return status === "ENABLED";
  throw invalid("capabilities", `${path.join(".")}.status: ENABLED or DISABLED`);
}

function featureLink(context: ApiContext, app: string, feature: string) {
  const link = href(context, `/api/v1/apps/${app}/features/${feature}`);
  return { ...link, hints: { allow: ["GET", "PUT"] } };
}

function inbound({ schedule, toOkta, matching, onNoMatch }: DirectorySettings) {
  const { incremental, full, timezone } = schedule;
  const cron = (expression: string | null) =>
    expression === null ? null : { expression, timezone };
  const format = "CUSTOM";
  const byEmail = matching[0]?.user === "email";
  return {
    importSettings: {
      username: {
        userNameFormat: format,
        usernameFormat: format,
        userNameExpression: toOkta.get("login")?.expression ?? null,
      },
      schedule: {
        status: incremental === null && full === null ? "DISABLED" : "ENABLED",
        fullImport: cron(full),
        incrementalImport: cron(incremental),
      },
    },
    importRules: {
      userCreateAndMatch: {
        exactMatchCriteria: byEmail ? "EMAIL" : "USERNAME",
        allowPartialMatch: false,
        autoConfirmPartialMatch: false,
        autoConfirmExactMatch: matching.every((rule) => rule.onMatch !== "confirm"),
        autoConfirmNewUsers: onNoMatch === "create",
        autoActivateNewUsers: onNoMatch === "create",
      },
    },
  };
}

function connection(context: ApiContext, instance: Instance) {
  if (instance.kind === "directory") throw invalid("connection", "Provisioning is not supported.");
  const { name, target } = instance.app;
  const self = href(context, `/api/v1/apps/${name}/connections/default`);
  return {
    authScheme: "TOKEN",
    status: "ENABLED",
    baseUrl: target.url,
    profile: { authScheme: "TOKEN" },
    _links: { self: { ...self, hints: { allow: ["GET"] } } },
  };
}

/** Of an app's users there is one type, too; its id is the app's own. */
function userType(context: ApiContext, instance: Instance, id: string) {
  const name = instance.kind === "app" ? instance.app.label : id;
  return {
    id,
    displayName: `${name} user`,
    name: "default",
    schemas: [],
    isDefault: true,
    type: "appuser",
    _links: { schema: href(context, `/api/v1/meta/schemas/apps/${id}/default`) },
  };
}
