/** `/tasks`: pushes that need a person. */
import { z } from "@hono/zod-openapi";
import { taskDocument } from "../../documents/push.ts";
import { askedBy } from "../context.ts";
import { startedBy } from "../start-run.ts";
import { document, listOf, page, positionPage, text, uuid } from "./forms.ts";
import { begun, runSchema } from "./runs.ts";
import { route, type Building } from "./route.ts";

const TAG = "Tasks";
const task = z.strictObject({ task: uuid });

export function taskRoutes(building: Building) {
  return [...listRoute(building), ...retryRoutes(building), ...dismissRoute(building)];
}

function listRoute(building: Building) {
  const { service, words } = building.context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/tasks",
        summary: "Pushes that need a person: what failed, in the app's own words",
        tag: TAG,
        permission: "read",
        query: z.strictObject({ ...page, app: text.optional() }),
        answer: listOf(document),
      },
      async ({ query: { app = null, ...query } }) => {
        const { items, next } = positionPage(await service.apps.tasks(app), query);
        const shown = items.map((task) => taskDocument(task, words.cure(task.error.code)));
        return { items: shown, next };
      },
    ),
  ];
}

function retryRoutes(building: Building) {
  const { context } = building;
  const { service } = context;
  const started = { tag: TAG, permission: "retry", body: z.strictObject({}), status: 202 } as const;
  return [
    route(
      building,
      {
        ...started,
        method: "post",
        path: "/tasks/{task}/retry",
        summary: "Try a task again, by the values and mappings of now",
        params: task,
        answer: runSchema,
      },
      async ({ c, params: asked }) => {
        const run = await startedBy(context, c, (by) => service.apps.retry(asked.task, by));
        return await begun(context, c, run);
      },
    ),
    route(
      building,
      {
        ...started,
        method: "post",
        path: "/apps/{app}/retry",
        summary: "Try all tasks of an app again, and end its pause",
        params: z.strictObject({ app: text }),
        answer: runSchema,
      },
      async ({ c, params: { app } }) => {
        const run = await startedBy(context, c, (by) => service.apps.retryAll(app, by));
        return await begun(context, c, run);
      },
    ),
  ];
}

function dismissRoute(building: Building) {
  const { context } = building;
  const { service, words } = context;
  return [
    route(
      building,
      {
        method: "post",
        path: "/tasks/{task}/dismiss",
        summary: "Take a task off the list",
        tag: TAG,
        permission: "retry",
        params: task,
        body: z.strictObject({}),
        answer: document,
      },
      async ({ c, params: asked }) => {
        const gone = await service.apps.dismiss(asked.task, askedBy(context, c));
        return taskDocument(gone, words.cure(gone.error.code));
      },
    ),
  ];
}
