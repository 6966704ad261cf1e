/** The agent against a scripted server: what no real server does on demand. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createDirectory, type DirectorySession } from "../src/agent/agent.ts";
import { boolean, integer, octetString, TAG, tlv } from "../src/agent/ber.ts";
import type { DirectorySource } from "../src/model/directory.ts";
import type { RawEntry } from "../src/model/entry.ts";
import { RollcallError } from "../src/model/errors.ts";
import { MustReadAll, type Mark } from "../src/model/incremental.ts";
import { encodeAnswer, startScriptedLdap, type Answer, type SearchCall, type Values } from "./support/scripted-ldap.ts"; // prettier-ignore

const BASE = "ou=people,dc=example,dc=org";
const SYNC = "1.3.6.1.4.1.4203.1.9.1.1";
const STATE = "1.3.6.1.4.1.4203.1.9.1.2";
const DONE = "1.3.6.1.4.1.4203.1.9.1.3";
const INFO = "1.3.6.1.4.1.4203.1.9.1.4";
const PAGED = "1.2.840.113556.1.4.319";
const OPENLDAP = { supportedControl: [PAGED, SYNC] };
const DS389 = { ...OPENLDAP, objectClass: "top", vendorName: "389 Project" };

const uuid = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const bytesOf = (id: string): Buffer => Buffer.from(id.replaceAll("-", ""), "hex");

function person(number: number, more: Readonly<Record<string, Values>> = {}) {
  const attributes = { entryUUID: uuid(number), cn: `Person ${number}`, ...more };
  return { dn: `cn=p${number},${BASE}`, attributes };
}

interface Options {
  readonly timeout?: number;
  readonly rate?: number;
  readonly groups?: boolean;
  readonly signal?: AbortSignal;
  readonly id?: string;
}

function sourceOf(
  url: string,
  { timeout = 2, rate, groups = false, id }: Options,
): DirectorySource {
  return {
    name: "corp",
    type: "ldap",
    path: null,
    users: {
      bases: [BASE],
      scope: "sub",
      filter: "(cn=*)",
      id: id ?? null,
      attributes: ["*"],
      disabled: null,
    },
    groups: groups ? { bases: [BASE], filter: "(member=*)" } : null,
    incremental: { way: "auto", overlapSeconds: 300, compareMinutes: 60 },
    ldap: {
      urls: [url],
      startTls: false,
      tls: { ca: null, rejectUnauthorized: true },
      bind: null,
      pageSize: 2,
      timeoutSeconds: timeout,
      entriesPerSecond: rate ?? null,
    },
  };
}

async function withAgent<T>(
  script: (call: SearchCall) => Answer,
  rootDse: Readonly<Record<string, Values>>,
  work: (
    session: DirectorySession,
    calls: readonly SearchCall[],
    others: readonly number[],
  ) => Promise<T>,
  options: Options = {},
): Promise<T> {
  await using server = await startScriptedLdap(script, rootDse);
  const directory = createDirectory(sourceOf(server.url, options));
  await using session = await directory.open(options.signal ?? new AbortController().signal);
  return await work(session, server.searches, server.others);
}

async function everybody(session: DirectorySession): Promise<RawEntry[]> {
  const entries: RawEntry[] = [];
  for await (const batch of session.people()) entries.push(...batch);
  return entries;
}

const code = (error: unknown): unknown =>
  error instanceof RollcallError
    ? error.code
    : error instanceof MustReadAll
      ? error.conversion.code
      : error;

// Ranges

/** A server that sends at most two values, and an empty attribute besides, as Active Directory does. */
function ranged(call: SearchCall, values: readonly string[], attribute: string): Answer {
  const asked = call.attributes.map((name) => /;range=(\d+)-\*$/.exec(name)?.[1]).find(Boolean);
  const from = Number(asked ?? 0);
  const part = values.slice(from, from + 2);
  const end = from + 2 >= values.length ? "*" : String(from + part.length - 1);
  const name = `${attribute};range=${from}-${end}`;
  const whole = values.length <= 2;
  const more: Record<string, Values> = whole
    ? { [attribute]: values }
    : { [attribute]: [], [name]: part };
  return { entries: [person(1, more), ...(call.scope === 0 ? [] : [person(2)])] };
}

