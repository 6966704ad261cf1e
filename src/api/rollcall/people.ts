/** `/users/{user}`: a person with everything that is kept; lists and edits are Okta's API's. */
import { z } from "@hono/zod-openapi";
import { document, text } from "./forms.ts";
import { route, type Building } from "./route.ts";

export function peopleRoutes(building: Building): void {
  const { service } = building.context;
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
  );
}
