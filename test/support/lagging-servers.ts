/**
 * A history of people, and servers that replicate it, each as far as it has come and with numbers
 * of its own. They answer in every way of reading changes as the real ones do: Active Directory
 * (uSNChanged, DirSync), OpenLDAP (content synchronisation with a log of deletions that a restart
 * forgets), 389 (the retro changelog), and any (modification times).
 */
import { integer, octetString, TAG, tlv, BerCursor } from "../../src/agent/ldap/ber.ts";
import { bytesOf, done, idSet, state, SYNC, uuid } from "./scripted-agent.ts";
import {
  startScriptedLdap,
  type Answer,
  type ScriptedServer,
  type SearchCall,
  type Values,
} from "./scripted-ldap.ts";
import { ROOT_DSE as WINDOWS } from "./windows-ldap.ts";

export const SUFFIX = "dc=example,dc=org";
export const PEOPLE = `ou=people,${SUFFIX}`;
const DIR_SYNC = "1.2.840.113556.1.4.841";
const SHOW_RECYCLED = "1.2.840.113556.1.4.2064";
const SETTINGS = `CN=NTDS Settings,${SUFFIX}`;
/** Seconds since 1970 of the first change. */
const BEGIN = 1_780_000_000;

export type Flavour = "usn" | "dirSync" | "contentSync" | "changelog" | "timestamp";

/** What there is to know of a person. */
export interface Person {
  readonly dn: string;
  readonly title: string;
  readonly employeeType: "staff" | "guest";
}

interface Change {
  readonly id: number;
  /** Null: the person was deleted. */
  readonly person: Person | null;
  /** Seconds since 1970. */
  readonly at: number;
}

/** All that ever happened, in order; servers have a beginning of it. */
export class History {
  readonly changes: Change[] = [];
  #now = BEGIN;

