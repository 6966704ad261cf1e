/** The store on both databases: schema, migrations, leases, and what filters of the System Log find. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { uuidV7 } from "../../src/lib/uuid.ts";
import { newAccount } from "../../src/model/account.ts";
import { SYSTEM_ACTOR, type EventDraft } from "../../src/model/event.ts";
import { Secret } from "../../src/model/secret.ts";
import { accountsByExternalIds, accountsOf, saveAccounts } from "../../src/store/accounts.ts";
import { MIGRATIONS } from "../../src/store/migrations/migrate.ts";
import { openStore, transact, type Store } from "../../src/store/database.ts";
import { dropPlan } from "../../src/store/plan.ts";
import {
  acquireLease,
  claimSlot,
  fence,
  releaseLease,
  renewLease,
  type Lease,
} from "../../src/store/leases.ts";
import { parseUserSearch } from "../../src/store/filters/user-filter.ts";
import { ensureSearchIndexes } from "../../src/store/search-indexes.ts";
import { searchUsers, type UserPage } from "../../src/store/user-search.ts";
import { profileSchema } from "../../src/model/profile-schema.ts";
import { parseLogFilter } from "../../src/store/filters/log-filter.ts";
import { appendEvents, queryLog } from "../../src/store/system-log.ts";
import {
  createDatabase,
  DATABASES,
  simplePerson,
  SIMPLE_MAPPINGS,
  Workplace,
  type DatabaseKind,
  type RunDocument,
} from "../support/rollcall.ts";

/** What the migration to apps and those behind it made, undone. */
const BEFORE_APPS = [
  "drop index run_changes_lost",
  "alter table runs drop column thinned",
  "drop table kept_counts",
  ...["users", "app_users", "accounts"].map((table) => `drop trigger ${table}_changed on ${table}`),
  "drop function rollcall_note_change",
  "drop table data_changes",
  "drop table data_changes_forgotten",
  "drop table people_days",
  ...["app_users_former", "users_not_active", "users_not_ascii"].map(
    (name) => `drop index ${name}`,
  ),
  ...["uploads", "sessions", "entries"].map((table) => `drop table identity_source_${table}`),
  "drop table identity_sources",
  "drop table sign_in_links",
  "drop table sessions",
  "drop table directory_pauses",
  "drop index run_changes_regained",
  "drop table api_tokens",
  "drop table started_once",
  "drop table hooks",
  "alter table leases drop column run_id, drop column progress, drop column stop_by",
  "alter table users drop column activated_at, drop column status_changed_at",
  "alter table runs drop column app",
  ...[
    "push_changes",
    "assignments",
    "accounts",
    "tasks",
    "app_states",
    "pushed_groups",
    "pushed_members",
  ].map((table) => `drop table ${table}`),
];

const SCHEMA = new URL("../fixtures/schema.txt", import.meta.url);

