/** The agent against a scripted server: what no real server does on demand. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { integer, octetString, TAG, tlv } from "../../src/agent/ldap/ber.ts";
import { LdapDirectory } from "../../src/agent/ldap/directory.ts";
import type { LdapSession } from "../../src/agent/ldap/session.ts";
import { RollcallError } from "../../src/model/errors.ts";
import { MustReadAll, type Mark } from "../../src/model/incremental.ts";
import {
  BASE,
  code,
  done,
  everybody,
  idSet,
  MARK,
  OPENLDAP,
  person,
  sourceOf,
  state,
  uuid,
  withAgent,
} from "../support/scripted-agent.ts";
import {
  encodeAnswer,
  startScriptedLdap,
  type Answer,
  type SearchCall,
  type Values,
} from "../support/scripted-ldap.ts";

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

test("whoever leaves a list between two of its pieces takes nobody else along", async () => {
  const values = ["a", "b", "c", "d", "e"];
  let stamp = 1;
  const script = (call: SearchCall): Answer => {
    const isRest = call.attributes.some((name) => name.includes("range=2"));
    if (isRest && stamp === 1) {
      values.splice(0, 1);
      stamp = 2;
    }
    const { entries = [] } = ranged(call, values, "description");
    const stamped = entries.map((one) => ({
      ...one,
      attributes: { ...one.attributes, uSNChanged: String(stamp) },
    }));
    return { entries: stamped };
  };
  await withAgent(script, {}, async (session) => {
    const entries = await everybody(session);
    const first = entries.find((entry) => entry.id === uuid(1));
    expect(first?.decode().profile["description"]).toEqual(["b", "c", "d", "e"]);
  });
});

test.each<[string, (from: number) => string]>([
  ["the rest of a list without a range", (from) => (from === 0 ? "l;range=0-1" : "l")],
  ["a first piece that is none", () => "l;range=2-3"],
])("%s is no list", async (_, nameOf) => {
  const script = (call: SearchCall): Answer => {
    const from = Number(/range=(\d+)/.exec(call.attributes.join())?.[1] ?? 0);
    return { entries: [person(1, { [nameOf(from)]: ["x", "y"] })] };
  };
  await withAgent(script, {}, async (session) => {
    await expect(everybody(session).catch(code)).resolves.toBe("ldap.protocol");
  });
});

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
  const run = async (session: LdapSession): Promise<void> => {
    const groups = [];
    for await (const batch of session.objects.read(null)) groups.push(...batch);
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

test("an entry that moves while its values are read part by part is found by its identifier", async () => {
  const script = (call: SearchCall): Answer => {
    const moved = { ...person(1), dn: `cn=p1,ou=new,${BASE}` };
    const part = { ...moved.attributes, "cn;range=0-0": ["a"] };
    if (call.scope !== 0)
      return { entries: [{ dn: call.number === 0 ? person(1).dn : moved.dn, attributes: part }] };
    return call.base === moved.dn
      ? { entries: [{ ...moved, attributes: { ...moved.attributes, cn: "a" } }] }
      : { code: 32 };
  };
  await withAgent(script, {}, async (session) => {
    const entries = await everybody(session);
    expect(entries.map((entry) => entry.decode())).toMatchObject([
      { dn: `cn=p1,ou=new,${BASE}`, profile: { cn: "a" } },
    ]);
  });
});

test("an entry that is somewhere else whenever it is looked for fails the read", async () => {
  const script = (call: SearchCall): Answer =>
    call.scope === 0 ? { code: 32 } : { entries: [person(1, { "description;range=0-0": ["a"] })] };
  await withAgent(script, {}, async (session) => {
    await expect(everybody(session).catch(code)).resolves.toBe("ldap.busy");
  });
});

test("a server that sends empty pages for ever is left, also where changes are read", async () => {
  const script = (call: SearchCall): Answer =>
    call.scope === 0 ? { entries: [person(0)] } : { cookie: "more" };
  await withAgent(script, {}, async (session) => {
    const { url } = session.parts.connection;
    const positions = { [url]: "2026-01-01T00:00:00Z" };
    const mark: Mark = { way: "timestamp", positions, comparedAt: "" };
    await expect(session.changes.since(mark, 10, false).catch(code)).resolves.toBe("ldap.protocol");
  });
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
    if (call.scope === 0) return { entries: [person(0)] }; // the base
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
  const directory = new LdapDirectory(sourceOf(server.url, { timeout: 5 }));
  const property = fc.asyncProperty(
    fc.constantFrom(...VALID),
    damages,
    fc.boolean(),
    async (answer, list, sync) => {
      current = (id) => ({ raw: damage(encodeAnswer(id, answer), list), then: "close" });
      await using session = await directory.open(new AbortController().signal);
      try {
        if (sync) await session.changes.since(MARK, 100, false);
        else for (const entry of await everybody(session)) entry.decode();
      } catch (error) {
        expect(error instanceof RollcallError || error instanceof MustReadAll).toBe(true);
        expect(code(error)).not.toBe("internal.error");
      }
    },
  );
  await fc.assert(property, { numRuns: 400, seed: 20261123 });
});

test("a server that sends one page for ever is given up", async () => {
  const script = (call: SearchCall): Answer =>
    call.scope === 0 ? { cookie: null } : { entries: [person(1), person(2)], cookie: "again" };
  await withAgent(script, OPENLDAP, async (session) => {
    await expect(everybody(session).catch(code)).resolves.toBe("ldap.protocol");
  });
});

test("an attribute that comes twice has the values of both", async () => {
  const twice = (id: number): Buffer => {
    const one = (name: string, ...values: string[]): Buffer =>
      tlv(0x30, octetString(name), tlv(0x31, ...values.map((value) => octetString(value))));
    const list = [
      one("entryUUID", uuid(1)),
      one("l", "gone"),
      one("l", "here"),
      one("constructor", "P"),
    ];
    const entry = tlv(0x64, octetString(`cn=p1,${BASE}`), tlv(0x30, ...list));
    const result = tlv(0x65, integer(0, TAG.enumerated), octetString(""), octetString(""));
    return Buffer.concat([entry, result].map((operation) => tlv(0x30, integer(id), operation)));
  };
  const script = (call: SearchCall): Answer =>
    call.scope === 0 ? { entries: [person(0)], cookie: null } : { bytes: twice };
  await withAgent(script, OPENLDAP, async (session) => {
    const [entry] = await everybody(session);
    const profile = entry?.decode().profile ?? {};
    expect(profile["l"]).toEqual(["gone", "here"]);
    // What objects have of themselves is no first value.
    expect(Object.entries(profile)).toContainEqual(["constructor", "P"]);
  });
});
