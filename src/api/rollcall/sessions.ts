/** Signing in with a browser: `/sign-in`, `/sign-out`, `/me` and `/sessions`. */
import { createRoute, z } from "@hono/zod-openapi";
import { RollcallError } from "../../model/errors.ts";
import { PERMISSIONS, ROLE_NAMES } from "../../model/role.ts";
import { askedBy, type ApiCall } from "../context.ts";
import { setSessionCookie } from "../gate.ts";
import { listOf, page, positionPage, text } from "./forms.ts";
import { jsonOnly, ROLLCALL_API, route, type Building } from "./route.ts";

const TAG = "Signing in";

const meSchema = z
  .object({
    kind: z.enum(["token", "session"]),
    name: z.string(),
    role: z.enum(ROLE_NAMES),
    permissions: z.array(z.enum(PERMISSIONS)),
    expiresAt: z.string().nullable(),
  })
  .meta({ id: "Me", description: "Whoever asks, and what they may do." });

const sessionSchema = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLE_NAMES),
    expiresAt: z.string(),
  })
  .meta({ id: "Session", description: "Somebody who signed in with a browser." });

export function sessionRoutes(building: Building): void {
  signInRoute(building);
  ownRoutes(building);
  administration(building);
}

/** What everybody may ask about themselves. */
function ownRoutes(building: Building): void {
  const { context } = building;
  route(
    building,
    {
      method: "post",
      path: "/sign-out",
      summary: "End the session that asks",
      tag: TAG,
      permission: "read",
      status: 204,
    },
    async ({ c }) => {
      const caller = c.get("caller");
      if (caller.kind === "session")
        await context.service.sessions.end(caller.id, askedBy(context, c));
      setSessionCookie(c, null);
      return null;
    },
  );
  route(
    building,
    {
      method: "get",
      path: "/me",
      summary: "Who asks, and what they may do",
      tag: TAG,
      permission: "read",
      answer: meSchema,
    },
    ({ c }) => meOf(c),
  );
}

function administration(building: Building): void {
  const { context } = building;
  route(
    building,
    {
      method: "get",
      path: "/sessions",
      summary: "Who is signed in with a browser",
      tag: TAG,
      permission: "tokens",
      query: z.strictObject(page),
      answer: listOf(sessionSchema),
    },
    async ({ query }) => positionPage(await context.service.sessions.list(), query),
  );
  route(
    building,
    {
      method: "delete",
      path: "/sessions/{id}",
      summary: "End a session",
      tag: TAG,
      permission: "tokens",
      params: z.strictObject({ id: text }),
      status: 204,
    },
    async ({ c, params: { id } }) => {
      await context.service.sessions.end(id, askedBy(context, c));
      return null;
    },
  );
}

function meOf(c: ApiCall): z.infer<typeof meSchema> {
  const caller = c.get("caller");
  const { kind, name, role, expiresAt } = caller;
  const permissions = PERMISSIONS.filter((one) => caller.may(one));
  return { kind, name, role, permissions, expiresAt };
}

/** The one way in that needs no credential, because it takes one. */
function signInRoute({ api, context, gate }: Building): void {
  const body = z.strictObject({ secret: text.meta({ description: "What stands behind the #." }) });
  const answer = z.object({ role: z.enum(ROLE_NAMES), expiresAt: z.string() });
  const config = createRoute({
    method: "post",
    path: `${ROLLCALL_API}/sign-in`,
    summary: "Use up a link that signs in once; the session is in a cookie",
    tags: [TAG],
    security: [],
    middleware: [jsonOnly] as const,
    request: { body: { content: { "application/json": { schema: body } }, required: true } },
    responses: {
      200: { description: "Signed in", content: { "application/json": { schema: answer } } },
    },
  });
  api.openapi(config, async (c) => {
    const call = c as unknown as ApiCall;
    // Nobody else's page signs anybody in, as somebody whom they did not choose.
    gate.refuseForeign(call);
    const client = gate.clientOf(call);
    const { secret } = c.req.valid("json");
    const made = await context.service.sessions
      .signIn(secret, client)
      .catch((error: unknown): never => {
        if (error instanceof RollcallError) gate.noteMistake(call, client);
        throw error;
      });
    setSessionCookie(call, made.secret);
    return c.json({ role: made.role, expiresAt: made.expiresAt }, 200);
  });
}
