/** What a directory does wrong, or an administrator does to it. */
import { integer, octetString, TAG, tlv } from "../../../src/agent/ldap/ber.ts";
import { freePort } from "../../support/process.ts";
import type { Workplace } from "../../support/rollcall.ts";
import {
  startScriptedLdap,
  type Answer,
  type BindAnswer,
  type SearchCall,
} from "../../support/scripted-ldap.ts";
import { notice } from "../../support/windows-ldap.ts";
import { importHere, behindProxy, type Fault, type Outcome } from "./fault.ts";
import { AFTER, BASE, BLIND, LIMITED, type OnePerson, type World } from "./world.ts";

const PAGE = 100;
type Entry = NonNullable<Answer["entries"]>[number];

function entryOf({ dn, id, attributes }: OnePerson): Entry {
  return { dn, attributes: { ...attributes, entryUUID: id } };
}

/** The organisation as a server that answers page by page, right in everything. */
function page(call: SearchCall, people: readonly Entry[] = AFTER.map(entryOf)): Answer {
  if (call.scope === 0)
    return { entries: [{ dn: BASE, attributes: { objectClass: "organizationalUnit" } }] };
  if (!call.attributes.includes("*"))
    return {
      entries: [{ dn: BASE, attributes: { objectClass: "organizationalUnit", entryUUID: "base" } }],
    };
  const from = call.cookie === "" ? 0 : Number(call.cookie);
  const to = from + PAGE;
  return { entries: people.slice(from, to), cookie: to < people.length ? String(to) : "" };
}

/** Which page a search asks for, from 0. */
const pageOf = (call: SearchCall): number => Number(call.cookie || 0) / PAGE;

function scripted(
  script: (call: SearchCall) => Answer,
  { bind, timeout = 1 }: { readonly bind?: BindAnswer; readonly timeout?: number } = {},
): (world: World, place: Workplace) => Promise<Outcome> {
  return async (world, place) => {
    await using server = await startScriptedLdap(script, {}, bind);
    world.configure(place, { url: server.url, timeout });
    return await importHere(place);
  };
}

function onPage(number: number, answer: Answer): (call: SearchCall) => Answer {
  return (call) => (call.scope !== 0 && pageOf(call) === number ? answer : page(call));
}

function configured(
  options: (world: World) => Parameters<World["configure"]>[1],
): (world: World, place: Workplace) => Promise<Outcome> {
  return async (world, place) => {
    world.configure(place, options(world));
    return await importHere(place);
  };
}

const failed = (code: string) => ({ ended: "failed", code });
const HELD = { ended: "held" };
const DONE = { ended: "done" };
const BROKEN_BYTES = Buffer.from("HTTP/1.1 502 Bad Gateway\r\n\r\n".repeat(9));
const EXPIRED =
  "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 701, v4563";

const REFUSED =
  "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 52e, v4563";

const TWIN = AFTER[0]?.id ?? "";
/** Somebody with the identifier of somebody else, before or behind that entry. */
function withTwin(place: "before" | "behind"): (call: SearchCall) => Answer {
  const people = AFTER.map(entryOf);
  const [first] = people;
  const twin = first === undefined ? [] : [{ ...first, dn: `uid=twin,${BASE}` }];
  const all = place === "before" ? [...twin, ...people] : [...people, ...twin];
  return (call) => page(call, all);
}

const OTHER = AFTER[8]?.id ?? "";
/** The organisation with some entries in place of others, by identifier; further ones stand behind. */
function withEntries(
  instead: ReadonlyMap<string, Entry>,
  behind: readonly Entry[] = [],
): (call: SearchCall) => Answer {
  const people = AFTER.map((one) => instead.get(one.id) ?? entryOf(one));
  return (call) => page(call, [...people, ...behind]);
}

/** Somebody's entry with other identifiers; none: it has none that can be seen. */
function renumbered(id: string, ids: readonly string[]): Entry {
  const person = AFTER.find((one) => one.id === id);
  if (person === undefined) throw new Error(`nobody is ${id}`);
  const { dn, attributes } = person;
  return { dn, attributes: ids.length === 0 ? attributes : { ...attributes, entryUUID: ids } };
}

const THIEF: Entry = {
  ...renumbered(TWIN, [TWIN]),
  dn: `uid=thief,${BASE}`,
};

/** A result behind a reference that names no server. */
function referenceToNowhere(id: number): Buffer {
  const result = tlv(0x65, integer(0, TAG.enumerated), octetString(""), octetString(""));
  return Buffer.concat([
    tlv(TAG.sequence, integer(id), tlv(0x73)),
    tlv(TAG.sequence, integer(id), result),
  ]);
}

