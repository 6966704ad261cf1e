/** `/apps`: who has accounts where, and why. */
import { z } from "@hono/zod-openapi";
import { assignmentDocument } from "../../documents/push.ts";
import { askedBy } from "../context.ts";
import { accountsRoute } from "./export-accounts.ts";
import { document, listOf, page, pageOf, positionPage, text, uuid } from "./forms.ts";
import { route, type Building } from "./route.ts";

const TAG = "Apps";
const params = z.strictObject({ app: text });

export function appRoutes(building: Building) {
  const { service } = building.context;
  const routes = [
    route(
      building,
      {
        method: "get",
        path: "/apps",
        summary: "The apps: assigned, in step, pending, failing",
        tag: TAG,
        permission: "read",
        query: z.strictObject(page),
        answer: listOf(document),
      },
      async ({ query }) => positionPage(await service.apps.list(), query),
    ),
    route(
      building,
      {
        method: "get",
        path: "/apps/{app}",
        summary: "One app: toggles, abilities, mappings, limits",
        tag: TAG,
        permission: "read",
        params,
        answer: document,
      },
      async ({ params: { app } }) => await service.apps.get(app),
    ),
    route(
      building,
      {
        method: "get",
        path: "/apps/{app}/groups",
        summary: "Groups that are pushed to an app, with how many members",
        tag: TAG,
        permission: "read",
        params,
        query: z.strictObject(page),
        answer: listOf(document),
      },
      async ({ params: { app }, query }) => positionPage(await service.apps.groups(app), query),
    ),
    ...assignmentRoutes(building),
  ];
  accountsRoute(building);
  return routes;
}

function assignmentRoutes(building: Building) {
  const { context } = building;
  const { service } = context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/apps/{app}/assignments",
        summary: "Who is assigned, why, and how far the account is",
        tag: TAG,
        permission: "read",
        params,
        query: z.strictObject({ ...page, after: uuid.optional() }),
        answer: listOf(document),
      },
      async ({ params: { app }, query: { limit, after = null } }) => {
        const found = await service.apps.assignments({ app, after, all: true, limit: limit + 1 });
        return pageOf(found, limit, assignmentDocument, (one) => one.userId);
      },
    ),
    byHand(building, "assign", "Assign persons by hand; all or nobody"),
    byHand(building, "unassign", "End what assigned them by hand"),
  ];
}

function byHand<const Verb extends "assign" | "unassign">(
  building: Building,
  verb: Verb,
  summary: string,
) {
  const { context } = building;
  return route(
    building,
    {
      method: "post",
      path: `/apps/{app}/${verb}`,
      summary,
      tag: TAG,
      permission: "edit",
      params,
      body: z.strictObject({ people: z.array(text).min(1).max(1000) }),
      answer: document,
    },
    async ({ c, params: { app }, body: { people } }) =>
      await context.service.apps[verb](app, people, askedBy(context, c)),
  );
}
