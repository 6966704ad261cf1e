/** What is told of runs is deleted by their age, in batches, and what is needed stays. */
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { uuidV7 } from "../../src/lib/uuid.ts";
import { Secret } from "../../src/model/secret.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { thinHistory } from "../../src/store/retention.ts";
import { DATABASES, Workplace } from "../support/rollcall.ts";

const DAY = 86_400_000;
const KEEP = { undoDays: 30, runDays: 365 };

describe.each(DATABASES)("on %s", (kind) => {
  let place: Workplace;
  let store: Store;
  beforeEach(async () => {
    place = await Workplace.create(kind);
    const { databaseUrl } = place;
    const url = databaseUrl === null ? null : new Secret(databaseUrl);
    store = await openStore({ url, directory: join(place.folder, "data") });
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    place.remove();
  });

  interface Past {
    /** How many days ago it began, and ended. */
    readonly days: number;
    readonly ended?: number;
    readonly status?: string;
    readonly dry?: boolean;
    readonly rows?: number;
  }

  /** A run of then, with people in its history and images of them. @returns its identifier */
  async function run({ days, ended = days, status = "done", dry = false, rows = 1 }: Past) {
    const id = uuidV7(Date.now() - days * DAY);
    await sql`insert into runs (id, kind, directory, type, trigger, actor, dry_run, status, phase,
        counts, phases, fingerprint, plan_size, scope, started_at, finished_at)
      values (${id}, 'import', 'corp', 'full', 'manual', '{}', ${dry}, ${status}, 'applying', '{}', '[]',
        '', 0, '', now(), now() - ${ended} * interval '1 day')`.execute(store.db);
    await sql`insert into run_changes (run_id, seq, action, dn, changes, applied, lost)
      select ${id}::uuid, n, 'updated', '', '[]', true, false from generate_series(1, ${rows}) n`.execute(
      store.db,
    );
    await sql`insert into run_undo (run_id, seq)
      select ${id}::uuid, n from generate_series(1, ${rows}) n`.execute(store.db);
    return id;
  }

  /** Which of the runs a table has something of. */
  async function told(table: string, column = "run_id"): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      select distinct ${sql.ref(column)}::text as id from ${sql.table(table)} order by 1`.execute(
      store.db,
    );
    return rows.map((row) => row.id);
  }

  test("images go by the age of the end, and those of a held run stay", async () => {
    const long = await run({ days: 90, ended: 20 });
    const held = await run({ days: 80, status: "held" });
    const old = await run({ days: 40 });
    const recent = await run({ days: 10 });
    expect(await thinHistory(store, KEEP, 20)).toBe(1);
    expect(await told("run_undo")).toEqual([long, held, recent]);
    expect(await told("run_changes")).toEqual([long, held, old, recent]);
  });

  test("whom dry and cancelled runs concerned goes after a month, and is not looked for again", async () => {
    const dry = await run({ days: 40, dry: true });
    const cancelled = await run({ days: 39, status: "cancelled" });
    const done = await run({ days: 38 });
    await thinHistory(store, KEEP, 20);
    expect(await told("run_changes")).toEqual([done]);
    const { rows } = await sql<{ id: string }>`
      select id from runs where thinned order by id`.execute(store.db);
    expect(rows.map((row) => row.id)).toEqual([dry, cancelled]);
    expect(await thinHistory(store, KEEP, 20)).toBe(0);
  });

  test("of a dry run with many people, and of many dry runs, the rest goes the next time", async () => {
    await run({ days: 40, dry: true, rows: 6000 });
    for (let i = 0; i < 3; i++) await thinHistory(store, { ...KEEP, undoDays: 100 }, 1);
    expect(await told("run_changes")).toEqual([]);
    await sql`insert into runs (id, kind, directory, type, trigger, actor, dry_run, status, phase,
        counts, phases, fingerprint, plan_size, scope, started_at, finished_at)
      select rollcall_uuid_v7(), 'import', 'corp', 'full', 'manual', '{}', false, 'done', 'applying', '{}',
        '[]', '', 0, '', now(), now() - interval '400 days' from generate_series(1, 1200)`.execute(
      store.db,
    );
    await sql`update runs set id = overlay(id::text placing '0100' from 1 for 4)::uuid
      where finished_at < now() - interval '399 days'`.execute(store.db);
    expect(await thinHistory(store, KEEP, 20)).toBe(1200 + 6000);
    expect(await told("runs", "id")).toHaveLength(1);
  });

  test("runs go with all that is told of them, but for the one that the next import goes on from", async () => {
    const needed = await run({ days: 500 });
    const gone = await run({ days: 400 });
    const stays = await run({ days: 300 });
    await sql`insert into checkpoints (directory, run_id, fingerprint, entries, full_at, scope)
      values ('elsewhere', ${needed}, '', 1, now(), '')`.execute(store.db);
    await sql`insert into push_changes (run_id, seq, step, action, changes, applied, lost)
      values (${gone}, 0, 0, 'created', '[]', true, false)`.execute(store.db);
    await thinHistory(store, KEEP, 20);
    expect(await told("runs", "id")).toEqual([needed, stays]);
    expect(await told("run_changes")).toEqual([needed, stays]);
    expect(await told("push_changes")).toEqual([]);
  });

  test("what is more than a few batches goes the next times, and the run last", async () => {
    const large = await run({ days: 400, rows: 6000 });
    expect(await thinHistory(store, KEEP, 1)).toBe(11_000);
    expect(await told("runs", "id")).toEqual([large]);
    expect(await thinHistory(store, KEEP, 1)).toBe(1001);
    expect(await told("runs", "id")).toEqual([]);
    expect(await told("run_changes")).toEqual([]);
    expect(await told("run_undo")).toEqual([]);
  });
});
