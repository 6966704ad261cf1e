/** Signing in with a browser: `/sign-in`, `/sign-out`, `/me` and `/sessions`. */
import { createRoute, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { RollcallError } from "../../model/errors.ts";
import { isLoopback } from "../../model/loopback.ts";
import { PERMISSIONS, ROLE_NAMES, SIGN_IN_ROLES } from "../../model/role.ts";
import { askedBy, type ApiCall, type ApiEnv } from "../context.ts";
import { AccessRefused, COOKIE_SHAPE, setSessionCookie } from "../gate.ts";
import { listOf, page, positionPage, text } from "./forms.ts";
import { ROLLCALL_API, route, type Building } from "./route.ts";

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

export function sessionRoutes(building: Building) {
  const signIn = signInRoutes(building);
  providerRoutes(building);
  return [...signIn, ...ownRoutes(building), ...administration(building)];
}

/** What everybody may ask about themselves. */
function ownRoutes(building: Building) {
  const { context } = building;
  return [
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
    ),
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
    ),
  ];
}

function administration(building: Building) {
  const { context } = building;
  return [
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
    ),
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
    ),
    route(
      building,
      {
        method: "post",
        path: "/sign-in-links",
        summary:
          "Invite somebody: a link that signs in once, for ten minutes; it is in this answer only",
        tag: TAG,
        permission: "tokens",
        body: z.strictObject({ role: z.enum(SIGN_IN_ROLES) }),
        answer: z.object({ url: z.string(), role: z.enum(ROLE_NAMES), expiresAt: z.string() }),
        status: 201,
      },
      async ({ c, body: { role } }) =>
        await context.service.sessions.link(role, askedBy(context, c)),
    ),
  ];
}

function meOf(c: ApiCall): z.infer<typeof meSchema> {
  const caller = c.get("caller");
  const { kind, name, role, expiresAt } = caller;
  const permissions = PERMISSIONS.filter((one) => caller.may(one));
  return { kind, name, role, permissions, expiresAt };
}

/** The ways in, and the one that needs no credential, because it takes one. */
function signInRoutes(building: Building) {
  const { context, gate } = building;
  const { sessions } = context.service;
  // Nobody else's page signs anybody in, as somebody whom they did not choose.
  const ownPages: MiddlewareHandler<ApiEnv> = async (c, next) => {
    gate.refuseForeign(c);
    await next();
  };
  return [
    route(
      building,
      {
        method: "get",
        path: "/sign-in",
        summary: "How people can sign in",
        tag: TAG,
        permission: null,
        answer: z.object({ oidc: z.boolean() }),
      },
      () => ({ oidc: sessions.hasProvider }),
    ),
    route(
      building,
      {
        method: "post",
        path: "/sign-in",
        summary: "Use up a link that signs in once; the session is in a cookie",
        tag: TAG,
        permission: null,
        before: [ownPages],
        body: z.strictObject({ secret: text.meta({ description: "What stands behind the #." }) }),
        answer: z.object({ role: z.enum(ROLE_NAMES), expiresAt: z.string() }),
      },
      async ({ c, body: { secret } }) => {
        const client = gate.clientOf(c);
        gate.noteSigningIn(c, client);
        const made = await sessions.signIn(secret, client);
        setSessionCookie(c, made.secret);
        return { role: made.role, expiresAt: made.expiresAt };
      },
    ),
  ];
}

const OIDC = `${ROLLCALL_API}/sign-in/oidc`;
const MEMORY = ["rollcall-sign-in", "host"] as const;
/** As long as somebody may take at the provider. */
const MEMORY_SECONDS = 600;

/** By an identity provider: there, and back. */
function providerRoutes({ api, context, gate }: Building): void {
  const { sessions } = context.service;
  const open = { method: "get" as const, tags: [TAG], security: [] };
  const responses = { 302: { description: "To there" } };
  const there = { ...open, path: OIDC, summary: "Go to the identity provider", responses };
  api.openapi(createRoute(there), async (c) => {
    const base = new URL(context.baseUrl());
    const again = c.req.query("again") === "true";
    const asked = URL.parse(`http://${c.req.header("host") ?? base.host}`);
    // The cookie has to be of the name to which the provider sends the browser back.
    const isOtherName = asked !== null && asked.host !== base.host;
    if (isOtherName && isLoopback(asked.hostname) && isLoopback(base.hostname))
      return c.redirect(`${base.origin}${OIDC}${again ? "?again=true" : ""}`, 302);
    const begun = await refusing(() => sessions.beginOidc(`${base.origin}${OIDC}/callback`, again));
    if (typeof begun === "string") return c.redirect(begun, 302);
    const { url, memory } = begun;
    const [name, prefix] = MEMORY;
    setCookie(c, name, memory, { ...COOKIE_SHAPE, prefix, maxAge: MEMORY_SECONDS });
    return c.redirect(url, 302);
  });
  const back = {
    ...open,
    path: `${OIDC}/callback`,
    summary: "Come back from the identity provider",
    responses,
  };
  api.openapi(createRoute(back), async (c) => {
    const call = c as unknown as ApiCall;
    const client = gate.clientOf(call);
    const memory = getCookie(c, ...MEMORY) ?? "";
    deleteCookie(c, MEMORY[0], { path: "/", secure: true, prefix: MEMORY[1] });
    // As the browser was sent back, whatever a proxy made of the address.
    const url = new URL(`${context.baseUrl()}${OIDC}/callback`);
    url.search = new URL(c.req.url).search;
    const made = await refusing(async () => {
      gate.noteSigningIn(call, client);
      return await sessions.finishOidc({ url, memory, client });
    });
    if (typeof made === "string") return c.redirect(made, 302);
    setSessionCookie(call, made.secret);
    return c.redirect("/console/", 302);
  });
}

/** It is a person who goes there and comes back, not a program: the console says why it did not work. */
async function refusing<Done>(work: () => Promise<Done>): Promise<Done | string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AccessRefused) return "/console/#refused=access.limit";
    if (error instanceof RollcallError && error.code !== "request.notFound")
      return `/console/#refused=${error.code}`;
    throw error;
  }
}
