/**
 * A SCIM server that does nothing, as fast as it can: nobody is found, whatever is made gets an id, what
 * is changed is sent back and not kept. Prints its address. Its own process, so that it takes no time from a client.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const LIST = JSON.stringify({
  schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
  totalResults: 0,
  Resources: [],
});
let next = 1;
/** What was made, as it is shown; nothing that comes later changes it. */
const kept = new Map<string, string>();

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  const { method = "", url = "" } = request;
  const id = url.split("/").at(-1) ?? "";
  const isList = url.includes("?") || url.endsWith("Config");
  const head = { "content-type": "application/scim+json" };
  if (method === "POST") {
    const made = `u${next++}`;
    kept.set(made, `{"id":"${made}",${body.slice(1)}`);
    response.writeHead(201, head).end(kept.get(made));
  } else if (method === "PUT") {
    response.writeHead(200, head).end(body);
  } else if (isList) {
    response.writeHead(200, head).end(LIST);
  } else {
    response.writeHead(200, head).end(kept.get(id) ?? "{}");
  }
}

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => answer(request, response, body));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