test.each([0, 1, 2, 3, 4, 5, 17])(
  "an attribute of %i values, two at a time, is read whole",
  async (count) => {
    const values = Array.from({ length: count }, (_, i) => `value ${i}`);
    const script = (call: SearchCall): Answer => ranged(call, values, "description");
    await withAgent(script, {}, async (session) => {
      const entries = await everybody(session);
      expect(new Set(entries.map((entry) => entry.id))).toEqual(new Set([uuid(1), uuid(2)]));
      const first = entries.find((entry) => entry.id === uuid(1));
      const { description } = first?.decode().profile ?? {};
      expect(description ?? []).toEqual(count === 1 ? values[0] : values);
      const again = (await everybody(session)).find((entry) => entry.id === uuid(1));
      expect(again?.hash).toBe(first?.hash);
    });
  },
);

test("a group of many members is read whole; its members are names without spelling", async () => {
  const members = [
    "CN=Doe\\, John,OU=A",
    "cn=doe\\2c john,ou=a",
    "cn=x,ou=a",
    "cn=y , ou=a",
    "uid=z",
  ];
  const script = (call: SearchCall): Answer =>
    call.attributes.includes("member") ||
    call.scope === 0 ||
    call.attributes.some((a) => a.includes("range"))
      ? ranged(call, members, "member")
      : {};
  const run = async (session: DirectorySession): Promise<void> => {
    const groups = [];
    for await (const batch of session.objects(null)) groups.push(...batch);
    const group = groups.find(({ kind, id }) => kind === "group" && id === uuid(1));
    expect(group?.members).toEqual([
      "dn:cn=doe\\, john,ou=a",
      "dn:cn=x,ou=a",
      "dn:cn=y,ou=a",
      "dn:uid=z",
    ]);
  };
  await withAgent(script, {}, run, { groups: true });
});

test("a range that begins elsewhere than asked is refused, not patched together", async () => {
  const script = (call: SearchCall): Answer => ({
    entries: [
      person(1, { [`cn;range=${call.attributes[0]?.includes("range") ? 7 : 0}-8`]: ["a", "b"] }),
    ],
  });
  await withAgent(script, {}, async (session) => {
    await expect(everybody(session).catch(code)).resolves.toBe("ldap.protocol");
  });
});

// Content synchronisation

const doneValue = (cookie: string | null, refreshDeletes: boolean): Buffer =>
  tlv(
    TAG.sequence,
    ...(cookie === null ? [] : [octetString(cookie)]),
    ...(refreshDeletes ? [boolean(true)] : []),
  );
const done = (cookie: string | null, refreshDeletes: boolean): Answer => ({
  cookie: null,
  controls: { [DONE]: doneValue(cookie, refreshDeletes) },
});
const state = (number: number, value: number) => ({
  dn: `cn=p${number},${BASE}`,
  attributes: {},
  controls: {
    [STATE]: tlv(TAG.sequence, integer(value, TAG.enumerated), octetString(bytesOf(uuid(number)))),
  },
});
const idSet = (deleted: boolean, ...numbers: number[]): readonly [string, Buffer] => [
  INFO,
  tlv(
    0xa3,
    ...(deleted ? [boolean(true)] : []),
    tlv(TAG.set, ...numbers.map((number) => octetString(bytesOf(uuid(number))))),
  ),
];
const MARK: Mark = {
  way: "contentSync",
  positions: { [BASE]: Buffer.from("old").toString("base64") },
  comparedAt: "2026-01-01T00:00:00Z",
};

/** Answers the look at the base, and the synchronisation as told. */
function syncing(answer: Answer) {
  return (call: SearchCall): Answer =>
    call.controls.has(SYNC) ? answer : { entries: [person(0)], cookie: null };
}

