import type { Hono } from "hono";
import type { ApiEnv } from "./context.ts";

/** The methods that an app's own routes have for a path. */
export function methodsOf(app: Hono<ApiEnv>, path: string): string[] {
  const known = new Set(app.routes.map(({ method }) => method).filter((one) => one !== "ALL"));
  return [...known].filter((method) => {
    const [handlers] = app.router.match(method, path);
    // What stands for all methods and all paths answers for none.
    return handlers.some(([[, route]]) => route.method === method);
  });
}
