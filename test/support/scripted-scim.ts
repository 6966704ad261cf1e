/**
 * A SCIM server that does what a test wants: a small, correct one, with a hook that sees every
 * request first and may answer in its place, drop it, or let it have its effect and lose the answer.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface ScimRequest {
  readonly method: string;
  readonly path: string;
  /** Decoded. */
  readonly filter: string | null;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
}

export interface Scripted {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: unknown;
  /** Never answered. */
  readonly silent?: true;
  /** The connection is cut; `after`: the request has its effect first. */
  readonly cut?: "before" | "after";
}

export type Hook = (request: ScimRequest) => Scripted | undefined;

export type Resource = Record<string, unknown> & { readonly id: string };

const LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR = "urn:ietf:params:scim:api:messages:2.0:Error";

export class ScriptedScim implements AsyncDisposable {
  readonly users = new Map<string, Resource>();
  readonly groups = new Map<string, Resource>();
  readonly requests: ScimRequest[] = [];
  hook: Hook = () => undefined;
  /** Whether it declares versions, shows them, and refuses changes of another one (RFC 7644, 3.14). */
  hasVersions = false;
  readonly #server: Server;
  #next = 1;

  readonly #scheme: "http" | "https";

  private constructor(server: Server, scheme: "http" | "https") {
    this.#server = server;
    this.#scheme = scheme;
  }

  /** @param tls in PEM form; without it, the server speaks HTTP */
  static async start(tls?: { readonly cert: string; readonly key: string }): Promise<ScriptedScim> {
    const server = tls === undefined ? createServer() : createTlsServer(tls);
    const scim = new ScriptedScim(server, tls === undefined ? "http" : "https");
    server.on("request", (request, response) => void scim.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return scim;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#scheme}://127.0.0.1:${port}/scim/v2`;
  }

  /** Requests that change something. */
  get writes(): ScimRequest[] {
    return this.requests.filter(({ method }) => method !== "GET");
  }

  userNamed(userName: string): Resource | undefined {
    return [...this.users.values()].find((user) => user["userName"] === userName);
  }

  addUser(resource: Record<string, unknown>): Resource {
    const user = { active: true, ...resource, id: `u${this.#next++}` };
    this.users.set(user.id, user);
    return user;
  }

  forget(): void {
    this.requests.length = 0;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? "", "http://x");
    const asked: ScimRequest = {
      method: request.method ?? "",
      path: decodeURIComponent(url.pathname.replace("/scim/v2", "")),
      filter: url.searchParams.get("filter"),
      headers: request.headers,
      body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
    this.requests.push(asked);
    const scripted = this.hook(asked);
    const isOurs = scripted === undefined || scripted.cut === "after";
    const answer = isOurs ? this.#serve(asked, url.searchParams) : scripted;
    if (scripted?.silent === true) return;
    if (scripted?.cut !== undefined) return void request.socket.destroy();
    respond(response, answer);
  }

  #serve({ method, path, filter, body, headers }: ScimRequest, query: URLSearchParams): Scripted {
    const [, kind = "", id] = path.split("/");
    if (kind === "ServiceProviderConfig")
      return { body: { patch: { supported: true }, etag: { supported: this.hasVersions } } };
    const store = kind === "Users" ? this.users : kind === "Groups" ? this.groups : null;
    if (store === null) return refusal(404, "no such resource");
    if (id === undefined) {
      if (method === "GET") return list([...store.values()], filter, query);
      if (method === "POST") return this.#create(kind, store, body);
      return refusal(405, "not here");
    }
    const found = store.get(id);
    if (found === undefined) return refusal(404, `no ${id}`);
    const version = versionOf(found);
    if (this.hasVersions && method !== "GET" && headers["if-match"] !== version)
      return refusal(412, `it is ${version} by now`);
    switch (method) {
      case "GET":
        return { body: found, ...(this.hasVersions ? { headers: { etag: version } } : {}) };
      case "PUT":
        store.set(id, { ...body, id });
        return { body: store.get(id) };
      case "PATCH":
        store.set(id, patched(found, body));
        return { body: store.get(id) };
      case "DELETE":
        store.delete(id);
        return { status: 204 };
      default:
        return refusal(405, "not so");
    }
  }

