/**
 * The world in which things go wrong: real OpenLDAP servers with an organisation before and after a
 * day's changes, and a Postgres with a database that holds the import of the day before. Every
 * fault gets a copy of it, is put into the import of the day after, and must leave each person as
 * before or as after, never between; the next import must end as if nothing had happened.
 */
import { Client } from "pg";
import { treeLdif } from "../../support/people.ts";
import { startPostgres, type Postgres } from "../../support/postgres.ts";
import { SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../../support/rollcall.ts";
import { startSlapd, type Slapd } from "../../support/slapd.ts";

export const SUFFIX = "dc=example,dc=org";
export const BASE = `ou=people,${SUFFIX}`;
/** May read no more than fifty people at a time. */
export const LIMITED = `cn=limited,${SUFFIX}`;
/** Sees the base, but nobody below it. */
export const BLIND = `cn=blind,${SUFFIX}`;
const PEOPLE = 1500;
const JOINED = 60;

export type Attributes = Readonly<Record<string, string>>;
export interface OnePerson {
  readonly id: string;
  readonly dn: string;
  readonly attributes: Attributes;
}

function personOf(i: number, day: 0 | 1): OnePerson {
  // Two by two, people exchange their logins; one in ten leaves; somebody gets an address that is none.
  const exchanged = i % 10 === 2 ? i + 1 : i % 10 === 3 ? i - 1 : i;
  const title = day === 0 || i % 10 === 1 ? "Engineer" : "Senior";
  const id = `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`;
  return {
    id,
    dn: `uid=p${i},${BASE}`,
    attributes: {
      objectClass: "inetOrgPerson",
      uid: `p${i}`,
      cn: `Person ${i}`,
      givenName: `P${i}`,
      sn: "Test",
      mail: day === 1 && i === 5 ? "p5" : `p${day === 0 ? i : exchanged}@example.org`,
      title,
    },
  };
}

export const isGone = (i: number): boolean => i % 10 === 0;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
export const BEFORE = numbers(PEOPLE).map((i) => personOf(i, 0));
export const AFTER = numbers(PEOPLE + JOINED)
  .filter((i) => i >= PEOPLE || !isGone(i))
  .map((i) => personOf(i, 1));

export function ldifOf(people: readonly OnePerson[]): string {
  const account = (dn: string): string =>
    `dn: ${dn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: ${/cn=(\w+)/.exec(dn)?.[1]}\nuserPassword: secret\n\n`;
  const entries = people.map(({ id, dn, attributes }) => {
    const lines = Object.entries(attributes).map(([name, value]) => `${name}: ${value}`);
    return `dn: ${dn}\n${lines.join("\n")}\nentryUUID: ${id}\n\n`;
  });
  return treeLdif(SUFFIX) + account(LIMITED) + account(BLIND) + entries.join("");
}

const ACCESS = [
  `limits dn.exact="${LIMITED}" size.soft=50 size.hard=50 size.prtotal=50`,
  `access to dn.base="${BASE}" by * read`,
  `access to dn.subtree="${BASE}" by dn.exact="${BLIND}" none by * read`,
  `access to * by * read`,
].join("\n");

export interface Picture {
  /** By external id: whether the person is active, and everything kept of the person as one hash. */
  readonly people: ReadonlyMap<string, { readonly active: boolean; readonly hash: string }>;
}

/** What must never be, counted by SQL: half of something, or something that nobody owns. */
const LEFT_OVERS = `
  select 'app user without user' as what, count(*)::int as n from app_users a
    left join users u on u.id = a.user_id where a.user_id is not null and u.id is null
  union all select 'user without app user', count(*)::int from users u
    left join app_users a on a.user_id = u.id where a.user_id is null
  union all select 'login given up', count(*)::int from users where login_key <> lower(login)
  union all select 'user with two links', count(*)::int from (
    select user_id from app_users where status <> 'removed' group by user_id, directory having count(*) > 1) twice
  union all select 'applied twice', count(*)::int from (
    select user_id, run_id from run_changes where applied and user_id is not null
    group by user_id, run_id having count(*) > 1) again`;

/** What may be there while a run is open, and not after the next one. */
const OPEN = `
  select 'plan' as what, count(*)::int as n from plan
  union all select 'held plan', count(*)::int from held_plan
  union all select 'run', count(*)::int from runs where status in ('running', 'held')`;

export class World implements AsyncDisposable {
  readonly before: Slapd;
  readonly after: Slapd;
  readonly half: Slapd;
  readonly empty: Slapd;
  readonly postgres: Postgres;
  #pictures: { readonly before: Picture; readonly after: Picture } | null = null;
  #count = 0;

  private constructor(servers: readonly [Slapd, Slapd, Slapd, Slapd], postgres: Postgres) {
    [this.before, this.after, this.half, this.empty] = servers;
    this.postgres = postgres;
  }

  static async create(): Promise<World> {
    const start = (people: readonly OnePerson[]): Promise<Slapd> =>
      startSlapd({ ldif: ldifOf(people), database: ACCESS });
    const half = AFTER.filter((_, i) => i % 2 === 0);
    const servers = await Promise.all([start(BEFORE), start(AFTER), start(half), start([])]);
    const world = new World(servers, await startPostgres({ durable: true }));
    await world.prepare(world.postgres);
    const place = world.place();
    const before = await world.picture(place);
    world.configure(place, {});
    const run = await place.json<RunDocument>("import", "corp");
    if (run.status !== "done" || run.counts["failed"] !== 1) throw new Error(JSON.stringify(run));
    world.#pictures = { before, after: await world.picture(place) };
    place.remove();
    return world;
  }

  /** Makes the database that all others are copied from. */
  async prepare(postgres: Postgres): Promise<void> {
    const place = Workplace.at(postgres.createDatabase("day_before"));
    this.configure(place, { url: this.before.url });
    const run = await place.json<RunDocument>("import", "corp", "--full");
    if (run.counts["created"] !== PEOPLE) throw new Error(JSON.stringify(run));
    place.remove();
  }

  /** Rollcall on the evening of the day before. */
  place(postgres = this.postgres): Workplace {
    const name = `fault_${this.#count++}`;
    postgres.psql("postgres", `create database ${name} template day_before`);
    return Workplace.at(postgres.url.replace(/\/postgres$/, `/${name}`));
  }

  drop(place: Workplace, postgres = this.postgres): void {
    const name = /[^/]+$/.exec(place.databaseUrl ?? "")?.[0] ?? "";
    postgres.psql("postgres", `drop database if exists ${name} with (force)`);
    place.remove();
  }

  configure(
    place: Workplace,
    {
      url = this.after.url,
      account = this.after.adminDn,
      password = "secret",
      base = BASE,
      filter = "(objectClass=inetOrgPerson)",
      timeout = 20,
    }: {
      url?: string;
      account?: string;
      password?: string;
      base?: string;
      filter?: string;
      timeout?: number;
    },
    databasePort?: number,
  ): void {
    place.configure(`
directories:
  corp:
    type: ldap
    url: ${url}
    bind: { dn: "${account}", password: ${password} }
    users: { base: "${base}", filter: "${filter}" }
    pageSize: 100
    timeout: ${timeout}
    importSafeguard: { updates: off }
${SIMPLE_MAPPINGS}`);
    if (databasePort !== undefined) place.usePort(databasePort);
  }

  get pictures(): { readonly before: Picture; readonly after: Picture } {
    if (this.#pictures === null) throw new Error("the world is not there yet");
    return this.#pictures;
  }

  async picture(place: Workplace): Promise<Picture> {
    const rows = await query<{ id: string; active: boolean; hash: string }>(
      place,
      `select coalesce(a.external_id, u.login) as id,
         coalesce(a.status = 'active' and u.status = 'active', false) as active,
         md5(concat_ws('|', a.status, a.dn, a.profile, a.error, u.login, u.login_key, u.status, u.status_by,
           u.profile, u.sources)) as hash
       from app_users a full join users u on u.id = a.user_id`,
    );
    return { people: new Map(rows.map(({ id, active, hash }) => [id, { active, hash }])) };
  }

  async leftOvers(place: Workplace): Promise<string[]> {
    const rows = await query<{ what: string; n: number }>(place, LEFT_OVERS);
    return rows.flatMap(({ what, n }) => (n > 0 ? [`${what}: ${n}`] : []));
  }

  async open(place: Workplace): Promise<string[]> {
    const rows = await query<{ what: string; n: number }>(place, OPEN);
    return rows.flatMap(({ what, n }) => (n > 0 ? [`${what}: ${n}`] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { before, after, half, empty, postgres } = this;
    await Promise.all([before, after, half, empty, postgres].map((server) => server.stop()));
  }
}

export async function query<T>(place: Workplace, sql: string): Promise<T[]> {
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}
