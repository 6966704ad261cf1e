/** Better Auth's SCIM server: strict, made by others, with its people in the suite's Postgres. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { scim } from "@better-auth/scim";
import { betterAuth, type BetterAuthOptions } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { PostgresDialect } from "kysely";
import { Pool } from "pg";

const TOKEN = "a-token-that-is-long-enough-for-anybody";

export class BetterAuthScim implements AsyncDisposable {
  readonly token = TOKEN;
  /** How many requests came, by method. */
  readonly requests: { readonly method: string; readonly url: string }[] = [];
  readonly #server: Server;
  readonly #pool: Pool;

  private constructor(server: Server, pool: Pool) {
    this.#server = server;
    this.#pool = pool;
  }

  /** @param databaseUrl of an empty database of its own */
  static async start(databaseUrl: string): Promise<BetterAuthScim> {
    const pool = new Pool({ connectionString: databaseUrl, max: 4 });
    const server = createServer();
    const receiver = new BetterAuthScim(server, pool);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const credentials = [{ type: "bearer", id: "one", token: TOKEN }] as const;
    const options = {
      baseURL: `http://127.0.0.1:${receiver.#port}`,
      secret: "a-secret-that-is-long-enough-for-anybody",
      telemetry: { enabled: false },
      rateLimit: { enabled: false },
      database: { dialect: new PostgresDialect({ pool }), type: "postgres", transaction: true },
      // Its optional properties may be undefined, which our stricter compiler does not take.
      plugins: [scim({ connections: [{ id: "rollcall", credentials }] }) as never],
    } satisfies BetterAuthOptions;
    await (await getMigrations(options)).runMigrations();
    const handle = toNodeHandler(betterAuth(options));
    server.on("request", (request, response) => {
      receiver.requests.push({ method: request.method ?? "", url: request.url ?? "" });
      void handle(request, response);
    });
    return receiver;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/api/auth/scim/v2`;
  }

  /** All users, as the server shows them. */
  async users(): Promise<Record<string, unknown>[]> {
    return await this.#all("Users");
  }

  async groups(): Promise<Record<string, unknown>[]> {
    return await this.#all("Groups");
  }

  async #all(kind: string): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    for (;;) {
      const page = await fetch(`${this.url}/${kind}?startIndex=${found.length + 1}&count=100`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      const list = (await page.json()) as {
        Resources?: Record<string, unknown>[];
        totalResults: number;
      };
      found.push(...(list.Resources ?? []));
      if (found.length >= list.totalResults || (list.Resources ?? []).length === 0) return found;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#pool.end();
  }
}