  #create(kind: string, store: Map<string, Resource>, body: Record<string, unknown>): Scripted {
    const name = kind === "Users" ? "userName" : "displayName";
    const wanted = String(body[name]).toLowerCase();
    if ([...store.values()].some((one) => String(one[name]).toLowerCase() === wanted))
      return refusal(409, `${name} is taken`, "uniqueness");
    const resource = { ...body, id: `${kind === "Users" ? "u" : "g"}${this.#next++}` };
    store.set(resource.id, resource);
    return { status: 201, body: resource };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Weak, as most servers have them; it changes with the content. */
function versionOf(resource: Resource): string {
  return `W/"${createHash("sha1").update(JSON.stringify(resource)).digest("hex")}"`;
}

function respond(response: ServerResponse, { status = 200, headers = {}, body }: Scripted): void {
  response.writeHead(status, { "content-type": "application/scim+json", ...headers });
  if (body === undefined) response.end();
  else response.end(typeof body === "string" ? body : JSON.stringify(body));
}

export function refusal(status: number, detail: string, scimType?: string): Scripted {
  const type = scimType === undefined ? {} : { scimType };
  return { status, body: { schemas: [ERROR], status: String(status), detail, ...type } };
}

function list(all: readonly Resource[], filter: string | null, query: URLSearchParams): Scripted {
  const found = filter === null ? all : all.filter((one) => fits(one, filter));
  const from = Number(query.get("startIndex") ?? 1);
  const count = Number(query.get("count") ?? 100);
  const Resources = found.slice(from - 1, from - 1 + count);
  return { body: { schemas: [LIST], totalResults: found.length, startIndex: from, Resources } };
}

function fits(resource: Resource, filter: string): boolean {
  const [, path = "", quoted = ""] = /^(\S+(?:\[[^\]]*\]\S*)?) eq (".*")$/.exec(filter) ?? [];
  const wanted = String(JSON.parse(quoted === "" ? '""' : quoted)).toLowerCase();
  if (path.startsWith("emails")) {
    const emails = resource["emails"] as { value?: string }[] | undefined;
    return (emails ?? []).some((one) => one.value?.toLowerCase() === wanted);
  }
  const value = resource[path];
  return typeof value === "string" && value.toLowerCase() === wanted;
}

interface Operation {
  readonly op: string;
  readonly path?: string;
  readonly value?: unknown;
}

/** Adding a member that is there changes nothing (RFC 7644, 3.5.2.1). */
function joined(there: { value: string }[], coming: { value: string }[]): { value: string }[] {
  const known = new Set(there.map((one) => one.value));
  return [...there, ...coming.filter((one) => !known.has(one.value))];
}

/** `title`, `name.givenName`, `urn:…:User:department`. */
function setAt(resource: Record<string, unknown>, path: string, value: unknown): void {
  const urn = /^(urn:.*):([^:]+)$/.exec(path);
  const [parent, name] = urn === null ? path.split(".") : [urn[1], urn[2]];
  if (parent === undefined || name === undefined) {
    resource[path] = value;
    return;
  }
  const inner = { ...(resource[parent] as Record<string, unknown> | undefined), [name]: value };
  resource[parent] = inner;
}

function patched(before: Resource, body: Record<string, unknown>): Resource {
  const resource: Record<string, unknown> = structuredClone(before);
  for (const { op, path, value } of body["Operations"] as Operation[]) {
    const members = (resource["members"] as { value: string }[] | undefined) ?? [];
    const one = /^members\[value eq "(.*)"\]$/.exec(path ?? "");
    if (one !== null) resource["members"] = members.filter((member) => member.value !== one[1]);
    else if (path === "members" && op === "add")
      resource["members"] = joined(members, value as { value: string }[]);
    else if (path === undefined) Object.assign(resource, value);
    else setAt(resource, path, op === "remove" ? undefined : value);
  }
  return { ...resource, id: before.id };
}
