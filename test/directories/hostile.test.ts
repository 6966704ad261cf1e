/** What sits at the other end of the wire may be anybody: what it sends before the login harms nobody. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  BerCursor,
  elementSize,
  integer,
  octetString,
  TAG,
  tlv,
} from "../../src/agent/ldap/ber.ts";
import { certificates, type Certificates } from "../support/certificates.ts";
import { SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";

interface Request {
  readonly id: number;
  readonly tag: number;
}

type Answer = (request: Request, socket: Socket, restart: (socket: Socket) => void) => void;

let folder: string;
let tls: Certificates;
let place: Workplace;
let taken = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-hostile-"));
  tls = certificates(folder);
  place = await Workplace.create("postgres");
});
afterAll(() => {
  place.remove();
  rmSync(folder, { recursive: true, force: true });
});

const BIND = 0x60;
const START_TLS = 0x77;

function message(id: number, operation: Buffer): Buffer {
  return tlv(TAG.sequence, integer(id), operation);
}

function result(tag: number, code: number): Buffer {
  return tlv(tag, integer(code, TAG.enumerated), octetString(""), octetString(""));
}

/** Hears requests from a socket, and answers each as the test says. */
function serve(socket: Socket, answer: Answer): void {
  let pending = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    pending = Buffer.concat([pending, chunk]);
    for (let size = elementSize(pending, 0); size > 0 && size <= pending.length;) {
      const cursor = new BerCursor(pending.subarray(0, size)).enter(TAG.sequence);
      const request = { id: cursor.integer(), tag: cursor.peek() };
      pending = pending.subarray(size);
      size = elementSize(pending, 0);
      answer(request, socket, (next) => {
        socket.off("data", onData);
        serve(next, answer);
      });
    }
  };
  socket.on("error", () => undefined).on("data", onData);
}

/** An import from such a server; what was sent to it counts in `taken`. */
async function imported(answer: Answer, more = ""): Promise<RunDocument & { exit: number }> {
  taken = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket, answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  place.configure(`
directories:
  corp:
    type: ldap
    url: ldap://127.0.0.1:${port}
    timeout: 1
    bind: { dn: "cn=reader", password: "correct-horse-7" }
    users: { base: "dc=x" }
${more}${SIMPLE_MAPPINGS}`);
  try {
    const { status, out, err } = await place.run("import", "corp", "--full", "--json");
    expect(err).not.toMatch(/RangeError|at .*\.ts:/);
    return { ...(JSON.parse(out) as RunDocument), exit: status };
  } finally {
    for (const socket of sockets) {
      taken += socket.bytesWritten - socket.writableLength;
      socket.destroy();
    }
    server.close();
  }
}

/** The same again and again, as long as the other side takes it. */
function pour(socket: Socket, chunk: Buffer): void {
  while (!socket.destroyed && socket.bytesWritten < 2 ** 30 && socket.write(chunk));
  if (!socket.destroyed) socket.once("drain", () => pour(socket, chunk));
}

const refusal = (code: string): object => ({ exit: 1, status: "failed", error: { code } });

test.each([
  ["tiny messages that answer nothing", message(99, tlv(0x61)), "ldap.protocol"],
  ["answers to other questions", message(2 ** 30, result(0x61, 0)), "ldap.protocol"],
  ["entries", message(1, tlv(0x64, octetString("cn=x"), tlv(0x30))), "ldap.protocol"],
  ["no LDAP at all", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "ldap.protocol"],
  ["a message that has no end", Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), "ldap.protocol"],
])("instead of an answer to the login, a flood: %s", async (_, one, code) => {
  const flood = Buffer.concat(Array.from({ length: 9000 }, () => one));
  const run = await imported(({ tag }, socket) => {
    if (tag === BIND) pour(socket, flood);
  });
  expect(run).toMatchObject(refusal(code));
  expect(taken).toBeLessThan(64 * 1024 * 1024);
});

test("an answer to the login that comes drop by drop is none", async () => {
  const timers: NodeJS.Timeout[] = [];
  const run = await imported(({ id, tag }, socket) => {
    if (tag !== BIND) return;
    const answer = message(id, result(0x61, 0));
    let at = 0;
    timers.push(setInterval(() => socket.write(answer.subarray(at, ++at)), 300));
  });
  for (const timer of timers) clearInterval(timer);
  expect(run).toMatchObject(refusal("ldap.timeout"));
});

