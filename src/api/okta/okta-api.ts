/**
 * `/api/v1`: Okta's management API, as far as it makes sense here, so that its clients work as they
 * are. What is not offered says so.
 */
import { Hono } from "hono";
import { uuidV7 } from "../../lib/uuid.ts";
import type { ApiContext, ApiEnv } from "../context.ts";
import { logFault } from "../fault.ts";
import type { Gate } from "../gate.ts";
import { methodsOf } from "../methods.ts";
import { mostBytes, onlyUtf8 } from "../request-body.ts";
import { plainPath } from "../plain-path.ts";
import { appUserRoutes } from "./app-users.ts";
import { appRoutes } from "./apps.ts";
import { asOktaError, notOffered, OktaError } from "./errors.ts";
import { groupRoutes } from "./groups.ts";
import { identitySourceRoutes } from "./identity-sources.ts";
import { logRoutes } from "./logs.ts";
import { mappingRoutes, reapplyRoute } from "./mappings.ts";
import { orgRoutes } from "./org.ts";
import { schemaRoutes } from "./schemas.ts";
import { userRoutes } from "./users.ts";

/** Parts of Okta's API that Rollcall has nothing for. */
const NOT_OFFERED =
  /^\/api\/v1\/(?:authorizationServers|authenticators|behaviors|brands|captchas|domains|email-domains|eventHooks|features|iam|idps|inlineHooks|policies|principal-rate-limits|realms|sessions|templates|threats|trustedOrigins|zones|users\/[^/]+\/(?:credentials|factors|sessions|grants|clients|linkedObjects|subscriptions))(?:\/|$)/;

/** The whole of it, and the one call of Okta's console that a published client makes. */
export function oktaApi(context: ApiContext, gate: Gate): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>({ getPath: plainPath });
  app.use(mostBytes);
  app.use(onlyUtf8);
  app.use(async (c, next) => {
    c.header("X-Okta-Request-Id", uuidV7());
    await next();
  });
  const api = new Hono<ApiEnv>();
  userRoutes(api, context, gate);
  groupRoutes(api, context, gate);
  appRoutes(api, context, gate);
  appUserRoutes(api, context, gate);
  mappingRoutes(api, context, gate);
  identitySourceRoutes(api, context, gate);
  schemaRoutes(api, context, gate);
  logRoutes(api, context, gate);
  orgRoutes(api, context, gate);
  app.route("/api/v1", api);
  const internal = new Hono<ApiEnv>();
  reapplyRoute(internal, context, gate);
  app.route("/api/internal/v1", internal);
  app.all("*", gate.allow("read"), (c) => {
    const { path } = c.req;
    const methods = methodsOf(app, path);
    c.header("Allow", methods.join(", "));
    if (methods.length > 0)
      throw new OktaError(
        405,
        "E0000022",
        "The endpoint does not support the provided HTTP method",
      );
    if (NOT_OFFERED.test(path))
      throw notOffered("Rollcall does not have this part of Okta's API; see docs/15-api.md.");
    throw new OktaError(404, "E0000008", "The requested path was not found");
  });
  app.onError((thrown, c) => {
    const known = asOktaError(thrown);
    const error =
      known.status < 500 || known.code === "E0000060"
        ? known
        : new OktaError(500, known.code, known.message, [logFault(context, c, thrown)]);
    return c.json(error.document(), error.status);
  });
  return app;
}
