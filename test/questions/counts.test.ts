/** Counts of everybody, where they take long: kept, told again, and made anew when something changed. */
import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { compileSettings } from "../../src/engine/compile-settings.ts";
import { Counts } from "../../src/engine/counts.ts";
import { engineOf } from "../../src/engine/open.ts";
import { Secret } from "../../src/model/secret.ts";
import { examine } from "../../src/questions/doctor.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { thinChanges } from "../../src/store/kept-counts.ts";
import { simplePerson, SIMPLE_MAPPINGS, Workplace } from "../support/rollcall.ts";

/** Until nobody else's transaction is older. */
const PATIENCE = { timeout: 60_000 };

let place: Workplace;
let store: Store;
/** How often somebody counted. */
let counted: number;

beforeEach(async () => {
  counted = 0;
  place = await Workplace.create("postgres");
  place.file("p.ldif", simplePerson("ada"));
  const path = `${place.folder}/p.ldif`;
  place.configure(`directories:\n  corp:\n    type: ldif\n    path: ${path}${SIMPLE_MAPPINGS}`);
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  store = await openStore({ url: new Secret(place.databaseUrl ?? ""), directory: "" });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  place.remove();
});

/** Counts for longer than is worth waiting for, as the test's processes see it. */
async function slowly(): Promise<number> {
  await sleep(20);
  return ++counted;
}

/** What a process has of them: one that ends with its answer, or one that lasts. */
const ending = (): Counts => new Counts(store.db, false, 10);
const lasting = (): Counts => new Counts(store.db, true, 10);