  /** @param pause seconds since the change before */
  change(id: number, person: Person | null, pause: number): void {
    this.#now += pause;
    this.changes.push({ id, person, at: this.#now });
  }
}

interface Held {
  readonly person: Person | null;
  /** The server's own number of the last change. */
  readonly number: number;
  /** How many changes of the history came before it. */
  readonly index: number;
  readonly at: number;
}

interface Kept {
  readonly entries: ReadonlyMap<number, Held>;
  readonly applied: number;
  readonly number: number;
}

/** A server that has come so far. */
export class LaggingServer {
  readonly #history: History;
  readonly #flavour: Flavour;
  readonly #name: number;
  #entries = new Map<number, Held>();
  #applied = 0;
  #number: number;
  /** From where on the log of deletions goes. */
  #logged = 0;
  isAway = false;
  #server: ScriptedServer | null = null;

  constructor(history: History, flavour: Flavour, name: number) {
    this.#history = history;
    this.#flavour = flavour;
    this.#name = name;
    this.#number = 1000 * name;
  }

  async start(): Promise<void> {
    const habits = { isAway: () => this.isAway };
    const rootDse = this.#rootDse();
    this.#server = await startScriptedLdap(
      (call) => this.#answer(call),
      rootDse,
      undefined,
      habits,
    );
  }

  get url(): string {
    return this.#server?.url ?? "";
  }

  async stop(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  /** Takes over some more of the history. */
  replicate(changes: number): void {
    for (const { id, person, at } of this.#history.changes.slice(
      this.#applied,
      this.#applied + changes,
    )) {
      const held = { person, number: ++this.#number, index: this.#applied++, at };
      this.#entries.set(id, held);
      // What other things there are count, too.
      this.#number += id % 3;
    }
  }

  snapshot(): Kept {
    return { entries: new Map(this.#entries), applied: this.#applied, number: this.#number };
  }

  /** As somebody sets a virtual machine back. */
  setBack({ entries, applied, number }: Kept): void {
    this.#entries = new Map(entries);
    this.#applied = applied;
    this.#number = number;
    this.#logged = applied;
  }

  /** Restarts: OpenLDAP forgets who was deleted. */
  forget(): void {
    this.#logged = this.#applied;
  }

  /** Whoever fits the filter of the tests, by identifier. */
  staff(): Map<string, Person> {
    const found = new Map<string, Person>();
    for (const [id, { person }] of this.#entries)
      if (person?.employeeType === "staff") found.set(uuid(id), person);
    return found;
  }

  /** Read anew at each question: getters, as numbers go on. */
  #rootDse(): Readonly<Record<string, Values>> {
    const number = (): string => String(this.#number);
    switch (this.#flavour) {
      case "usn":
      case "dirSync": {
        const without = this.#flavour === "usn" ? [DIR_SYNC] : [];
        const controls = WINDOWS["supportedControl"] as readonly string[];
        return {
          ...WINDOWS,
          dsServiceName: SETTINGS,
          namingContexts: [SUFFIX],
          supportedControl: controls.filter((oid) => !without.includes(oid)),
          get highestCommittedUSN() {
            return number();
          },
        };
      }
      case "contentSync":
        return { supportedControl: [SYNC], namingContexts: [SUFFIX] };
      case "changelog":
        return {
          objectClass: "top",
          vendorName: "389 Project",
          supportedControl: [],
          namingContexts: [SUFFIX],
          changelog: "cn=changelog",
          firstChangeNumber: "1",
          get lastChangeNumber() {
            return number();
          },
        };
      case "timestamp":
        return { supportedControl: [], namingContexts: [SUFFIX] };
    }
  }

  #answer(call: SearchCall): Answer {
    const sync = call.controls.get(SYNC);
    if (sync !== undefined) return this.#sync(call, sync);
    const dirSync = call.controls.get(DIR_SYNC);
    if (dirSync !== undefined) return this.#dirSync(call, dirSync);
    if (call.base === SETTINGS) {
      const attributes = { invocationId: Buffer.alloc(16, this.#name) };
      return { entries: [{ dn: SETTINGS, attributes }], cookie: null };
    }
    if (call.base === "cn=changelog") return { entries: this.#records(call), cookie: null };
    if (call.scope === 0) return { entries: [CONTAINER], cookie: null };
    const withDeleted = call.controls.has(SHOW_RECYCLED);
    const people = [...this.#entries].flatMap(([id, held]) =>
      held.person === null && !withDeleted ? [] : [this.#entry(id, held)],
    );
    const found = [CONTAINER, ...people].filter(({ attributes }) => finds(call, attributes));
    return { entries: found, cookie: null };
  }

  #entry(id: number, { person, number, index, at }: Held) {
    const ad = this.#flavour === "usn" || this.#flavour === "dirSync";
    const time = new Date(at * 1000).toISOString().replaceAll(/\D/g, "").slice(0, 14);
    const stamps = ad
      ? { uSNChanged: String(number), whenChanged: `${time}.0Z` }
      : {
          modifyTimestamp: `${time}Z`,
          entryCSN: `${time}.${String(index).padStart(6, "0")}Z#000000#000#000000`,
        };
    const ids = ad ? { objectGUID: guidBytes(id) } : { entryUUID: uuid(id), nsUniqueId: uuid(id) };
    const common = { ...ids, ...stamps, objectClass: ["top", "person", "user"] };
    if (person === null)
      return {
        dn: `cn=${uuid(id)},cn=deleted,${SUFFIX}`,
        attributes: { ...common, isDeleted: "TRUE" },
      };
    const { dn, title, employeeType } = person;
    const names = { givenName: "Given", sn: `Family${id}`, mail: `p${id}@example.org` };
    return { dn, attributes: { ...common, ...names, title, employeeType } };
  }

  #changedSince(index: number): [number, Held][] {
    return [...this.#entries].filter(([, held]) => held.index >= index);
  }

  #sync({ scope }: SearchCall, control: Buffer): Answer {
    const cursor = new BerCursor(control).enter(TAG.sequence);
    cursor.integer(TAG.enumerated);
    const cookie = cursor.peek() === TAG.octetString ? Number(cursor.octets().toString()) : null;
    const now = String(this.#applied);
    if (scope === 0 || cookie === null) return { entries: [state(0, 1)], ...done(now, true) };
    if (cookie > this.#applied) return { code: 53, diagnostic: "consumer state is newer" };
    if (cookie === this.#applied) return done(null, true);
    const changed = this.#changedSince(cookie);
    const alive = changed.filter(([, { person }]) => person !== null).map(([id]) => id);
    const entries = alive.map((id) => state(id, 1));
    if (cookie >= this.#logged) {
      const gone = changed.filter(([, { person }]) => person === null).map(([id]) => id);
      const intermediate = gone.length === 0 ? [] : [idSet(true, ...gone)];
      return { entries, intermediate, ...done(now, true) };
    }
    const there = [...this.#entries].flatMap(([id, { person }]) =>
      person === null || alive.includes(id) ? [] : [id],
    );
    return { entries, intermediate: [idSet(false, 0, ...there)], ...done(now, false) };
  }

  #dirSync({ finds: fits }: SearchCall, control: Buffer): Answer {
    const cursor = new BerCursor(control).enter(TAG.sequence);
    cursor.take(TAG.integer);
    cursor.take(TAG.integer);
    const since = Number(cursor.octets().toString() || "0");
    const entries = this.#changedSince(since)
      .map(([id, held]) => this.#entry(id, held))
      .filter(({ attributes }) => fits((name) => valuesOf(attributes, name)));
    const value = tlv(TAG.sequence, integer(0), integer(0), octetString(String(this.#applied)));
    return { entries, cookie: null, controls: { [DIR_SYNC]: value } };
  }

  #records(call: SearchCall) {
    const numbers = new Map([...this.#entries].map(([id, held]) => [held.number, { id, held }]));
    const records = Array.from({ length: this.#number }, (_, i) => {
      const found = numbers.get(i + 1);
      const { person = null, at = 0 } = found?.held ?? {};
      const attributes: Record<string, string> = {
        changeNumber: String(i + 1),
        changeTime: String(at),
        changeType: found !== undefined && person === null ? "delete" : "modify",
        targetDn: found === undefined ? `cn=other,${SUFFIX}` : (person?.dn ?? `cn=x,${PEOPLE}`),
        targetUniqueId: uuid(found?.id ?? 0),
      };
      return { dn: `changenumber=${i + 1},cn=changelog`, attributes };
    });
    return records.filter(({ attributes }) => finds(call, attributes));
  }
}

const CONTAINER = {
  dn: PEOPLE,
  attributes: {
    objectClass: "organizationalUnit",
    entryUUID: uuid(0),
    nsUniqueId: uuid(0),
    objectGUID: guidBytes(0),
  },
};

/** As Active Directory sends an identifier that is written like `uuid`. */
function guidBytes(id: number): Buffer {
  const bytes = bytesOf(uuid(id));
  const turned = (from: number, to: number): Uint8Array => bytes.subarray(from, to).toReversed();
  return Buffer.concat([turned(0, 4), turned(4, 6), turned(6, 8), bytes.subarray(8)]);
}

function finds(call: SearchCall, attributes: Readonly<Record<string, Values>>): boolean {
  return call.finds((name) => valuesOf(attributes, name));
}

function valuesOf(attributes: Readonly<Record<string, Values>>, name: string): Buffer[] {
  const key = Object.keys(attributes).find((one) => one.toLowerCase() === name.toLowerCase());
  const values = key === undefined ? [] : [attributes[key] ?? []].flat();
  return values.map((value) => Buffer.from(value as string));
}
