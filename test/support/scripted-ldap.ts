/** An LDAP server that answers as a test tells it, for what no real server does on demand. */
import { once } from "node:events";
import { setImmediate as soon } from "node:timers/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import {
  BerCursor,
  elementSize,
  integer,
  octetString,
  TAG,
  tlv,
} from "../../src/agent/ldap/ber.ts";

export interface SearchCall {
  readonly messageId: number;
  readonly base: string;
  readonly scope: number;
  readonly attributes: readonly string[];
  /** Whether the filter finds an entry, by the values of its attributes. */
  readonly finds: (valuesOf: (attribute: string) => readonly Buffer[]) => boolean;
  readonly cookie: string;
  /** Values of the request's controls, by OID. */
  readonly controls: ReadonlyMap<string, Buffer>;
  /** How many searches came before this one, of all but the root DSE. */
  readonly number: number;
}

export type Values = string | Buffer | readonly (string | Buffer)[];

export interface Answer {
  readonly entries?: readonly {
    readonly dn: string;
    readonly attributes: Readonly<Record<string, Values>>;
    /** Control values, by OID. */
    readonly controls?: Readonly<Record<string, Buffer>>;
  }[];
  /** Intermediate responses behind the entries: OID and value. */
  readonly intermediate?: readonly (readonly [string, Buffer])[];
  /** Control values of the result, by OID. */
  readonly controls?: Readonly<Record<string, Buffer>>;
  readonly referral?: string;
  /** The paging cookie behind the page; null leaves the control out. */
  readonly cookie?: string | null;
  readonly code?: number;
  readonly diagnostic?: string;
  readonly matched?: string;
  /** Silence before the answer, in milliseconds. */
  readonly after?: number;
  /** Bytes to send instead of a result. */
  readonly raw?: Buffer;
  /** Bytes of the whole answer, as they are. */
  readonly bytes?: (id: number) => Buffer;
  /** What to do instead of a result. */
  readonly then?: "close" | "hang";
}

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly searches: readonly SearchCall[];
  /** Tags of all other requests, in order. */
  readonly others: readonly number[];
}

const PAGED = "1.2.840.113556.1.4.319";

export async function startScriptedLdap(
  script: (call: SearchCall) => Answer,
  rootDse: Readonly<Record<string, Values>> = {},
  bind: BindAnswer = { code: 0, diagnostic: "" },
  habits: Habits = {},
): Promise<ScriptedServer> {
  const searches: SearchCall[] = [];
  const others: number[] = [];
  const server: Handler = { script, rootDse, bind, habits, searches, others };
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    if (habits.isAway?.() === true) socket.resetAndDestroy();
    let pending = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (
        let size = elementSize(pending, 0);
        size > 0 && size <= pending.length;
        size = elementSize(pending, 0)
      ) {
        answer(socket, pending.subarray(0, size), server);
        pending = pending.subarray(size);
      }
    });
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  return {
    url: `ldap://127.0.0.1:${port}`,
    searches,
    others,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}

export interface BindAnswer {
  readonly code: number;
  readonly diagnostic: string;
}

/** How the server sends whatever it sends. */
export interface Habits {
  /** Changes the bytes of every message. */
  readonly encode?: (bytes: Buffer) => Buffer;
  /** Bytes that arrive at once; default: all. */
  readonly piece?: number;
  /** What comes instead of the answer to the login. */
  readonly login?: Answer;
  /** The answer to the question for the root DSE; default: the entry. */
  readonly rootDse?: Answer;
  /** Whether the server is away now: it resets every connection at once. */
  readonly isAway?: () => boolean;
}

interface Handler {
  readonly bind: BindAnswer;
  readonly habits: Habits;
  readonly script: (call: SearchCall) => Answer;
  readonly rootDse: Readonly<Record<string, Values>>;
  readonly searches: SearchCall[];
  readonly others: number[];
}

function answer(socket: Socket, bytes: Buffer, server: Handler): void {
  const message = new BerCursor(bytes).enter(TAG.sequence);
  const id = message.integer();
  const tag = message.peek();
  if (tag === 0x60 && server.habits.login !== undefined)
    reply(socket, id, server.habits.login, server);
  else if (tag === 0x60)
    send(socket, envelope(id, result(0x61, server.bind.code, server.bind.diagnostic)), server);
  if (tag !== 0x63) {
    server.others.push(tag);
    return;
  }
  const request = message.enter(0x63);
  const base = request.text();
  const scope = request.integer(TAG.enumerated);
  if (base === "") {
    const standard = { objectClass: "OpenLDAProotDSE", supportedControl: PAGED };
    const attributes = { ...standard, ...server.rootDse };
    reply(socket, id, server.habits.rootDse ?? { entries: [{ dn: "", attributes }] }, server);
    return;
  }
  const controls = message.peek() === 0xa0 ? requestControls(message.enter(0xa0)) : new Map();
  const paging = controls.get(PAGED) as Buffer | undefined;
  const call = {
    messageId: id,
    base,
    scope,
    ...requestFilter(request),
    controls,
    cookie: paging === undefined ? "" : pagingCookie(paging),
    number: server.searches.length,
  };
  server.searches.push(call);
  reply(socket, id, server.script(call), server);
}

function send(socket: Socket, bytes: Buffer, { habits }: Handler): void {
  const { encode, piece } = habits;
  const encoded = encode === undefined ? bytes : encodeEach(bytes, encode);
  if (piece === undefined) socket.write(encoded);
  else inTurn(socket, () => sendPieces(socket, encoded, piece));
}

