/**
 * A long series of changes on two servers that lag behind, go away, are restarted and set back, read
 * in every way: after each import the store is as the server that answered. LAG_IMPORTS and LAG_SEED
 * for a longer search.
 */
import { Client } from "pg";
import { expect, test } from "vitest";
import {
  History,
  LaggingServer,
  PEOPLE,
  type Flavour,
  type Person,
} from "../support/lagging-servers.ts";
import { seeded } from "../support/people.ts";
import { Workplace } from "../support/rollcall.ts";
import type { ReadDocument } from "./conformance.ts";

const IMPORTS = Number(process.env["LAG_IMPORTS"] ?? 30);
const SEED = Number(process.env["LAG_SEED"] ?? 11);
const PEOPLE_AT_FIRST = 30;

function configure(place: Workplace, flavour: Flavour, urls: readonly string[]): void {
  const ad = flavour === "usn" || flavour === "dirSync";
  place.configure(`importSafeguard: off
directories:
  corp:
    type: ${ad ? "active-directory" : "ldap"}
    url: [${urls.join(", ")}]
    users: { base: "${PEOPLE}", filter: "(employeeType=staff)"${ad ? ", disabled: { attribute: none }" : ""} }
    incremental: { way: ${flavour}, compare: 0, overlap: 0 }
    importSafeguard: off
    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn, title: appuser.title }
`);
}

/** One change of anybody, or somebody new. */
class Changes {
  readonly #history: History;
  readonly #random: () => number;
  readonly #people = new Map<number, Person>();
  #next = 1;

  constructor(history: History, random: () => number) {
    this.#history = history;
    this.#random = random;
  }

  create(): void {
    const id = this.#next++;
    this.#write(id, { dn: `uid=p${id},${PEOPLE}`, title: "Clerk", employeeType: "staff" });
  }

  one(): void {
    const below = (n: number): number => Math.floor(this.#random() * n);
    const ids = [...this.#people.keys()];
    const id = ids[below(ids.length)];
    const person = id === undefined ? undefined : this.#people.get(id);
    const what = below(10);
    if (id === undefined || person === undefined || what < 2) return this.create();
    if (what < 4) return this.#write(id, null);
    if (what < 5) return this.#write(id, { ...person, dn: `uid=r${below(1e6)},${PEOPLE}` });
    if (what < 7) {
      const employeeType = person.employeeType === "staff" ? "guest" : "staff";
      return this.#write(id, { ...person, employeeType });
    }
    this.#write(id, { ...person, title: `Title ${below(1e6)}` });
  }

  #write(id: number, person: Person | null): void {
    if (person === null) this.#people.delete(id);
    else this.#people.set(id, person);
    this.#history.change(id, person, 1 + Math.floor(this.#random() * 30));
  }
}

async function stored(place: Workplace): Promise<Map<string, Person>> {
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  const { rows } = await client.query<{ id: string; dn: string; title: string; status: string }>(
    `select a.external_id as id, a.dn, u.profile->>'title' as title, u.status from app_users a
     join users u on u.id = a.user_id where a.status <> 'removed'`,
  );
  const others = await client.query(
    `select login from users u where status = 'active' and not exists
     (select 1 from app_users a where a.user_id = u.id and a.status <> 'removed')`,
  );
  await client.end();
  expect(others.rows, "active without an entry").toEqual([]);
  for (const { status } of rows) expect(status).toBe("active");
  return new Map(rows.map(({ id, dn, title }) => [id, { dn, title, employeeType: "staff" }]));
}

/** Two servers, and what happens to them between two imports. */
class Trouble {
  readonly servers: readonly [LaggingServer, LaggingServer];
  readonly #below: (n: number) => number;
  #kept: readonly ReturnType<LaggingServer["snapshot"]>[];
  /** The last things that happened, for whoever reads a failure. */
  readonly told: string[] = [];

  constructor(servers: readonly [LaggingServer, LaggingServer], below: (n: number) => number) {
    this.servers = servers;
    this.#below = below;
    this.#kept = servers.map((server) => server.snapshot());
  }

  next(): void {
    const below = this.#below;
    for (const server of this.servers) {
      // Some lag behind, by some changes or by all.
      server.replicate(below(3) === 0 ? below(4) : 1000);
      server.isAway = false;
    }
    if (below(8) === 0) this.#kept = this.servers.map((server) => server.snapshot());
    const at = below(2) === 0 ? 0 : 1;
    const kept = this.#kept[at];
    if (below(10) === 0 && kept !== undefined) {
      this.servers[at].setBack(kept);
      this.told.push(`server ${at} was set back`);
      if (below(2) === 0) this.servers[at].replicate(below(6));
    }
    if (below(8) === 0) this.servers[at].forget();
    if (below(3) === 0) this.servers[below(2) === 0 ? 0 : 1].isAway = true;
  }
}

const HOW = [[], [], ["--incremental"], ["--incremental"], ["--full"]];

test.each<Flavour>(["usn", "dirSync", "contentSync", "changelog", "timestamp"])(
  "the store is as the server that answered, whatever became of it and of the other one: %s",
  { timeout: 300_000 },
  async (flavour) => {
    const random = seeded(SEED);
    const below = (n: number): number => Math.floor(random() * n);
    const history = new History();
    const changes = new Changes(history, random);
    const [one, other] = [1, 2].map((name) => new LaggingServer(history, flavour, name));
    if (one === undefined || other === undefined) throw new Error("two servers");
    for (let i = 0; i < PEOPLE_AT_FIRST; i++) changes.create();
    for (const server of [one, other]) server.replicate(PEOPLE_AT_FIRST);
    const trouble = new Trouble([one, other], below);
    for (const server of trouble.servers) await server.start();
    const place = await Workplace.create("postgres");
    configure(place, flavour, [one.url, other.url]);
    let incremental = 0;
    for (let round = 0; round < IMPORTS; round++) {
      for (let i = round === 0 ? 0 : below(12); i > 0; i--) changes.one();
      trouble.next();
      const run = await place.json<ReadDocument>("import", "corp", ...(HOW[below(5)] ?? []));
      trouble.told.push(`${run.type} (${run.converted?.code ?? "as asked"}) by ${run.server}`);
      const told = `seed ${SEED}, import ${round}:\n${trouble.told.slice(-6).join("\n")}`;
      expect(run, told).toMatchObject({ status: "done", error: null });
      const answered = trouble.servers.find(({ url }) => run.server?.endsWith(url) === true);
      expect(await stored(place), told).toEqual(answered?.staff());
      if (run.type === "incremental") incremental++;
    }
    // Not by reading everybody each time.
    expect(incremental).toBeGreaterThan(IMPORTS / 6);
    place.remove();
    for (const server of trouble.servers) await server.stop();
  },
);
