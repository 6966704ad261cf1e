/** `/users/{user}`: a person with everything that is kept; lists and edits are Okta's API's. */
import { z } from "@hono/zod-openapi";
import { document, text } from "./forms.ts";
import { route, type Building } from "./route.ts";

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
        params: z.strictObject({ user: text.meta({ description: "A login, or an id." }) }),
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
  ];
}