async function kept(): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from kept_counts`.execute(
    store.db,
  );
  return rows[0]?.n ?? 0;
}

/** An import that changes somebody. */
async function somebodyComes(): Promise<void> {
  place.file("p.ldif", simplePerson("ada") + simplePerson(`new${Date.now()}`));
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
}

test("what is counted in no time is counted whenever somebody asks", async () => {
  const counts = new Counts(store.db, true, 60_000);
  expect(await counts.of("a", slowly)).toEqual({ value: 1, since: null });
  expect(await counts.of("a", slowly)).toEqual({ value: 2, since: null });
  expect(await kept()).toBe(0);
});

test("what takes long is told again by every process, as long as nothing changed", async () => {
  expect(await ending().of("a", slowly)).toEqual({ value: 1, since: null });
  expect(await ending().of("a", slowly)).toEqual({ value: 1, since: null });
  expect(await lasting().of("a", slowly)).toEqual({ value: 1, since: null });
  expect(await ending().of("another", slowly)).toEqual({ value: 2, since: null });
  // Neither a dry run nor an import that finds nothing new changes anything.
  expect(await place.run("force-sync", "corp", "--dry-run")).toMatchObject({ status: 0 });
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  expect(await ending().of("a", slowly)).toEqual({ value: 1, since: null });
});

test("several who ask at once are answered by one count", async () => {
  const counts = ending();
  const answers = await Promise.all(["a", "a", "a"].map((name) => counts.of(name, slowly)));
  expect(answers.map(({ value }) => value)).toEqual([1, 1, 1]);
});

test("when something changed, a command counts, and a process that lasts tells what it has, and since when", async () => {
  await ending().of("a", slowly);
  await somebodyComes();
  const counts = lasting();
  expect(await counts.of("a", slowly)).toMatchObject({ value: 1, since: expect.any(Date) });
  // It is counted anew meanwhile.
  await expect.poll(async () => await counts.of("a", slowly)).toEqual({ value: 2, since: null });
  await somebodyComes();
  expect(await ending().of("a", slowly)).toEqual({ value: 3, since: null });
});

test.each([
  ["an edit by hand", `update users set version = version + 1`],
  ["a deletion behind everybody's back", `delete from app_users`],
  ["what becomes of an account", "delete from accounts"],
])("%s is a change, whoever made it", async (_title, statement) => {
  await ending().of("a", slowly);
  await sql.raw(statement).execute(store.db);
  expect(await ending().of("a", slowly)).toEqual({ value: 2, since: null });
});

test("a change that was not committed yet when it was counted is one afterwards", async () => {
  await store.db.transaction().execute(async (trx) => {
    await sql`update users set version = version + 1`.execute(trx);
    await ending().of("a", slowly);
    expect(await ending().of("a", slowly)).toEqual({ value: 1, since: null });
  });
  expect(await ending().of("a", slowly)).toEqual({ value: 2, since: null });
});

test("whoever must know it exactly is not answered by a count that was begun before a change", async () => {
  const counts = lasting();
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = counts.of("a", async () => {
    await promise;
    return "of before";
  });
  await sleep(50);
  await sql`update users set version = version + 1`.execute(store.db);
  expect(await counts.of("a", slowly, true)).toEqual({ value: 1, since: null });
  resolve();
  expect(await before).toEqual({ value: "of before", since: null });
});

test("behind everybody's back, one is counted behind the other, and between them it rests", async () => {
  const names = ["a", "b", "c", "d"];
  for (const name of names) await ending().of(name, slowly);
  await sql`update users set version = version + 1`.execute(store.db);
  const counts = lasting();
  let [atOnce, most] = [0, 0];
  const counting = async (): Promise<number> => {
    most = Math.max(most, ++atOnce);
    const count = await slowly();
    atOnce--;
    return count;
  };
  for (const name of names) await counts.of(name, counting);
  await expect.poll(() => counted, { timeout: 20_000 }).toBe(8);
  expect(most).toBe(1);
});

test("behind everybody's back, nothing is counted that somebody else has counted meanwhile", async () => {
  for (const name of ["a", "b", "c"]) await ending().of(name, slowly);
  await sql`update users set version = version + 1`.execute(store.db);
  const counts = lasting();
  const { promise, resolve } = Promise.withResolvers<void>();
  const order: string[] = [];
  const noting = (name: string) => async (): Promise<number> => {
    if (name === "a") await promise;
    const value = await slowly();
    order.push(name);
    return value;
  };
  for (const name of ["a", "b", "c"]) await counts.of(name, noting(name));
  await ending().of("b", slowly);
  resolve();
  await expect.poll(() => order, { timeout: 20_000 }).toEqual(["a", "c"]);
});

test("a count of a very long name is kept, and one that cannot be kept is told all the same", async () => {
  const name = Array.from({ length: 400 }, (_, i) => `attribute${i}`).join(" ");
  expect(await ending().of(name, slowly)).toEqual({ value: 1, since: null });
  expect(await ending().of(name, slowly)).toEqual({ value: 1, since: null });
  expect(await ending().of(`${name} more`, slowly)).toEqual({ value: 2, since: null });
  await sql`alter table kept_counts add check (name <> 'full')`.execute(store.db);
  expect(await ending().of("full", slowly)).toEqual({ value: 3, since: null });
});

test("a count that fails is told to whoever waits for it, and is not kept", async () => {
  const fail = (): Promise<number> => Promise.reject(new Error("the database is away"));
  await expect(ending().of("a", fail)).rejects.toThrow("away");
  expect(await ending().of("a", slowly)).toEqual({ value: 1, since: null });
});

/** Changes that are left when all of them are old. Transactions of other databases hold some back. */
async function leftOfOld(): Promise<number> {
  await sql`update data_changes set at = at - interval '2 hours'`.execute(store.db);
  await thinChanges(store.db);
  return (await sql`select from data_changes`.execute(store.db)).rows.length;
}

test("changes that every count has seen are forgotten, and no other", async () => {
  const seen = async (): Promise<number> => {
    await sql`update users set version = version + 1`.execute(store.db);
    await ending().of("a", slowly);
    return await leftOfOld();
  };
  await expect.poll(seen, PATIENCE).toBe(0);
  const before = counted;
  await sql`update users set version = version + 1`.execute(store.db);
  expect(await leftOfOld()).toBe(1);
  expect(await ending().of("a", slowly)).toEqual({ value: before + 1, since: null });
});

test("findings that rest on counts of before say so", async () => {
  const settings = loadSettings(place.config, {});
  const engine = engineOf(settings, compileSettings(settings), store, lasting());
  await engine.counts.of("unmatched in corp", slowly);
  const { signal } = new AbortController();
  const told = async (): Promise<string> =>
    (await examine(engine, Date.now(), signal)).map(({ message }) => message).join(" ");
  expect(await told()).toContain("1 entry belongs to no user");
  expect(await told()).not.toContain("People were counted at");
  await sql`update users set version = version + 1`.execute(store.db);
  expect(await told()).toContain("People were counted at");
});

test("a count that began before what is forgotten by now is not told as of now", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const counts = ending();
  const slow = counts.of("a", async () => {
    await promise;
    return await slowly();
  });
  await sleep(50);
  await sql`update users set version = version + 1`.execute(store.db);
  await expect.poll(leftOfOld, PATIENCE).toBe(0);
  resolve();
  expect(await slow).toMatchObject({ value: 1 });
  expect(await ending().of("a", slowly)).toEqual({ value: 2, since: null });
});

test("what was counted in the database that this one is a copy of says nothing here", async () => {
  await ending().of("a", slowly);
  await sql`update kept_counts set database = '1.' || database, seen = '1:9000000000:'`.execute(
    store.db,
  );
  expect(await ending().of("a", slowly)).toEqual({ value: 2, since: null });
  // Numbers that came with the copy, which no transaction here has had yet.
  await sql`insert into data_changes (xid, at) values ('9000000000', now())`.execute(store.db);
  await sql`insert into data_changes_forgotten (xid) values ('9000000000')`.execute(store.db);
  expect(await ending().of("a", slowly)).toEqual({ value: 2, since: null });
});

test("a change is noted whatever the search path of whoever makes it", async () => {
  await ending().of("a", slowly);
  await store.db.transaction().execute(async (trx) => {
    await sql`set local search_path to ''`.execute(trx);
    await sql`update public.users set version = version + 1`.execute(trx);
  });
  expect(await ending().of("a", slowly)).toEqual({ value: 2, since: null });
});
