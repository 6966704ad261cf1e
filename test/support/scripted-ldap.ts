/** An LDAP server that answers as a test tells it, for what no real server does on demand. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { BerCursor, elementSize, integer, octetString, TAG, tlv } from "../../src/agent/ber.ts";

export interface SearchCall {
  readonly base: string;
  readonly cookie: string;
  /** How many searches of people came before this one. */
  readonly number: number;
}

export interface Answer {
  readonly entries?: readonly {
    readonly dn: string;
    readonly attributes: Readonly<Record<string, string>>;
  }[];
  readonly referral?: string;
  /** The paging cookie behind the page; null leaves the control out. */
  readonly cookie?: string | null;
  readonly code?: number;
  /** Bytes to send instead of a result. */
  readonly raw?: Buffer;
  /** What to do instead of a result. */
  readonly then?: "close" | "hang";
}

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly searches: readonly SearchCall[];
}

const PAGED = "1.2.840.113556.1.4.319";

export async function startScriptedLdap(
  script: (call: SearchCall) => Answer,
): Promise<ScriptedServer> {
  const searches: SearchCall[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let pending = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (
        let size = elementSize(pending, 0);
        size > 0 && size <= pending.length;
        size = elementSize(pending, 0)
      ) {
        answer(socket, pending.subarray(0, size), searches, script);
        pending = pending.subarray(size);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `ldap://127.0.0.1:${port}`,
    searches,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function answer(
  socket: Socket,
  bytes: Buffer,
  searches: SearchCall[],
  script: (call: SearchCall) => Answer,
): void {
  const message = new BerCursor(bytes).enter(TAG.sequence);
  const id = message.integer();
  const tag = message.peek();
  if (tag === 0x60) socket.write(envelope(id, result(0x61, 0)));
  if (tag !== 0x63) return;
  const request = message.enter(0x63);
  const base = request.text();
  if (base === "") {
    const rootDse = entry("", { objectClass: "OpenLDAProotDSE", supportedControl: PAGED });
    socket.write(Buffer.concat([envelope(id, rootDse), envelope(id, result(0x65, 0))]));
    return;
  }
  const call = {
    base,
    cookie: message.peek() === 0xa0 ? requestCookie(message) : "",
    number: searches.length,
  };
  searches.push(call);
  reply(socket, id, script(call));
}

function reply(socket: Socket, id: number, answered: Answer): void {
  for (const { dn, attributes } of answered.entries ?? [])
    socket.write(envelope(id, entry(dn, attributes)));
  if (answered.referral !== undefined)
    socket.write(envelope(id, tlv(0x73, octetString(answered.referral))));
  if (answered.raw !== undefined) socket.write(answered.raw);
  else if (answered.then === "close") socket.end();
  else if (answered.then !== "hang") {
    const cookie = answered.cookie ?? "";
    const control = tlv(
      0x30,
      octetString(PAGED),
      octetString(tlv(0x30, integer(0), octetString(cookie))),
    );
    const controls = answered.cookie === null ? [] : [tlv(0xa0, control)];
    socket.write(tlv(0x30, integer(id), result(0x65, answered.code ?? 0), ...controls));
  }
}

function requestCookie(message: BerCursor): string {
  const control = message.enter(0xa0).enter(TAG.sequence);
  control.text();
  if (control.peek() === TAG.boolean) control.take(TAG.boolean);
  const value = new BerCursor(control.octets()).enter(TAG.sequence);
  value.integer();
  return value.text();
}

function envelope(id: number, operation: Buffer): Buffer {
  return tlv(0x30, integer(id), operation);
}

function result(tag: number, code: number): Buffer {
  return tlv(tag, integer(code, TAG.enumerated), octetString(""), octetString(""));
}

function entry(dn: string, attributes: Readonly<Record<string, string>>): Buffer {
  const list = Object.entries(attributes).map(([name, value]) =>
    tlv(0x30, octetString(name), tlv(0x31, octetString(value))),
  );
  return tlv(0x64, octetString(dn), tlv(0x30, ...list));
}
