/** `/users/{user}`: a person with everything that is kept; lists and edits are Okta's API's. */
import { z } from "@hono/zod-openapi";
import { askedBy } from "../context.ts";
import { document, text } from "./forms.ts";
import { anyRunDocument, runSchema } from "./runs.ts";
import { route, type Building } from "./route.ts";

const person = z.strictObject({ user: text.meta({ description: "A login, or an id." }) });
const MOST_DAYS = 366;
const days = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, `a whole number from 1 to ${MOST_DAYS} is expected`)
  .transform(Number)
  .pipe(z.int().min(1).max(MOST_DAYS))
  .default(90);

export function peopleRoutes(building: Building) {
  const { service } = building.context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/users/{user}",
        summary: "A person: profile, whose each value is, and what each directory shows",
        tag: "People",
        permission: "read",
        params: person,
        answer: document,
      },
      async ({ params: { user } }) => {
        return await service.users.get(user);
      },
    ),
    route(
      building,
      {
        method: "get",
        path: "/people-by-day",
        summary: "How many people were active, and not, at the end of each of the last days",
        tag: "People",
        permission: "read",
        query: z.strictObject({ days }),
        answer: z.object({
          items: z.array(z.object({ day: z.string(), active: z.int(), others: z.int() })),
        }),
      },
      async ({ query }) => ({ items: await service.users.byDay(query.days) }),
    ),
    unlinkRoute(building),
  ];
}

function unlinkRoute(building: Building) {
  const { context } = building;
  return route(
    building,
    {
      method: "post",
      path: "/users/{user}/unlink",
      summary: "Cut the link between a person and an entry of a directory; the entry is set aside",
      tag: "People",
      permission: "match",
      params: person,
      body: z.strictObject({
        directory: text,
        id: text.optional().meta({
          description: "The entry's external id; another one that is linked meanwhile is left.",
        }),
        keepStatus: z.boolean().optional().meta({
          description: "Leave the person's status as it is, whatever `onRemoval` says.",
        }),
        dryRun: z.boolean().optional(),
      }),
      answer: runSchema,
    },
    async ({
      c,
      params: { user },
      body: { directory, id = null, keepStatus = false, dryRun = false },
    }) => {
      const request = { who: user, id, keepStatus, dryRun, trigger: "manual" as const };
      const run = await context.service.users.unlink(directory, request, askedBy(context, c));
      return await anyRunDocument(context, { of: "directory", run });
    },
  );
}
