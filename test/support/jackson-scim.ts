/**
 * The directory sync of SAML Jackson (Ory Polis), which products have inside as their receiver: lax, silent, and without
 * discovery. It and what it needs are ten times as large as Rollcall, so it is installed only where it is
 * asked for (`npm run test:jackson`), and known here by what is used of it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface JacksonEvent {
  /** `user.created`, `user.updated`, `group.user_added`, … */
  readonly event: string;
  readonly data: {
    readonly id: string;
    readonly email?: string;
    readonly active?: boolean;
    readonly first_name?: string;
    readonly last_name?: string;
    readonly name?: string;
  };
}

interface Handled {
  readonly status: number;
  readonly data?: unknown;
}

interface Controller {
  readonly directories: {
    create(of: Readonly<Record<string, string>>): Promise<{
      readonly data: { readonly id: string; readonly scim: { readonly secret: string } };
    }>;
  };
  readonly requests: {
    handle(
      request: Readonly<Record<string, unknown>>,
      onEvent: (event: JacksonEvent) => Promise<void>,
    ): Promise<Handled>;
  };
}

type Jackson = (options: object) => Promise<{ readonly directorySyncController: Controller }>;

export class JacksonScim implements AsyncDisposable {
  readonly token: string;
  /** What the product would be told, in order. */
  readonly events: JacksonEvent[] = [];
  /** `METHOD resource`, in order. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #controller: Controller;
  readonly #directory: string;

  private constructor(
    server: Server,
    controller: Controller,
    { id, secret }: { readonly id: string; readonly secret: string },
  ) {
    this.#server = server;
    this.#controller = controller;
    this.#directory = id;
    this.token = secret;
  }

  /** @param folder where it is installed */
  static async start(folder: string): Promise<JacksonScim> {
    const load = createRequire(join(folder, "package.json"));
    const { default: jackson } = load("@boxyhq/saml-jackson") as { default: Jackson };
    const { directorySyncController: controller } = await jackson({
      externalUrl: "http://127.0.0.1",
      samlPath: "/saml",
      scimPath: "/scim/v2",
      noAnalytics: true,
      db: { engine: "mem" },
    });
    const { data } = await controller.directories.create({
      tenant: "example",
      product: "dx",
      name: "dx",
      type: "okta-scim-v2",
    });
    const server = createServer();
    const own = { id: data.id, secret: data.scim.secret };
    const receiver = new JacksonScim(server, controller, own);
    server.on("request", (request, response) => void receiver.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/scim/v2/${this.#directory}`;
  }

  /** The last state of a user that the product was told. */
  userNamed(email: string): JacksonEvent["data"] | undefined {
    const users = this.events.filter(({ event }) => event.startsWith("user."));
    return users.findLast(({ data }) => data.email === email)?.data;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "GET", url = "", headers } = request;
    const address = new URL(url, "http://127.0.0.1");
    const [resourceType = "", resourceId] = address.pathname.split("/").slice(4);
    this.requests.push(`${method} ${resourceType}`);
    const body = Buffer.concat(chunks).toString();
    const { status, data } = await this.#controller.requests.handle(
      {
        method,
        body: body === "" ? undefined : (JSON.parse(body) as unknown),
        directoryId: this.#directory,
        resourceType: resourceType.toLowerCase(),
        resourceId,
        apiSecret: (headers.authorization ?? "").replace(/^Bearer /, ""),
        query: Object.fromEntries(address.searchParams),
      },
      (event) => {
        this.events.push(event);
        return Promise.resolve();
      },
    );
    response.writeHead(status, { "content-type": "application/json" });
    response.end(data === undefined ? "" : JSON.stringify(data));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