/** A result with two paging controls, of which the last one says that this was the end. */
function twoCookies(id: number): Buffer {
  const paging = (cookie: string): Buffer =>
    tlv(
      TAG.sequence,
      octetString("1.2.840.113556.1.4.319"),
      octetString(tlv(TAG.sequence, integer(0), octetString(cookie))),
    );
  const result = tlv(0x65, integer(0, TAG.enumerated), octetString(""), octetString(""));
  const controls = tlv(0xa0, paging("500"), paging(""));
  return tlv(TAG.sequence, integer(id), result, controls);
}

const LARGE = AFTER[6]?.id ?? "";
function withPhoto(call: SearchCall): Answer {
  const people = AFTER.map((person): Entry => {
    const entry = entryOf(person);
    if (person.id !== LARGE) return entry;
    return {
      ...entry,
      attributes: { ...entry.attributes, jpegPhoto: Buffer.alloc(20 << 20, 0xff) },
    };
  });
  return page(call, people);
}

export const DIRECTORY_FAULTS: readonly Fault[] = [
  {
    name: "wrong password",
    run: configured(() => ({ password: "wrong" })),
    expected: failed("ldap.credentials"),
  },
  {
    name: "expired account (as AD says it)",
    run: scripted(page, { bind: { code: 49, diagnostic: EXPIRED } }),
    expected: failed("ldap.accountUnusable"),
  },
  {
    name: "refused, with a NUL behind the words (as AD says it)",
    run: scripted(page, { bind: { code: 49, diagnostic: `${REFUSED}\0` } }),
    expected: failed("ldap.credentials"),
  },
  {
    name: "unreachable",
    run: async (world, place) => {
      world.configure(place, { url: `ldap://127.0.0.1:${await freePort()}` });
      return await importHere(place);
    },
    expected: failed("ldap.unreachable"),
  },
  {
    name: "size limit on the first page (slapd)",
    run: configured(() => ({ account: LIMITED })),
    expected: failed("ldap.limitExceeded"),
  },
  {
    name: "size limit on a later page",
    run: scripted(onPage(7, { code: 4 })),
    expected: failed("ldap.limitExceeded"),
  },
  {
    name: "time limit",
    run: scripted(onPage(5, { code: 3 })),
    expected: failed("ldap.limitExceeded"),
  },
  {
    name: "administrative limit",
    run: scripted(onPage(3, { code: 11 })),
    expected: failed("ldap.limitExceeded"),
  },
  { name: "busy", run: scripted(onPage(3, { code: 51 })), expected: failed("ldap.busy") },
  {
    name: "empty page with cookie",
    run: scripted((call) => {
      if (call.scope === 0 || !/^\+?[47]00$/.test(call.cookie)) {
        return page({ ...call, cookie: call.cookie.replace("+", "") });
      }
      return call.cookie.startsWith("+")
        ? page({ ...call, cookie: call.cookie.slice(1) })
        : { cookie: `+${call.cookie}` };
    }),
    expected: DONE,
  },
  {
    name: "cookie refused",
    run: scripted(onPage(2, { code: 53 })),
    expected: failed("ldap.refused"),
  },
  {
    name: "cookie dropped by the server, with a NUL behind its words (as AD says it)",
    run: scripted(onPage(2, { code: 53, diagnostic: "00000057: LdapErr: \ud800 v4563\0" })),
    expected: failed("ldap.busy"),
  },
  {
    name: "notice of disconnection in the middle of a page",
    run: scripted(onPage(3, { bytes: () => notice(52, "the server is shutting down") })),
    expected: failed("ldap.busy"),
  },
  {
    name: "paging control missing on a later page",
    run: scripted(onPage(2, { entries: [], cookie: null })),
    expected: failed("ldap.protocol"),
  },
  {
    name: "two paging controls in one answer",
    run: scripted(onPage(4, { bytes: twoCookies })),
    expected: failed("ldap.protocol"),
  },
  {
    name: "referral only",
    run: scripted((call) => (call.scope === 0 ? page(call) : { code: 10 })),
    expected: failed("ldap.referral"),
  },
  {
    name: "referral among the entries",
    run: scripted(onPage(4, { referral: "ldap://other.example/ou=x", cookie: "500" })),
    expected: failed("ldap.referral"),
  },
  {
    name: "a reference to nowhere, and a good end behind it",
    run: scripted(onPage(4, { bytes: referenceToNowhere })),
    expected: failed("ldap.protocol"),
  },
  {
    name: "base gone",
    run: configured(() => ({ base: `ou=gone,${BASE}` })),
    expected: failed("ldap.baseNotFound"),
  },
  {
    name: "permission lost: success, zero entries, base visible (slapd)",
    run: configured(() => ({ account: BLIND })),
    expected: HELD,
  },
  {
    name: "permission lost: success, zero entries, base invisible",
    run: scripted(() => ({})),
    expected: failed("ldap.baseUnreadable"),
  },
  {
    name: "filter changed: finds nobody",
    run: configured(() => ({ filter: "(objectClass=inetOrgPersn)" })),
    expected: HELD,
  },
  {
    name: "filter changed: finds a part",
    run: configured(() => ({ filter: "(uid=p1*)" })),
    expected: HELD,
  },
  {
    name: "half of the entries gone",
    run: configured(({ half }) => ({ url: half.url })),
    expected: HELD,
  },
  { name: "all gone", run: configured(({ empty }) => ({ url: empty.url })), expected: HELD },
  {
    name: "an identifier twice, the other one before",
    run: scripted(withTwin("before")),
    expected: DONE,
    except: [TWIN],
  },
  {
    name: "an identifier twice, the other one behind",
    run: scripted(withTwin("behind")),
    expected: DONE,
    except: [TWIN],
  },
  {
    name: "an identifier that somebody else has among several",
    run: scripted(withEntries(new Map([[TWIN, renumbered(TWIN, [TWIN, "another"])]]), [THIEF])),
    expected: DONE,
    except: [TWIN],
  },
  {
    name: "a colleague's identifier by mistake",
    run: scripted(withEntries(new Map([[OTHER, renumbered(OTHER, [TWIN])]]))),
    expected: DONE,
    except: [TWIN, OTHER],
  },
  {
    name: "an identifier that cannot be seen any more",
    run: scripted(withEntries(new Map([[OTHER, renumbered(OTHER, [])]]))),
    expected: DONE,
    except: [OTHER],
  },
  {
    name: "entry of 20 MB",
    run: scripted(withPhoto, { timeout: 20 }),
    expected: DONE,
    except: [LARGE],
  },
  {
    name: "garbage instead of the first answer",
    run: scripted((call) => (call.scope === 0 ? page(call) : { raw: BROKEN_BYTES })),
    expected: failed("ldap.protocol"),
  },
  {
    name: "silence on a later page",
    run: scripted(onPage(6, { then: "hang" })),
    expected: failed("ldap.timeout"),
  },
];

