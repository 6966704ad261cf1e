import { setImmediate as soon } from "node:timers/promises";
import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { encodeAnswer } from "../../../test/support/scripted-ldap.ts";
import { speakerAt } from "../../lib/speaker.ts";
import { parseFilter } from "../filter.ts";
import { BerCursor, TAG } from "./ber.ts";
import { SearchReader } from "./search-reader.ts";
import { Wire } from "./wire.ts";

afterEach(() => vi.useRealTimers());

const MINUTE = 60_000;

/** A server that has two pages of `size` entries; `asked` are the times at which it was asked. */
function server(size: number): { wire: Wire; asked: number[] } {
  const asked: number[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _, done) => {
      const id = new BerCursor(bytes).enter(TAG.sequence).integer();
      const page = asked.push(Date.now());
      const entries = Array.from({ length: size }, (_each, at) => ({
        dn: `uid=${page}-${at},dc=x`,
        attributes: { entryUUID: `${page}-${at}` },
      }));
      socket.push(encodeAnswer(id, { entries, cookie: page === 1 ? "next" : "" }));
      done();
    },
  });
  // A socket is paused until somebody asks.
  return { wire: new Wire(socket as Socket, speakerAt("ldap://x", [])), asked };
}

/** Between the two pages, in minutes. */
async function pause(size: number, entriesPerSecond: number | null): Promise<number> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  const { wire, asked } = server(size);
  const speaker = speakerAt("ldap://x", []);
  const connection = { ...speaker, wire, patience: 30, entriesPerSecond };
  const reader = new SearchReader(
    {
      ...connection,
      destroy: () => wire.destroy(),
      [Symbol.asyncDispose]: () => Promise.resolve(wire.destroy()),
    },
    {
      base: "dc=x",
      scope: "sub",
      filter: parseFilter("(a=*)"),
      attributes: ["*"],
      pageSize: size,
      domainScope: false,
      controls: [],
    },
    {
      idAttribute: "entryUUID",
      disabled: [],
      stamp: null,
    },
  );
  const all = (async () => {
    let read = 0;
    for await (const batch of reader.batches(new AbortController().signal)) read += batch.length;
    return read;
  })();
  for (let minute = 0; minute < 20; minute += 0.5) {
    await soon();
    await vi.advanceTimersByTimeAsync(MINUTE / 2);
  }
  expect(await all).toBe(2 * size);
  return ((asked[1] ?? 0) - (asked[0] ?? 0)) / MINUTE;
}

test("the next page is asked for when the rate limit allows it, and our own pause is nobody's silence", async () => {
  expect(await pause(120, null)).toBe(0);
  expect(await pause(120, 1)).toBe(2);
});

test("no pause is so long that Active Directory forgets the connection after 900 idle seconds", async () => {
  expect(await pause(1000, 1)).toBe(10);
});
