/** `/api/rollcall/v1`: everything that commands can do and Okta's API has no word for. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import { RollcallError } from "../../model/errors.ts";
import type { ApiContext, ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { methodsOf } from "../methods.ts";
import { mostBytes, onlyUtf8 } from "../request-body.ts";
import { plainPath } from "../plain-path.ts";
import { appRoutes } from "./apps.ts";
import { commandRoute } from "./commands.ts";
import { decisionRoutes } from "./decisions.ts";
import { directoryRoutes } from "./directories.ts";
import { document } from "./forms.ts";
import { eventRoute } from "./events.ts";
import { logExportRoute } from "./export-log.ts";
import { answerProblem } from "./problem.ts";
import { peopleRoutes } from "./people.ts";
import { questionRoutes } from "./questions.ts";
import { refuseInvalid, ROLLCALL_API, type Building, type SchemaOf } from "./route.ts";
import { runRoutes } from "./runs.ts";
import { sessionRoutes } from "./sessions.ts";
import { sourceRoutes } from "./sources.ts";
import { surveyRoutes } from "./surveys.ts";
import { taskRoutes } from "./tasks.ts";
import { tokenRoutes } from "./tokens.ts";

export function rollcallApi(context: ApiContext, gate: Gate): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>({
    getPath: plainPath,
    defaultHook: (result) => {
      if (!result.success) refuseInvalid(result.error);
    },
  });
  app.use(mostBytes);
  app.use(onlyUtf8);
  const building: Building = { api: app, context, gate };
  addRoutes(building);
  logExportRoute(building);
  eventRoute(building);
  commandRoute(building);
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    description: "An API token; the commands make the first one.",
  });
  const path = `${ROLLCALL_API}/openapi.json`;
  const json = { "application/json": { schema: document } };
  const answers = { 200: { description: "OpenAPI 3.1", content: json } };
  const about = { summary: "This document", tags: ["About"], security: [], responses: answers };
  app.openapi(createRoute({ method: "get", path, ...about }), (c) =>
    c.json(openApiDocument(app) as object),
  );
  app.all("*", gate.allow("read"), (c) => {
    const methods = methodsOf(app, c.req.path);
    if (methods.length > 0) {
      const message = `${c.req.path} knows ${methods.join(" and ")}, not ${c.req.method}.`;
      c.header("Allow", methods.join(", "));
      throw new RollcallError("request.method", message);
    }
    throw new RollcallError("request.notFound", `There is nothing at ${c.req.path}.`);
  });
  app.onError((thrown, c) => answerProblem(context, c, thrown));
  return app;
}

function addRoutes(building: Building) {
  return [
    ...runRoutes(building),
    ...decisionRoutes(building),
    ...directoryRoutes(building),
    ...sourceRoutes(building),
    ...surveyRoutes(building),
    ...appRoutes(building),
    ...taskRoutes(building),
    ...peopleRoutes(building),
    ...questionRoutes(building),
    ...tokenRoutes(building),
    ...sessionRoutes(building),
  ];
}

/** The API as Hono's client, `hc`, reads it; addresses are below `ROLLCALL_API`. */
export type RollcallApi = Hono<ApiEnv, SchemaOf<ReturnType<typeof addRoutes>[number]>>;

/** OpenAPI 3.1 of what stands above; the routes that are open say `security: []`. */
export function openApiDocument(app: OpenAPIHono<ApiEnv>) {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Rollcall",
      version: "v1",
      description: "Runs, directories, apps, and questions about them. Users: Okta's API, /api/v1.",
    },
    servers: [{ url: "/" }],
  });
}