/** Each piece by itself: what is written at once arrives at once. */
async function sendPieces(socket: Socket, bytes: Buffer, piece: number): Promise<void> {
  socket.setNoDelay(true);
  for (let at = 0; at < bytes.length && !socket.destroyed; at += piece) {
    socket.write(bytes.subarray(at, at + piece));
    await soon();
  }
}

const turns = new WeakMap<Socket, Promise<void>>();

/** Behind whatever is being sent on this connection. */
function inTurn(socket: Socket, work: () => Promise<void> | void): void {
  turns.set(socket, (turns.get(socket) ?? Promise.resolve()).then(work));
}

/** Message by message. */
function encodeEach(bytes: Buffer, encode: (one: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = elementSize(bytes, at);
    parts.push(encode(bytes.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat(parts);
}

function requestFilter(request: BerCursor): Pick<SearchCall, "finds" | "attributes"> {
  for (const tag of [TAG.enumerated, TAG.integer, TAG.integer, TAG.boolean]) request.take(tag);
  const finds = filterOf(request);
  const list = request.enter(TAG.sequence);
  const attributes: string[] = [];
  while (!list.done) attributes.push(list.text());
  return { finds, attributes };
}

/** A filter as far as tests need it: what else there is finds nobody. */
function filterOf(cursor: BerCursor): SearchCall["finds"] {
  const tag = cursor.peek();
  if (tag === 0x87) {
    const name = cursor.text(0x87);
    return (valuesOf) => valuesOf(name).length > 0;
  }
  const inner = cursor.enter(tag);
  if (tag === 0xa0 || tag === 0xa1) {
    const items: SearchCall["finds"][] = [];
    while (!inner.done) items.push(filterOf(inner));
    return tag === 0xa0
      ? (valuesOf) => items.every((item) => item(valuesOf))
      : (valuesOf) => items.some((item) => item(valuesOf));
  }
  if (tag === 0xa2) {
    const item = filterOf(inner);
    return (valuesOf) => !item(valuesOf);
  }
  if (tag !== 0xa3 && tag !== 0xa5 && tag !== 0xa6) return () => false;
  const name = inner.text();
  const asked = Buffer.from(inner.octets());
  const isIt = (value: Buffer): boolean => {
    if (tag === 0xa3) return value.equals(asked);
    return tag === 0xa5 ? !isLess(value, asked) : !isLess(asked, value);
  };
  return (valuesOf) => valuesOf(name).some(isIt);
}

function isLess(a: Buffer, b: Buffer): boolean {
  const [one, other] = [a.toString(), b.toString()];
  const areNumbers = /^\d+$/.test(one) && /^\d+$/.test(other);
  return areNumbers ? BigInt(one) < BigInt(other) : one < other;
}

function requestControls(list: BerCursor): Map<string, Buffer> {
  const controls = new Map<string, Buffer>();
  while (!list.done) {
    const one = list.enter(TAG.sequence);
    const oid = one.text();
    if (one.peek() === TAG.boolean) one.take(TAG.boolean);
    controls.set(oid, one.done ? Buffer.alloc(0) : Buffer.from(one.octets()));
  }
  return controls;
}

function reply(socket: Socket, id: number, answered: Answer, server: Handler): void {
  const now = (): void => {
    const { bytes } = answered;
    if (bytes !== undefined) inTurn(socket, () => void socket.write(bytes(id)));
    else send(socket, encodeAnswer(id, answered), server);
    if (answered.then === "close") inTurn(socket, () => void socket.end());
  };
  if (answered.after === undefined) now();
  else setTimeout(now, answered.after);
}

/** Everything that an answer sends, as bytes. */
export function encodeAnswer(id: number, answered: Answer): Buffer {
  const parts: Buffer[] = [];
  for (const { dn, attributes, controls } of answered.entries ?? [])
    parts.push(envelope(id, entry(dn, attributes), controls));
  if (answered.referral !== undefined)
    parts.push(envelope(id, tlv(0x73, octetString(answered.referral))));
  for (const [oid, value] of answered.intermediate ?? [])
    parts.push(envelope(id, tlv(0x79, octetString(oid, 0x80), octetString(value, 0x81))));
  if (answered.raw !== undefined) parts.push(answered.raw);
  else if (answered.then === undefined) {
    const cookie = answered.cookie ?? "";
    const paging = { [PAGED]: tlv(0x30, integer(0), octetString(cookie)) };
    const controls = { ...(answered.cookie === null ? {} : paging), ...answered.controls };
    const { code = 0, diagnostic, matched } = answered;
    parts.push(envelope(id, result(0x65, code, diagnostic, matched), controls));
  }
  return Buffer.concat(parts);
}

function pagingCookie(value: Buffer): string {
  const cursor = new BerCursor(value).enter(TAG.sequence);
  cursor.integer();
  return cursor.text();
}

function envelope(
  id: number,
  operation: Buffer,
  controls: Readonly<Record<string, Buffer>> = {},
): Buffer {
  const list = Object.entries(controls).map(([oid, value]) =>
    tlv(0x30, octetString(oid), octetString(value)),
  );
  return tlv(0x30, integer(id), operation, ...(list.length > 0 ? [tlv(0xa0, ...list)] : []));
}

function result(tag: number, code: number, diagnostic = "", matched = ""): Buffer {
  return tlv(tag, integer(code, TAG.enumerated), octetString(matched), octetString(diagnostic));
}

function entry(dn: string, attributes: Readonly<Record<string, Values>>): Buffer {
  const list = Object.entries(attributes).map(([name, values]) => {
    const all = Array.isArray(values) ? (values as (string | Buffer)[]) : [values as string];
    return tlv(0x30, octetString(name), tlv(0x31, ...all.map((value) => octetString(value))));
  });
  return tlv(0x64, octetString(dn), tlv(0x30, ...list));
}
