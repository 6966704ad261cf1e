/** `/tokens`: who may ask over the network. */
import { z } from "@hono/zod-openapi";
import { RollcallError } from "../../model/errors.ts";
import { ROLE_NAMES } from "../../model/role.ts";
import { tokenExpiry } from "../../model/token-expiry.ts";
import type { MadeToken } from "../../service.ts";
import { askedBy } from "../context.ts";
import { listOf, page, positionPage, text } from "./forms.ts";
import { route, type Building } from "./route.ts";

const TAG = "Tokens";

const tokenSchema = z
  .looseObject({
    name: z.string(),
    role: z.enum(ROLE_NAMES),
    sources: z.array(z.string()).nullable(),
    expiresAt: z.string().nullable(),
  })
  .meta({ id: "Token", description: "Without its secret." });

const madeSchema = z.object({
  name: z.string(),
  role: z.enum(ROLE_NAMES),
  sources: z.array(z.string()).nullable(),
  token: z.string(),
  expiresAt: z.string().nullable(),
});

function madeDocument(made: MadeToken): z.infer<typeof madeSchema> {
  const { name, role, sources, token, expiresAt } = made;
  return { name, role, sources: sources === null ? null : [...sources], token, expiresAt };
}

const askedSchema = z.strictObject({
  name: text,
  role: z.enum(ROLE_NAMES),
  expires: text.optional().meta({ description: "After a time (90d), or at a date." }),
  sources: z
    .array(text)
    .max(100)
    .optional()
    .meta({ description: "Of the role `source`: the identity sources that it is for." }),
});

export function tokenRoutes(building: Building) {
  const { context } = building;
  const { service } = context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/tokens",
        summary: "The API tokens",
        tag: TAG,
        permission: "tokens",
        query: z.strictObject(page),
        answer: listOf(tokenSchema),
      },
      async ({ query }) => positionPage(await service.tokens.list(), query),
    ),
    route(
      building,
      {
        method: "post",
        path: "/tokens",
        summary: "Make a token; its secret is in this answer only",
        tag: TAG,
        permission: "tokens",
        body: askedSchema,
        answer: madeSchema,
        status: 201,
      },
      async ({ c, body: { name, role, expires, sources = null } }) => {
        const expiresAt = expires === undefined ? null : expiryAt(expires);
        const request = { name, role, expiresAt, sources };
        return madeDocument(await service.tokens.create(request, askedBy(context, c)));
      },
    ),
    route(
      building,
      {
        method: "delete",
        path: "/tokens/{name}",
        summary: "Revoke a token",
        tag: TAG,
        permission: "tokens",
        params: z.strictObject({ name: text }),
        status: 204,
      },
      async ({ c, params: { name } }) => {
        await service.tokens.revoke(name, askedBy(context, c));
        return null;
      },
    ),
  ];
}

function expiryAt(expires: string): Date {
  const at = tokenExpiry(expires, Date.now());
  if (at !== null) return at;
  const details = ["expires: a time such as 90d, or a date such as 2027-01-31"];
  throw new RollcallError("request.invalid", "The request is not understood.", { details });
}
