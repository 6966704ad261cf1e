/** Sources of profiles: how much each gives, and in which order they count. */
import { z } from "@hono/zod-openapi";
import { RollcallError } from "../../model/errors.ts";
import { withSources } from "../../service.ts";
import { askedBy } from "../context.ts";
import { fewAtOnce } from "./few-at-once.ts";
import { document, listOf, page, positionPage, text } from "./forms.ts";
import { route, type Building } from "./route.ts";
import { writable } from "./writable.ts";

const TAG = "Directories";
/** Directories; more than any configuration has. */
const MOST = 1000;

export function sourceRoutes(building: Building) {
  const { service } = building.context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/sources",
        summary: "How many users and attributes each directory gives",
        tag: TAG,
        permission: "read",
        query: z.strictObject(page),
        answer: listOf(document),
      },
      async ({ query }) => positionPage(await service.directories.sources(), query),
    ),
    ...previewRoute(building),
    ...orderRoute(building),
  ];
}

/** What another order would make of everybody; nothing is changed. */
function previewRoute(building: Building) {
  const { service, stopping } = building.context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/sources/preview",
        summary: "What another order of the sources would make of everybody",
        tag: TAG,
        permission: "explain",
        query: z.strictObject({
          order: text.meta({ description: "Directories, highest first, with commas between." }),
        }),
        answer: document,
      },
      async ({ c, query: { order } }) => {
        // Nobody waits for it who left the page.
        const signal = AbortSignal.any([stopping, c.req.raw.signal]);
        const request = { signal, progress: () => undefined };
        const { directories } = await fewAtOnce(building.context, c, () =>
          service.previews.order(order.split(","), request),
        );
        return { directories };
      },
    ),
  ];
}

function orderRoute(building: Building) {
  const { context } = building;
  return [
    route(
      building,
      {
        method: "post",
        path: "/sources/order",
        summary:
          "Put another order of the sources into the configuration, as a new version of the file",
        tag: TAG,
        permission: "configuration",
        body: z.strictObject({
          order: z.array(text).min(1).max(MOST),
          was: z
            .array(text)
            .max(MOST)
            .optional()
            .meta({ description: "The order that was seen; another one now is a conflict." }),
        }),
        answer: z.object({ order: z.array(z.string()) }),
      },
      async ({ c, body: { order, was } }) => {
        const { settings } = context.service;
        withSources(settings, order);
        const now = settings.profile.sources;
        if (was !== undefined && was.join() !== now.join())
          throw new RollcallError("config.changed", `The order is ${now.join(", ")} meanwhile.`);
        const edits = [{ path: ["profile", "sources"], value: order }];
        const { profile } = await writable(context)(edits, askedBy(context, c));
        return { order: [...profile.sources] };
      },
    ),
  ];
}