async function changes(
  answer: Answer,
  rootDse: Readonly<Record<string, Values>> = OPENLDAP,
  limit = 100,
  id?: string,
) {
  return await withAgent(
    syncing(answer),
    rootDse,
    async (session) => {
      try {
        const { touched, gone, present, mark } = await session.changes(MARK, limit, false);
        const seen = present === null ? null : [1, 2, 3, 4].filter((n) => present.has(uuid(n)));
        const cookie = Buffer.from(mark.positions[BASE] ?? "", "base64").toString();
        return { touched: [...touched], gone: [...gone], present: seen, cookie };
      } catch (error) {
        return code(error);
      }
    },
    id === undefined ? {} : { id },
  );
}

test("delete phase: who changed, and who is gone", async () => {
  const answer = {
    entries: [state(1, 1), state(2, 3)],
    intermediate: [idSet(true, 3, 4)],
    ...done("new", true),
  };
  expect(await changes(answer)).toEqual({
    touched: [uuid(1)],
    gone: [uuid(2), uuid(3), uuid(4)],
    present: null,
    cookie: "new",
  });
});

test("present phase: whoever is neither listed nor changed is gone", async () => {
  const answer = {
    entries: [state(1, 1), state(2, 0)],
    intermediate: [idSet(false, 3)],
    ...done("new", false),
  };
  expect(await changes(answer)).toEqual({
    touched: [uuid(1)],
    gone: [],
    present: [1, 2, 3],
    cookie: "new",
  });
});

test("nothing changed and no new cookie: the old one stays", async () => {
  expect(await changes(done(null, true))).toEqual({
    touched: [],
    gone: [],
    present: null,
    cookie: "old",
  });
});

