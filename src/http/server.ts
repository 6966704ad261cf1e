import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { RollcallError } from "../model/errors.ts";
import { isLoopback } from "../model/loopback.ts";
import type { Address, HttpSettings } from "../model/settings.ts";
import type { Service } from "../service.ts";
import { createMetrics } from "./metrics.ts";

export interface HttpServer extends AsyncDisposable {
  /** How it is reached from this machine, such as http://127.0.0.1:8080. */
  readonly address: string;
}

/** Answers requests, as a web framework does. */
export interface Answering {
  fetch(request: Request, bindings?: unknown): Response | Promise<Response>;
}

export interface Doors {
  /** The API; null: there is none. */
  readonly api: Answering | null;
  /** The web console; null: there is none. */
  readonly console: Answering | null;
  /** Whether somebody who asks for figures from elsewhere may have them. */
  readonly mayRead: (request: Request, bindings: unknown) => Promise<Response | null>;
}

/**
 * `/healthz` says that the process lives, `/readyz` that it can work (the database answers and it
 * is not stopping), `/metrics` gives figures in Prometheus' text format: on loopback to everybody,
 * elsewhere to whoever has a token. Everything else is the API's.
 */
export async function startHttp(
  service: Pick<Service, "database">,
  { publicUrl, ...at }: Address & Pick<HttpSettings, "publicUrl">,
  doors: Doors,
  stopping: AbortSignal,
): Promise<HttpServer> {
  const metrics = createMetrics(service);
  const app = new Hono<{ Bindings: object }>();
  // Behind a proxy on the same machine everybody comes from loopback.
  const isPrivate =
    isLoopback(at.host) && (publicUrl === null || isLoopback(new URL(publicUrl).hostname));
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    if (stopping.aborted) return c.json({ status: "stopping" }, 503);
    try {
      await service.database.ping();
      return c.json({ status: "ok" });
    } catch {
      return c.json({ status: "database does not answer" }, 503);
    }
  });
  app.get("/metrics", async (c) => {
    const refused = isPrivate ? null : await doors.mayRead(c.req.raw, c.env);
    return refused ?? c.text(await metrics(), 200, METRICS_TYPE);
  });
  const { api, console } = doors;
  if (console !== null) {
    app.get("/", (c) => c.redirect("/console/"));
    app.get("/console", (c) => c.redirect("/console/"));
    app.all("/console/*", (c) => console.fetch(c.req.raw));
  }
  if (api !== null) app.all("*", (c) => api.fetch(c.req.raw, c.env));
  return await listen(app, at, "health, metrics and the API");
}

const METRICS_TYPE = { "content-type": "text/plain; version=0.0.4" } as const;

/** `/metrics` at an address of its own, where everybody who reaches it may have them. */
export async function startMetrics(
  service: Pick<Service, "database">,
  at: Address,
): Promise<HttpServer> {
  const metrics = createMetrics(service);
  const app = new Hono<{ Bindings: object }>();
  app.get("/metrics", async (c) => c.text(await metrics(), 200, METRICS_TYPE));
  return await listen(app, at, "metrics");
}

async function listen(
  app: Hono<{ Bindings: object }>,
  at: Address,
  what: string,
): Promise<HttpServer> {
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(at.port, at.host);
  try {
    await once(server, "listening");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RollcallError(
      "http.address",
      `The address ${at.host}:${at.port} for ${what} cannot be used: ${reason}`,
      { cause: error },
    );
  }
  const { address, port } = server.address() as AddressInfo;
  return {
    address: `http://${address.includes(":") ? `[${address}]` : address}:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await once(server, "close");
    },
  };
}