describe.each(DATABASES)("store, %s", (kind: DatabaseKind) => {
  let place: Workplace;
  let store: Store;

  beforeEach(async () => {
    place = await Workplace.create(kind);
    store = await open();
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    place.remove();
  });

  /** As a process that starts would. */
  async function open(): Promise<Store> {
    await place.close();
    const url = place.databaseUrl === null ? null : new Secret(place.databaseUrl);
    return openStore({ url, directory: join(place.folder, "data") });
  }

  test("the schema is the one that is checked in", async () => {
    const columns = await sql<{ line: string }>`
      select table_name || '.' || column_name || ' ' || data_type || case is_nullable when 'NO' then ' not null' else '' end as line
      from information_schema.columns where table_schema = 'public' and table_name not similar to '(kysely|citus)%'
      order by table_name, ordinal_position`.execute(store.db);
    const indexes = await sql<{ line: string }>`
      select replace(indexdef, 'public.', '') as line from pg_indexes
      where schemaname = 'public' and tablename not like 'kysely%' order by indexname`.execute(
      store.db,
    );
    const schema = `${[...columns.rows, ...indexes.rows].map((row) => row.line).join("\n")}\n`;
    if (process.env["UPDATE_SCHEMA"] === "1") writeFileSync(SCHEMA, schema);
    expect(schema).toBe(readFileSync(SCHEMA, "utf8"));
  });

  test("a database of before the house knows where plans lie, and calls phases as today", async () => {
    await store[Symbol.asyncDispose]();
    const people = (count: number): string =>
      Array.from({ length: count }, (_, i) => simplePerson(`p${i}`)).join("");
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    path: ${place.file("p.ldif", people(20))}${SIMPLE_MAPPINGS}`,
    );
    await place.run("import", "corp");
    place.file("p.ldif", people(5));
    const held = await place.json<RunDocument>("import", "corp");
    store = await open();
    for (const statement of [
      "alter table runs drop column plan_table",
      ...BEFORE_APPS,
      "alter table app_users drop column removed_at",
      `update runs set phases = replace(phases::text, '"judging"', '"deciding"')::jsonb`,
      `update totals set labels = replace(labels, '"judging"', '"deciding"')`,
      "delete from kysely_migration where name >= '2026-11-28-0005-house'",
    ])
      await sql.raw(statement).execute(store.db);
    await store[Symbol.asyncDispose]();
    store = await open();
    expect(store.migrated.applied).toEqual([
      "2026-11-28-0005-house",
      "2026-11-29-0006-names",
      "2026-11-29-0007-apps",
      "2026-11-29-0008-api",
      "2026-11-30-0009-pauses",
      "2026-11-30-0010-sessions",
      "2026-11-30-0011-identity-sources",
      "2026-11-30-0012-at-a-million",
      "2026-11-30-0013-kept-counts",
      "2026-11-30-0014-lookups",
      "2026-12-01-0015-authenticated",
      "2026-12-01-0016-history",
    ]);
    const words = await sql<{ word: string }>`
      select labels::jsonb->>'phase' as word from totals where name like '%phase%'
      union select p->>'phase' from runs, jsonb_array_elements(phases) p`.execute(store.db);
    expect(words.rows.map(({ word }) => word).toSorted()).toEqual([
      "applying",
      "judging",
      "reading",
    ]);
    await store[Symbol.asyncDispose]();
    const approved = await place.json<RunDocument>("imports", "approve", held.run);
    expect(approved).toMatchObject({ status: "done", counts: { removed: 15 } });
    store = await open();
  });

  test("names of before they were compared by their folded form are folded once", async () => {
    const one = randomUUID();
    for (const statement of [
      `insert into users (id, login, login_key, status, profile, sources, version)
        values ('${one}', 'ΝΙΚΟΣ@x.org', 'νικος@x.org', 'active', '{}', '{}', 1)`,
      `insert into directory_objects values
        ('old', 'g1', 'group', 'cn=ΝΙΚΟΣ', 'cn=νικος', 'ΝΙΚΟΣ', null, '')`,
      `insert into group_members values
        ('old', 'g1', 'dn:cn=νικος'), ('old', 'g1', 'dn:cn=νικοσ'), ('old', 'g1', 'uid:a')`,
      `insert into object_plan (run_id, external_id, members)
        values ('${one}', 'g1', '["dn:cn=νικος", "uid:ä"]')`,
      ...BEFORE_APPS,
      "alter table app_users drop column removed_at",
      "delete from kysely_migration where name >= '2026-11-29-0006-names'",
    ])
      await sql.raw(statement).execute(store.db);
    await store[Symbol.asyncDispose]();
    store = await open();
    const found = await sql<{ key: string }>`
      select login_key as key from users where id = ${one}::uuid
      union all select dn_key from directory_objects where directory = 'old'
      union all select member from group_members where directory = 'old'
      union all select jsonb_array_elements_text(members) from object_plan
        where run_id = ${one}::uuid`.execute(store.db);
    expect(found.rows.map(({ key }) => key).toSorted()).toEqual([
      "cn=νικοσ",
      "dn:cn=νικοσ",
      "dn:cn=νικοσ",
      "uid:a",
      "uid:ä",
      "νικοσ@x.org",
    ]);
    await sql`delete from users where id = ${one}::uuid`.execute(store.db);
    await sql`delete from object_plan where run_id = ${one}::uuid`.execute(store.db);
  });

  test("of two users whose logins are one name since then, each is found by the exact login, and loses access alone", async () => {
    await store[Symbol.asyncDispose]();
    const files = (names: readonly string[]): void => {
      const people = names.map((login, i) =>
        simplePerson(`twin${i}`).replace(
          /^mail: .*$/m,
          `mail:: ${Buffer.from(login).toString("base64")}`,
        ),
      );
      place.configure(
        `directories:\n  corp:\n    type: ldif\n    importSafeguard: off\n    path: ${place.file("p.ldif", people.join(""))}${SIMPLE_MAPPINGS}`,
      );
    };
    files(["fisher@example.org", "other@example.org"]);
    await place.run("import", "corp", "--full");
    store = await open();
    // As it was before: the ligature was another letter.
    await sql`update users set login = 'ﬁsher@example.org', login_key = 'ﬁsher@example.org',
      profile = profile || '{"login": "ﬁsher@example.org"}' where login = 'other@example.org'`.execute(
      store.db,
    );
    await store[Symbol.asyncDispose]();
    const statusOf = async (login: string): Promise<string> =>
      (await place.json<{ status: string }>("users", "show", login)).status;
    expect((await place.run("doctor")).out).toContain("in another spelling");
    expect((await place.run("users", "suspend", "ﬁsher@example.org")).status).toBe(0);
    expect(await statusOf("ﬁsher@example.org")).toBe("suspended");
    expect(await statusOf("fisher@example.org")).toBe("active");
    await place.run("users", "unsuspend", "ﬁsher@example.org");
    files(["fisher@example.org"]);
    await place.run("import", "corp", "--full");
    expect(await statusOf("ﬁsher@example.org")).toBe("deprovisioned");
    expect(await statusOf("fisher@example.org")).toBe("active");
    store = await open();
  });

  test("whose accounts are is looked up one by one, although the planner knows of none", async () => {
    const ids = Array.from({ length: 4000 }, () => randomUUID());
    const accounts = ids.map((id) => newAccount("dx", id, id));
    await transact(store, (trx) => saveAccounts(trx, accounts));
    // So it is in the middle of a first push.
    await sql`analyze accounts`.execute(store.db);
    await sql`update accounts set external_id = 'a-' || user_id, state = 'active'`.execute(
      store.db,
    );
    const few = ids.slice(0, 5);
    const strangers = few.map((id) => `b-${id}`);
    await transact(store, async (trx) => {
      const read = async (): Promise<number> => {
        const { rows } = await sql<{ read: number }>`
          select (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables
          where relname = 'accounts'`.execute(trx);
        return rows[0]?.read ?? 0;
      };
      const before = await read();
      const theirs = await accountsByExternalIds(trx, "dx", [
        ...few.map((id) => `a-${id}`),
        ...strangers,
      ]);
      expect([...theirs.values()].map((one) => one.userId).toSorted()).toEqual(few.toSorted());
      expect((await accountsOf(trx, "dx", few)).size).toBe(5);
      const rows = (await read()) - before;
      expect(rows).toBeGreaterThanOrEqual(10);
      expect(rows).toBeLessThan(50);
    });
  });

  test("pages of users, in every order and by all that has an index, are read from it", async () => {
    await sql`insert into users (id, login, login_key, status, profile, sources, version)
      select ('01900000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'p' || i || '@x.org',
        'p' || i || '@x.org', case when i % 100 = 0 then 'deprovisioned' else 'active' end,
        jsonb_build_object('login', 'p' || i || '@x.org', 'email', 'p' || i || '@x.org', 'firstName',
          'F' || i % 700, 'lastName', 'L' || i % 900, 'department', 'D' || i % 40,
          'employeeNumber', i::text, 'title', 'T' || i % 300), '{"*": "corp"}', 1
      from generate_series(1, 5000) i`.execute(store.db);
    await sql`update users set created_at = now() - login_key_number * interval '1 minute',
      updated_at = now() - login_key_number * interval '1 minute',
      status_changed_at = now() - login_key_number * interval '1 minute'
      from (select id as of, substring(login_key from 2 for position('@' in login_key) - 2)::int
        as login_key_number from users) n where of = id`.execute(store.db);
    const wanted = ["profile.title", "created", "statusChanged"];
    const made = async (paths: string[], former: string[] = []): Promise<void> =>
      await ensureSearchIndexes(store, { paths, former });
    await made(wanted);
    await sql`analyze users`.execute(store.db);
    const schema = profileSchema(new Map());
    const page = { filter: null, exact: false, prefix: null, deprovisioned: true } as const;
    const order = { sortBy: null, descending: false, after: null, limit: 50 } as const;
    const found = (text: string) => ({ ...page, ...order, filter: parseUserSearch(text, schema) });
    const everybody = found("profile.login pr");
    const later = new Date(Date.now() - 600_000).toISOString();
    const early = new Date(Date.now() - 4990 * 60_000).toISOString();
    const pages: Readonly<Record<string, UserPage>> = {
      "by id": { ...page, ...order },
      "by a name's beginning": { ...page, ...order, prefix: "F12" },
      ...Object.fromEntries(
        ["lastName", "title", "employeeNumber"].map((name) => [
          `in order of ${name}`,
          { ...everybody, sortBy: `profile.${name}` },
        ]),
      ),
      "newest changes first": { ...everybody, sortBy: "lastUpdated", descending: true },
      "oldest first": { ...everybody, sortBy: "created" },
      "other statuses first": { ...everybody, sortBy: "statusChanged", descending: true },
      "another status before": found(`statusChanged lt "${early}"`),
      "a title": found('profile.title eq "t17"'),
      "nobody's title": found('profile.title eq "none"'),
      "a title's beginning": found('profile.title sw "T17"'),
      "an address": found('profile.email eq "P17@x.org"'),
      "a status": found('status eq "DEPROVISIONED"'),
      "created since": found(`created gt "${later}"`),
      "changed since": found(`lastUpdated gt "${later}"`),
      "another status since": found(`statusChanged gt "${later}"`),
    };
    const readBy: Record<string, number> = {};
    await store.db.transaction().execute(async (trx) => {
      const read = async (): Promise<number> => {
        const { rows } = await sql<{ read: number }>`
          select (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables
          where relname = 'users'`.execute(trx);
        return rows[0]?.read ?? 0;
      };
      for (const [name, asked] of Object.entries(pages)) {
        const before = await read();
        // Within this transaction, which tells what was read.
        await searchUsers({ db: trx, kind: "embedded" }, schema, asked);
        readBy[name] = (await read()) - before;
      }
    });
    expect(Object.entries(readBy).filter(([, rows]) => rows > 700)).toEqual([]);
    // What is not configured any more goes; what always is there stays.
    const indexes = async (): Promise<number> => {
      const { rows } = await sql<{ n: number }>`select count(*)::int as n from pg_indexes
        where indexname like 'users_search_%'`.execute(store.db);
      return rows[0]?.n ?? 0;
    };
    const all = await indexes();
    await made(["profile.title"], wanted);
    expect(await indexes()).toBe(all - 2);
    // What another replica wants stays.
    await made([]);
    expect(await indexes()).toBe(all - 2);
    await made([], ["profile.title"]);
    expect(await indexes()).toBe(all - 3);
    // Whoever asks for something else meanwhile gets it, and nobody leaves half of one.
    const several = ["profile.city", "profile.title", "activated"];
    await Promise.all([several, [], several].map((one) => made(one)));
    await made(["created"], several);
    expect(await indexes()).toBe(all - 2);
    const { rows } = await sql`select 1 from pg_index i join pg_class c on c.oid = i.indexrelid
      where c.relname like 'users_search_%' and not i.indisvalid`.execute(store.db);
    expect(rows).toEqual([]);
  });

  test("while statements follow each other, timers have their turn", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const slow = sql`select count(*) from generate_series(1, 20000)`;
    const before = performance.now();
    while (performance.now() - before < 500) await slow.execute(store.db);
    await transact(store, async (trx) => {
      const outside = turns;
      expect(outside).toBeGreaterThan(2);
      while (performance.now() - before < 1000) await slow.execute(trx);
      expect(turns - outside).toBeGreaterThan(2);
    });
    clearInterval(timer);
  });

  test("a large plan that is alone gives its disk back, and waits for nobody", async () => {
    const [one, other] = [uuidV7(), uuidV7()];
    const insert = async (run: string, rows: number): Promise<void> => {
      await sql`insert into plan (run_id, step, seq, action, dn, lost, write_user, user_new,
          base_version, claims_login, changes, events, look_again)
        select ${run}::uuid, 0, n, 'created', repeat('x', 500), false, true, true, 0, false, '[]', '[]', false
        from generate_series(1, ${rows}) n`.execute(store.db);
    };
    const pages = async (): Promise<number> => {
      const { rows } = await sql<{ size: string }>`select pg_relation_size('plan') as size`.execute(
        store.db,
      );
      return Number(rows[0]?.size) / 8192;
    };
    const left = async (): Promise<string[]> => {
      const { rows } = await sql<{ run: string }>`select distinct run_id as run from plan`.execute(
        store.db,
      );
      return rows.map((row) => row.run);
    };
    const drop = (run: string): Promise<void> =>
      transact(store, (trx) => dropPlan(trx, "plan", run));
    await insert(one, 20_000);
    await insert(other, 1);
    await drop(one);
    expect(await left()).toEqual([other]);
    expect(await pages()).toBeGreaterThan(100);
    // Whoever is the last gives back what the other one filled.
    await drop(other);
    expect(await pages()).toBe(0);
    await insert(one, 20_000);
    if (kind === "postgres") {
      await transact(store, async (trx) => {
        await sql`select from plan limit 1`.execute(trx);
        await drop(one);
      });
      expect(await left()).toEqual([]);
      expect(await pages()).toBeGreaterThan(100);
      await insert(one, 20_000);
    }
    await drop(one);
    expect(await pages()).toBe(0);
  });

  test("a lease has one holder, passes on when it ended, and fences the one who had it", async () => {
    const first = (await acquireLease(store.db, "directory:corp", "one")) as Lease;
    expect(await acquireLease(store.db, "directory:corp", "two")).toMatchObject({ holder: "one" });
    await renewLease(store.db, first);
    // A paused process: its lease ran out and another took it.
    await sql`update leases set expires_at = clock_timestamp() - interval '1 second'`.execute(
      store.db,
    );
    const second = (await acquireLease(store.db, "directory:corp", "two")) as Lease;
    expect(second.fence).toBe(first.fence + 1);
    await expect(transact(store, (trx) => fence(trx, first))).rejects.toMatchObject({
      code: "run.leaseLost",
    });
    await expect(renewLease(store.db, first)).rejects.toMatchObject({ code: "run.leaseLost" });
    await releaseLease(store.db, first);
    await transact(store, (trx) => fence(trx, second));
    await releaseLease(store.db, second);
    expect(await acquireLease(store.db, "directory:corp", "three")).toMatchObject({
      fence: second.fence + 1,
    });
  });

  test("a slot of the schedule is claimed once", async () => {
    const slot = new Date("2026-11-22T08:00:00Z");
    const claims = await Promise.all([1, 2, 3].map(() => claimSlot(store.db, "corp:full", slot)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await claimSlot(store.db, "corp:full", new Date("2026-11-22T08:15:00Z"))).toBe(true);
  });

  test("filters, words and times of the System Log", async () => {
    const event = (
      eventType: EventDraft["eventType"],
      directory: string,
      reason?: string,
    ): EventDraft => ({
      eventType,
      severity: reason === undefined ? "INFO" : "WARN",
      outcome: {
        result: reason === undefined ? "SUCCESS" : "FAILURE",
        ...(reason === undefined ? {} : { reason }),
      },
      target: [
        { id: directory, type: "AppInstance", alternateId: directory, displayName: directory },
      ],
      debugData: { AppName: directory, note: '50 % "quoted"' },
    });
    const run = uuidV7();
    await appendEvents(store.db, run, SYSTEM_ACTOR, [
      event("system.import.start", "corp"),
      event("system.import.complete", "corp"),
      event("system.import.start", "hr"),
      event("app.user_management.update_from_master_failed", "hr", "invalidLogin: login"),
    ]);
    const query = {
      since: null,
      until: null,
      words: [],
      limit: 10,
      newestFirst: false,
      after: null,
    };
    const count = async (filter: string): Promise<number> =>
      (await queryLog(store.db, { ...query, filter: parseLogFilter(filter) })).length;
    expect(await count('eventType eq "system.import.start"')).toBe(2);
    expect(await count('eventType EQ "system.import.start" and target.id eq "hr"')).toBe(1);
    expect(
      await count(
        'eventType eq "x" or (eventType sw "system." and not debugContext.debugData.AppName eq "hr")',
      ),
    ).toBe(2);
    expect(await count("outcome.reason pr")).toBe(1);
    expect(await count('outcome.reason ne "x"')).toBe(4);
    expect(await count('eventType ew ".start" or eventType co "master"')).toBe(3);
    expect(await count('displayMessage sw "Could not"')).toBe(1);
    expect(
      await count('actor.displayName eq "Rollcall" and debugContext.debugData.note co "50 % \\"q"'),
    ).toBe(4);
    expect(await count(`transaction.id eq "${run}" and severity eq "WARN"`)).toBe(1);
    const byWords = async (...words: string[]): Promise<number> =>
      (await queryLog(store.db, { ...query, filter: null, words })).length;
    expect(await byWords("HR", "import")).toBe(2);
    expect(await byWords("50 %")).toBe(4);
    const now = Date.now();
    const between = async (since: number, until: number): Promise<number> =>
      (
        await queryLog(store.db, {
          ...query,
          filter: null,
          since: new Date(since),
          until: new Date(until),
        })
      ).length;
    expect(await between(now - 60_000, now + 60_000)).toBe(4);
    expect(await between(now + 30_000, now + 60_000)).toBe(0);
    expect(await between(now - 60_000, now - 30_000)).toBe(0);
  });
});

test.each([
  "",
  "eventType eq start",
  "eventType",
  'eventType = "x"',
  '(eventType eq "x"',
  'eventType eq "x" eventType eq "y"',
  'password eq "x"',
  'eventType eq "\\x"',
  "(".repeat(100),
])("a filter that does not parse is refused with its position: %s", (filter) => {
  expect(() => parseLogFilter(filter)).toThrow(/position \d+/);
});

test("ten processes migrate at once, and each migration is done once", async () => {
  const url = new Secret(await createDatabase("template0"));
  const stores = await Promise.all(
    Array.from({ length: 10 }, () => openStore({ url, directory: "" })),
  );
  expect(stores.flatMap((store) => store.migrated.applied)).toHaveLength(
    Object.keys(MIGRATIONS).length,
  );
  for (const store of stores) await store[Symbol.asyncDispose]();
});

test("the embedded database serves one process, and a dead one's lock is taken over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-lock-"));
  const directory = join(folder, "data");
  writeFileSync(`${directory}.lock`, "1"); // process 1 lives
  await expect(openStore({ url: null, directory })).rejects.toMatchObject({
    code: "database.inUse",
    message: expect.stringContaining("DATABASE_URL") as string,
  });
  writeFileSync(`${directory}.lock`, "4194304"); // no process has this number
  const store = await openStore({ url: null, directory });
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test("a database that cannot be reached is told without its password", async () => {
  const url = new Secret("postgres://me:s3cret@127.0.0.1:1/x");
  const failure = openStore({ url, directory: "" });
  await expect(failure).rejects.toMatchObject({ code: "database.unreachable" });
  await expect(failure).rejects.not.toThrow(/s3cret/);
});