test.each<[string, Answer, string]>([
  [
    "a refresh that lists nobody in a present phase",
    { entries: [state(1, 1)], ...done("new", false) },
    "history_lost",
  ],
  ["an empty present phase", done("new", false), "history_lost"],
  [
    "changes without a cookie to go on from",
    { entries: [state(1, 1)], ...done(null, true) },
    "checkpoint_refused",
  ],
  ["an answer without Sync Done", { cookie: null }, "checkpoint_refused"],
  [
    "entries without Sync State",
    { entries: [person(1)], ...done("new", true) },
    "checkpoint_refused",
  ],
  ["e-syncRefreshRequired", { code: 4096 }, "checkpoint_refused"],
  ["a provider that is behind", { code: 53 }, "checkpoint_refused"],
  ["a critical control that is not known", { code: 12 }, "checkpoint_refused"],
  ["a busy server", { code: 51 }, "ldap.busy"],
  ["a referral", { referral: "ldap://other/", ...done("new", true) }, "ldap.referral"],
  ["a connection that ends", { entries: [state(1, 1)], then: "close" }, "ldap.connectionLost"],
  ["a server that hangs", { entries: [state(1, 1)], then: "hang" }, "ldap.timeout"],
  [
    "bytes that are none",
    { raw: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n") },
    "ldap.protocol",
  ],
])("%s concludes nothing about anybody", async (_, answer, expected) => {
  expect(await changes(answer)).toBe(expected);
});

test("389 never ends a delete phase by name; an empty answer removes nobody", async () => {
  const nothing = { touched: [], gone: [], present: null };
  const mark = { ...done("new", false) };
  expect(await changes(mark, DS389)).toEqual({ ...nothing, cookie: "new" });
});

test("more changes than it pays to look up one by one", async () => {
  const entries = Array.from({ length: 11 }, (_, i) => state(i, 1));
  expect(await changes({ entries, ...done("new", true) }, OPENLDAP, 10)).toBe("too_many_changes");
});

test("a base that cannot be read itself: nobody below it is judged one by one", async () => {
  const script = (): Answer => ({ cookie: null });
  await withAgent(script, OPENLDAP, async (session) => {
    await expect(session.changes(MARK, 10, false).catch(code)).resolves.toBe(
      "agent_unable_to_perform_incremental_import",
    );
  });
});

test("people identified by something else cannot be told by entryUUID", async () => {
  expect(await changes(done("new", true), OPENLDAP, 10, "uid")).toBe("server_changed");
});

// Kindness

test("a read that is given up is abandoned", async () => {
  const controller = new AbortController();
  const script = (): Answer => ({ entries: [person(1)], then: "hang" });
  const others = await withAgent(
    script,
    {},
    async (session, calls, seen) => {
      const reading = everybody(session).catch((error: unknown) => error);
      await expect.poll(() => calls.length).toBe(1);
      controller.abort(new Error("enough"));
      expect(await reading).toMatchObject({ message: "enough" });
      await expect.poll(() => seen).toContain(0x50);
      return seen;
    },
    { signal: controller.signal },
  );
  expect(others).toContain(0x50);
});

test("a rate limit asks for the next page only when it is due, and reads everything", async () => {
  const asked: number[] = [];
  const script = (call: SearchCall): Answer => {
    asked.push(performance.now());
    return {
      entries: [person(2 * call.number), person(2 * call.number + 1)],
      cookie: call.number < 3 ? "next" : "",
    };
  };
  const entries = await withAgent(script, {}, (session) => everybody(session), { rate: 20 });
  expect(entries).toHaveLength(8);
  const pauses = asked.slice(1).map((time, i) => time - (asked[i] ?? 0));
  // Two entries at 20 a second; the timer may be a little early.
  for (const pause of pauses) expect(pause).toBeGreaterThan(90);
});

// Malformed bytes

const VALID: readonly Answer[] = [
  { entries: [person(1), person(2, { jpegPhoto: Buffer.alloc(300, 7) })], cookie: "" },
  { entries: [state(1, 1), state(2, 3)], intermediate: [idSet(true, 3, 4)], ...done("new", true) },
  { entries: [person(3, { "member;range=0-1": ["a", "b"] })], cookie: "" },
  { referral: "ldap://other/", cookie: "" },
];

type Damage = readonly [kind: "flip" | "cut" | "insert" | "remove", at: number, byte: number];

function damage(bytes: Buffer, damages: readonly Damage[]): Buffer {
  let damaged = Buffer.from(bytes);
  for (const [kind, where, byte] of damages) {
    const at = where % Math.max(1, damaged.length);
    const [before, after] = [damaged.subarray(0, at), damaged.subarray(at)];
    if (kind === "flip") damaged[at] = byte;
    else if (kind === "cut") damaged = Buffer.from(before);
    else if (kind === "insert") damaged = Buffer.concat([before, Buffer.from([byte]), after]);
    else damaged = Buffer.concat([before, after.subarray(1)]);
  }
  return damaged;
}

test("damaged answers end in a read that is whole or in an error with a code, never in a hang", async () => {
  const damages = fc.array(
    fc.tuple(
      fc.constantFrom("flip", "cut", "insert", "remove"),
      fc.nat(5000),
      fc.nat(255),
    ) as fc.Arbitrary<Damage>,
    { minLength: 1, maxLength: 4 },
  );
  let current: (id: number) => Answer = () => ({});
  let messageId = 0;
  await using server = await startScriptedLdap((call) => {
    messageId = call.messageId;
    return current(messageId);
  }, OPENLDAP);
  const directory = createDirectory(sourceOf(server.url, { timeout: 5 }));
  const property = fc.asyncProperty(
    fc.constantFrom(...VALID),
    damages,
    fc.boolean(),
    async (answer, list, sync) => {
      current = (id) => ({ raw: damage(encodeAnswer(id, answer), list), then: "close" });
      await using session = await directory.open(new AbortController().signal);
      try {
        if (sync) await session.changes(MARK, 100, false);
        else for (const entry of await everybody(session)) entry.decode();
      } catch (error) {
        expect(error instanceof RollcallError || error instanceof MustReadAll).toBe(true);
        expect(code(error)).not.toBe("internal.error");
      }
    },
  );
  await fc.assert(property, { numRuns: 400, seed: 20261123 });
});
