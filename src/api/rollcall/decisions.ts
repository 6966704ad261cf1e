/** Decisions about runs: approve, cancel, resume, revert. */
import { z } from "@hono/zod-openapi";
import { askedBy } from "../context.ts";
import { requireFresh } from "../gate.ts";
import { startedBy } from "../start-run.ts";
import { text } from "./forms.ts";
import { route, type Building } from "./route.ts";
import { anyRunDocument, begun, idOf, runSchema } from "./runs.ts";

const params = z.strictObject({ run: text });
const spec = { method: "post", tag: "Runs", params, answer: runSchema } as const;

export function decisionRoutes(building: Building) {
  return [...heldRoutes(building), ...endedRoutes(building)];
}

/** What waits for a decision. */
function heldRoutes(building: Building) {
  const { context } = building;
  const { service } = context;
  const body = z.strictObject({});
  return [
    route(
      building,
      {
        ...spec,
        path: "/runs/{run}/approve",
        summary: "Carry out what the safeguard held, as it was shown",
        permission: "approve",
        body,
        status: 202,
      },
      async ({ c, params: { run } }) => {
        const of = await service.runs.one(run);
        const approved = await startedBy(context, c, (by) =>
          of.of === "app"
            ? service.pushes.approve(idOf(of), by)
            : service.runs.approve(idOf(of), by),
        );
        return await begun(context, c, approved);
      },
    ),
    route(
      building,
      {
        ...spec,
        path: "/runs/{run}/cancel",
        summary:
          "Drop a held run, or stop one that is under way; a plan that is being applied waits for resume",
        permission: "resume",
        body,
      },
      async ({ c, params: { run } }) => {
        const of = await service.runs.one(run);
        const by = askedBy(context, c);
        const { status } = of.of === "app" ? of.push : of.run;
        if (status === "running") await service.runs.stop(of, by);
        else if (of.of === "app") await service.pushes.cancel(idOf(of), by);
        else await service.runs.cancel(idOf(of), by);
        return await anyRunDocument(context, await service.runs.one(run));
      },
    ),
  ];
}

/** What ended before its end, or is to be undone. */
function endedRoutes(building: Building) {
  const { context } = building;
  const { service } = context;
  return [
    route(
      building,
      {
        ...spec,
        path: "/runs/{run}/resume",
        summary: "Finish an interrupted run",
        permission: "resume",
        body: z.strictObject({}),
        status: 202,
      },
      async ({ c, params: { run } }) => {
        const of = await service.runs.one(run);
        const resumed = await startedBy(context, c, (by) => service.runs.resume(idOf(of), by));
        return await begun(context, c, resumed);
      },
    ),
    route(
      building,
      {
        ...spec,
        path: "/runs/{run}/revert",
        summary: "Put back what a run did; first as a dry run",
        permission: "revert",
        body: z.strictObject({ dryRun: z.boolean().optional() }),
        status: 202,
      },
      async ({ c, params: { run }, body: { dryRun = false } }) => {
        if (!dryRun) requireFresh(c.get("caller"));
        const of = await service.runs.one(run);
        const reverting = await startedBy(context, c, (by) =>
          of.of === "app"
            ? service.pushes.revert(idOf(of), dryRun, by)
            : service.runs.revert(idOf(of), { trigger: "manual", dryRun }, by),
        );
        return await begun(context, c, reverting);
      },
    ),
  ];
}