test("a root DSE without end is given up", async () => {
  const run = await imported(({ id, tag }, socket) => {
    if (tag === BIND) socket.write(message(id, result(0x61, 0)));
    else if (tag === 0x63) {
      const attribute = tlv(0x30, octetString("a"), tlv(0x31, octetString("x".repeat(50_000))));
      pour(socket, message(id, tlv(0x64, octetString(""), tlv(0x30, attribute))));
    }
  });
  expect(run).toMatchObject(refusal("ldap.protocol"));
  expect(taken).toBeLessThan(64 * 1024 * 1024);
});

test("an attribute that comes again and again is read in one pass", async () => {
  const repeated = (name: string): Buffer =>
    tlv(0x30, octetString(name), tlv(0x31, octetString("v")));
  const many = Buffer.concat(Array.from({ length: 150_000 }, () => repeated("x")));
  const run = await imported(({ id, tag }, socket) => {
    if (tag === BIND) socket.write(message(id, result(0x61, 0)));
    else if (tag === 0x63) {
      // About the server itself, and then as a person.
      const own = Buffer.concat([repeated("objectClass"), repeated("entryUUID"), many]);
      socket.write(message(id, tlv(0x64, octetString("cn=x,dc=x"), tlv(0x30, own))));
      socket.write(message(id, result(0x65, 0)));
    }
  });
  expect(run).toMatchObject({ counts: { read: 1, failed: 1 } });
});

test("one message about the server itself that is larger than any is refused before it is kept", async () => {
  const run = await imported(({ id, tag }, socket) => {
    if (tag === BIND) socket.write(message(id, result(0x61, 0)));
    else if (tag === 0x63)
      pour(socket, Buffer.concat([Buffer.from([0x30, 0x84, 3, 0, 0, 0]), Buffer.alloc(65_536)]));
  });
  expect(run).toMatchObject(refusal("ldap.protocol"));
});

/** Consents to TLS; @param plain what somebody on the way puts behind the consent, in clear */
function startTls(plain: (id: number) => Buffer): Answer {
  return ({ id, tag }, socket, restart) => {
    if (tag === START_TLS) {
      socket.write(Buffer.concat([message(id, result(0x78, 0)), plain(id)]));
      const secrets = { key: readFileSync(tls.key), cert: readFileSync(tls.cert) };
      restart(new TLSSocket(socket, { isServer: true, ...secrets }));
    } else if (tag === BIND) socket.write(message(id, result(0x61, 49)));
  };
}

test.each([
  ["a whole answer to the login that is to come", (id: number) => message(id + 1, result(0x61, 0))],
  ["the beginning of one", (id: number) => message(id + 1, result(0x61, 0)).subarray(0, 4)],
  ["a single byte", () => Buffer.from([0x30])],
])("nothing counts that came in clear behind the consent to TLS: %s", async (_, plain) => {
  const run = await imported(startTls(plain), `    startTls: true\n    tls: { ca: ${tls.ca} }\n`);
  expect(run.status).toBe("failed");
  expect(run.error?.code).toMatch(/^ldap\.(?:protocol|unreachable|certificate)$/);
});

test("without such bytes the refused password is told", async () => {
  const run = await imported(
    startTls(() => Buffer.alloc(0)),
    `    startTls: true\n    tls: { ca: ${tls.ca} }\n`,
  );
  expect(run).toMatchObject(refusal("ldap.credentials"));
});

test("a server that consents to TLS and then says nothing is not waited for", async () => {
  const run = await imported(({ id, tag }, socket) => {
    if (tag !== START_TLS) return;
    socket.removeAllListeners("data").resume();
    socket.write(message(id, result(0x78, 0)));
  }, "    startTls: true\n");
  expect(run).toMatchObject(refusal("ldap.timeout"));
});

test("a refused StartTLS is told with what the server says", async () => {
  const run = await imported(({ id, tag }, socket) => {
    if (tag === START_TLS) socket.write(message(id, result(0x78, 2)));
  }, "    startTls: true\n");
  expect(run).toMatchObject(refusal("ldap.startTls"));
});

test("a server that closes where it should answer is unreachable, whatever was asked", async () => {
  for (const closing of [BIND, 0x63]) {
    const run = await imported(({ id, tag }, socket) => {
      if (tag === closing) socket.end();
      else if (tag === BIND) socket.write(message(id, result(0x61, 0)));
    });
    expect(run).toMatchObject(refusal("ldap.connectionLost"));
  }
});
