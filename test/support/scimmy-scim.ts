/**
 * A receiver whose schemas are SCIMMY's: what its definitions do not know is dropped without a word, what
 * they know is judged by its type. Only how people are kept is ours.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import SCIMMY from "scimmy";

const { Attribute, SchemaDefinition, Schema, Filter } = SCIMMY.Types;

export const BADGES = "urn:ietf:params:scim:schemas:extension:badges:2.0:User";

const definition = new SchemaDefinition("Badges", BADGES, "What opens doors", [
  new Attribute("string", "number"),
  new Attribute("integer", "floor"),
  new Attribute("boolean", "master"),
]);

class Badges extends Schema {
  static override get definition(): typeof definition {
    return definition;
  }

  constructor(resource: object, direction = "both") {
    super(resource, direction);
    Object.assign(this, definition.coerce(resource, direction));
  }
}

type Kept = Record<string, unknown> & { readonly id: string };

export class ScimmyScim implements AsyncDisposable {
  readonly token = "scimmy-token";
  readonly users = new Map<string, Kept>();
  readonly requests: string[] = [];
  readonly #server: Server;
  #next = 1;

  private constructor(server: Server) {
    this.#server = server;
    SCIMMY.Resources.declare(SCIMMY.Resources.User);
    SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser).extend(Badges);
    SCIMMY.Resources.User.ingress((resource, instance) => {
      const id = resource.id ?? `s${this.#next++}`;
      const user = { ...(JSON.parse(JSON.stringify(instance)) as object), id };
      this.users.set(id, user);
      return user as never;
    });
    SCIMMY.Resources.User.egress((resource) => {
      const all = [...this.users.values()];
      if (resource.id !== undefined) return this.#known(resource.id) as never;
      return (resource.filter === undefined ? all : resource.filter.match(all)) as never;
    });
    SCIMMY.Resources.User.degress((resource) => {
      this.#known(resource.id ?? "");
      this.users.delete(resource.id ?? "");
    });
  }

  #known(id: string): Kept {
    const user = this.users.get(id);
    if (user === undefined) throw new SCIMMY.Types.Error(404, null as never, `no ${id}`);
    return user;
  }

  static async start(): Promise<ScimmyScim> {
    const server = createServer();
    const receiver = new ScimmyScim(server);
    server.on("request", (request, response) => void receiver.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/scim/v2`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    this.requests.push(request.method ?? "");
    const { status, body } = await this.#serve(request, text).catch((thrown: unknown) => {
      const error = new SCIMMY.Messages.ErrorResponse(thrown as Error);
      return { status: error.status, body: error };
    });
    response.writeHead(status, { "content-type": "application/scim+json" });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }

  async #serve(
    { method, url = "" }: IncomingMessage,
    text: string,
  ): Promise<{ readonly status: number; readonly body?: unknown }> {
    const { pathname, searchParams } = new URL(url, "http://x");
    const [, , , kind, id] = pathname.split("/");
    if (kind !== "Users") return { status: 404, body: {} };
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const one = new SCIMMY.Resources.User(id, {});
    switch (method ?? "") {
      case "GET":
        if (id !== undefined) return { status: 200, body: await one.read() };
        return { status: 200, body: await this.#list(searchParams) };
      case "POST":
        return { status: 201, body: await new SCIMMY.Resources.User().write(body) };
      case "PUT":
        return { status: 200, body: await one.write(body) };
      case "PATCH": {
        const changed = await one.patch(body as Parameters<typeof one.patch>[0]);
        return changed === undefined ? { status: 204 } : { status: 200, body: changed };
      }
      case "DELETE":
        await one.dispose();
        return { status: 204 };
      default:
        return { status: 405, body: {} };
    }
  }

  async #list(query: URLSearchParams): Promise<unknown> {
    const filter = query.get("filter");
    const [startIndex, count] = ["startIndex", "count"].map((name) => Number(query.get(name) ?? 1));
    // Its own parser says what it cannot read.
    if (filter !== null) void new Filter(filter);
    const asked = { ...(filter === null ? {} : { filter }), startIndex, count };
    return await new SCIMMY.Resources.User(asked as never).read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