/** How many bytes the directory answers in an undisturbed import. */
async function measure(world: World, place: Workplace): Promise<number> {
  const fault = { after: Number.POSITIVE_INFINITY, counting: "answered", then: "pass" } as const;
  return await behindProxy(world.after.port, fault, async (port, passed) => {
    world.configure(place, { url: `ldap://127.0.0.1:${port}` });
    await place.run("import", "corp", "--full", "--dry-run");
    return passed();
  });
}

let answered = 0;

/** Cuts, silence and garbage at a point of the directory's answer, from 0 to 1. */
export function wireFaults(at: number): Fault[] {
  const wire = (then: "cut" | "silence" | "garbage"): Fault["run"] => {
    return async (world, place) => {
      answered ||= await measure(world, place);
      const fault = { after: Math.ceil(answered * at), counting: "answered", then } as const;
      return await behindProxy(world.after.port, fault, async (port) => {
        world.configure(place, { url: `ldap://127.0.0.1:${port}`, timeout: 1 });
        return await importHere(place);
      });
    };
  };
  return [
    { name: "directory cut after n bytes", run: wire("cut"), expected: null },
    { name: "directory slow to a stop", run: wire("silence"), expected: null },
    { name: "garbage bytes from the directory", run: wire("garbage"), expected: null },
    {
      name: "directory killed (kill -9 of slapd)",
      expected: null,
      run: async (world, place) => {
        answered ||= await measure(world, place);
        const killing: Promise<void>[] = [];
        const fault = {
          after: Math.ceil(answered * at),
          counting: "answered",
          then: "pass",
          onLimit: () => killing.push(world.after.kill()),
        } as const;
        const outcome = await behindProxy(world.after.port, fault, async (port) => {
          world.configure(place, { url: `ldap://127.0.0.1:${port}`, timeout: 5 });
          return await importHere(place);
        });
        await Promise.all(killing);
        if (killing.length > 0) await world.after.start();
        return outcome;
      },
    },
  ];
}
