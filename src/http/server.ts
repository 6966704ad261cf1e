import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { RollcallError } from "../model/errors.ts";
import type { Service } from "../service.ts";
import { createMetrics } from "./metrics.ts";

export interface HttpServer extends AsyncDisposable {
  readonly address: string;
}

/**
 * `/healthz` says that the process lives, `/readyz` that it can work (the database answers and it
 * is not stopping), `/metrics` gives figures in Prometheus' text format.
 */
export async function startHttp(
  service: Pick<Service, "database">,
  at: { readonly host: string; readonly port: number },
  stopping: AbortSignal,
): Promise<HttpServer> {
  const metrics = createMetrics(service);
  const app = new Hono();
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
  app.get("/metrics", async (c) =>
    c.text(await metrics(), 200, { "content-type": "text/plain; version=0.0.4" }),
  );
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(at.port, at.host);
  try {
    await once(server, "listening");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RollcallError(
      "http.address",
      `The address ${at.host}:${at.port} for health and metrics cannot be used: ${reason}`,
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
