/** Both APIs behind one gate: Okta's, and Rollcall's own. */
import { Hono } from "hono";
import { networksOf } from "../lib/networks.ts";
import type { Permission } from "../model/role.ts";
import type { Service } from "../service.ts";
import type { ApiContext, ApiEnv } from "./context.ts";
import { Gate, type Guard } from "./gate.ts";
import { plainPath } from "./plain-path.ts";
import { asOktaError } from "./okta/errors.ts";
import { rollcallApi } from "./rollcall/rollcall-api.ts";
import { ROLLCALL_API } from "./rollcall/route.ts";
import { oktaApi } from "./okta/okta-api.ts";

export interface Api extends AsyncDisposable {
  fetch(request: Request, bindings?: unknown): Response | Promise<Response>;
  /** Why a request may not read; null: it may. */
  mayRead(request: Request, bindings: unknown): Promise<Response | null>;
  /** Everything that can be asked for, and which permission it needs; null: none. */
  routes(): ApiRoute[];
}

export interface ApiRoute {
  readonly method: string;
  readonly path: string;
  readonly permission: Permission | null;
}

/** What the face that opens the API gives it. */
export type ApiSettings = Pick<
  ApiContext,
  | "baseUrl"
  | "stopping"
  | "words"
  | "run"
  | "edit"
  | "log"
  | "running"
  | "isLocal"
  | "limits"
  | "offers"
>;

export function createApi(service: Service, settings: ApiSettings): Api {
  const context: ApiContext = { service, ...settings };
  const { running } = context;
  const isProxy = networksOf(service.settings.http?.trustedProxies ?? []);
  const gate = new Gate(service, { ...settings, isProxy });
  const okta = oktaApi(context, gate);
  const app = new Hono<ApiEnv>({ getPath: plainPath });
  app.use(async (c, next) => {
    const work = next();
    // A stopping daemon waits for what is being answered before it closes the database.
    running.add(work);
    await work.finally(() => running.delete(work));
    c.header("Cache-Control", "no-cache, no-store");
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "no-referrer");
  });
  const rollcall = rollcallApi(context, gate);
  app.all(`${ROLLCALL_API}/*`, (c) => rollcall.fetch(c.req.raw, c.env));
  app.all("/api/*", (c) => okta.fetch(c.req.raw, c.env));
  const check = new Hono<ApiEnv>();
  check.all("*", gate.allow("read"), (c) => c.body(null, 204));
  check.onError((thrown, c) => {
    const error = asOktaError(thrown);
    return c.json(error.document(), error.status);
  });
  return {
    fetch: (request, bindings) => app.fetch(request, bindings as ApiEnv["Bindings"]),
    mayRead: async (request, bindings) => {
      const answer = await check.fetch(request, bindings as ApiEnv["Bindings"]);
      return answer.status === 204 ? null : answer;
    },
    routes: () => routesOf([...okta.routes, ...rollcall.routes]),
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled(running);
    },
  };
}

/** Each route once, with what its guard asks for. */
function routesOf(
  handlers: readonly { readonly method: string; readonly path: string; readonly handler: object }[],
): ApiRoute[] {
  const own = handlers.filter(({ method }) => method !== "ALL");
  const routes = Map.groupBy(own, ({ method, path }) => `${method} ${path}`);
  return [...routes.values()].map((same) => {
    const guard = same.map(({ handler }) => handler).find((one) => "permission" in one);
    const permission = (guard as Partial<Guard> | undefined)?.permission ?? null;
    const { method = "", path = "" } = same[0] ?? {};
    return { method, path, permission };
  });
}
