/** Events to elsewhere: verified, in order, at least once, and told of where they do not arrive. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { serveApi, tokenFor, type ServedApi } from "../support/api.ts";
import { freePort } from "../support/process.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

interface Got {
  readonly method: string;
  readonly secret: string | undefined;
  readonly events: readonly { readonly uuid: string; readonly eventType: string }[];
}

/** A receiver that does what it is told. */
class Receiver {
  readonly got: Got[] = [];
  /** Status of the next POSTs; then 204. */
  readonly refusals: number[] = [];
  proves = true;
  /** Whether it says yes and then never ends its answer. */
  dribbles = false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on("request", (request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        const challenge = request.headers["x-okta-verification-challenge"];
        const verification = receiver.proves ? challenge : "something else";
        const { authorization: secret } = request.headers;
        if (request.method === "GET") {
          receiver.got.push({ method: "GET", secret, events: [] });
          response.end(JSON.stringify({ verification }));
          return;
        }
        const status = receiver.refusals.shift() ?? 204;
        const { data } = JSON.parse(body) as { data: { events: Got["events"] } };
        if (status < 300) receiver.got.push({ method: "POST", secret, events: data.events });
        if (receiver.dribbles) response.writeHead(200, { "content-length": "10" }).write("ok");
        else response.writeHead(status).end();
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/events`;
  }

  get events(): Got["events"] {
    return this.got.flatMap(({ events }) => events);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

let place: Workplace;
let receiver: Receiver;
let api: ServedApi | null = null;

/** @param hook its keys besides the url */
function configure(hook: string, minimum = 100): void {
  const file = place.file("p.ldif", ["ada", "bob"].map((one) => simplePerson(one)).join("\n"));
  place.configure(`directories:
  corp:
    type: ldif
    path: ${file}
    importSafeguard: { percent: 20, minimum: ${minimum} }${SIMPLE_MAPPINGS}
hooks:
  siem: { url: "${receiver.url}", ${hook} }
`);
}

beforeEach(async () => {
  place = await Workplace.create("postgres");
  receiver = await Receiver.start();
});
afterEach(async () => {
  await api?.stop();
  api = null;
  await receiver.stop();
  place.remove();
});

/** The daemon, once it works for the hook. */
async function served(): Promise<ServedApi> {
  const started = await serveApi(place);
  api = started;
  await expect
    .poll(() => receiver.got.some(({ method }) => method === "GET"), { timeout: 90_000 })
    .toBe(true);
  return started;
}

/** Of different events: one that may not have arrived is sent again. */
const count = (type: string): number =>
  new Set(receiver.events.filter((one) => one.eventType === type).map(({ uuid }) => uuid)).size;

describe("a hook", () => {
  test("proves that it wants events, and gets those that fit, in their order, with its secret", async () => {
    configure(`filter: 'eventType sw "system.import.user"', secret: "a key"`);
    await served();
    await place.run("import", "corp");
    await expect.poll(() => count("system.import.user.create"), { timeout: 90_000 }).toBe(2);
    const types = new Set(receiver.events.map(({ eventType }) => eventType));
    expect([...types].every((type) => type.startsWith("system.import.user"))).toBe(true);
    const ids = receiver.events.map(({ uuid }) => uuid);
    expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(receiver.got.every(({ secret }) => secret === "a key")).toBe(true);
  });

  test("gets again what did not arrive, and goes on where it was after a restart", async () => {
    configure(`filter: 'eventType eq "system.api_token.create"'`);
    const started = await served();
    receiver.refusals.push(503, 503);
    await tokenFor(place, "viewer", "one");
    await tokenFor(place, "viewer", "two");
    await expect.poll(() => count("system.api_token.create"), { timeout: 120_000 }).toBe(2);
    await started.stop();
    api = null;
    await tokenFor(place, "viewer", "three");
    api = await serveApi(place);
    await expect.poll(() => count("system.api_token.create"), { timeout: 120_000 }).toBe(3);
  });

  test("that says yes has them, however it ends its answer", async () => {
    receiver.dribbles = true;
    configure(`filter: 'eventType eq "system.api_token.create"'`);
    await served();
    await tokenFor(place, "viewer", "one");
    await expect.poll(() => count("system.api_token.create"), { timeout: 90_000 }).toBe(1);
    await tokenFor(place, "viewer", "two");
    await expect.poll(() => count("system.api_token.create"), { timeout: 90_000 }).toBe(2);
    // Nothing was said to have failed, so nothing comes twice.
    expect(receiver.events).toHaveLength(2);
  });

  test("that does not prove that it wants them gets none, and is told of", async () => {
    receiver.proves = false;
    configure(`secret: "a key"`);
    await served();
    await expect
      .poll(async () => (await place.run("doctor")).out, { timeout: 180_000, interval: 1000 })
      .toContain("The hook siem");
    expect(receiver.events).toEqual([]);
    const checked = await place.run("check");
    expect(checked.status).toBe(1);
    expect(checked.out).toContain("does not repeat the challenge");
    expect(checked.out).not.toContain("a key");
  });

  test("whose filter or address is none is a fault of the configuration", async () => {
    for (const [hook, what] of [
      [`filter: 'eventType eqq 1'`, /rollcall\.yaml:\d+ {2}hooks\.siem\.filter: .*position 11/],
      ['secret: "a\\nb"', /hooks\.siem\.secret/],
    ] as const) {
      configure(hook);
      expect((await place.run("users")).err).toMatch(what);
    }
    configure("verify: false");
    place.append('  far: { url: "http://siem.example.org/" }\n  bad: { url: "ftp://x" }\n');
    const { err } = await place.run("users");
    expect(err).toContain("hooks.far.url");
    expect(err).toContain("hooks.bad.url");
  });
});

test("the relay that comes along tells a chat channel of a held import", async () => {
  const texts: string[] = [];
  const chat = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      texts.push((JSON.parse(body) as { text: string }).text);
      response.end("ok");
    });
  });
  await once(chat.listen(0, "127.0.0.1"), "listening");
  const port = await freePort();
  const relay = spawn(process.execPath, ["config/examples/chat-relay.js"], {
    env: {
      ...process.env,
      CHAT_URL: `http://127.0.0.1:${(chat.address() as AddressInfo).port}/`,
      HOOK_SECRET: "a key",
      PORT: String(port),
    },
    stdio: "ignore",
  });
  try {
    configure(`secret: "a key", filter: 'eventType eq "system.import.roadblock"'`, 1);
    const text = `http://127.0.0.1:${port}/`;
    const { readFileSync, writeFileSync } = await import("node:fs");
    writeFileSync(place.config, readFileSync(place.config, "utf8").replace(receiver.url, text));
    expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
    api = await serveApi(place);
    await expect.poll(async () => (await place.run("check")).status, { timeout: 90_000 }).toBe(0);
    place.file("p.ldif", simplePerson("ada"));
    const held = await place.json<{ run: string; status: string }>("import", "corp");
    expect(held.status).toBe("held");
    await expect.poll(() => texts.join("\n"), { timeout: 120_000 }).toContain(held.run);
  } finally {
    relay.kill("SIGKILL");
    chat.closeAllConnections();
    chat.close();
  }
});
