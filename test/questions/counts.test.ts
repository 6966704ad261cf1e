/** Counts of everybody, where they take long: kept, told again, and made anew when something changed. */
import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Counts } from "../../src/engine/counts.ts";
import { Secret } from "../../src/model/secret.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { simplePerson, SIMPLE_MAPPINGS, Workplace } from "../support/rollcall.ts";

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
  await aWhilePasses();
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

async function aWhilePasses(): Promise<void> {
  await sql`update runs set finished_at = finished_at - interval '1 minute'`.execute(store.db);
  await sql`update kept_counts set counted_at = counted_at - interval '1 minute'`.execute(store.db);
}

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
  await aWhilePasses();
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
  const old = await counts.of("a", slowly);
  expect(old).toMatchObject({ value: 1, since: expect.any(Date) });
  // It is counted anew meanwhile, when it has rested.
  await aWhilePasses();
  await somebodyComes();
  await expect.poll(async () => (await counts.of("a", slowly)).value).toBeGreaterThan(1);
  const before = counted;
  expect(await ending().of("a", slowly)).toEqual({ value: before + 1, since: null });
});

test("what somebody changes by hand, or pushes, is a change", async () => {
  await ending().of("a", slowly);
  await aWhilePasses();
  await place.run("users", "set", "ada@example.org", "nickName=A");
  expect(await ending().of("a", slowly)).toEqual({ value: 2, since: null });
});

test("a count that fails is told to whoever waits for it, and is not kept", async () => {
  const fail = (): Promise<number> => Promise.reject(new Error("the database is away"));
  await expect(ending().of("a", fail)).rejects.toThrow("away");
  expect(await ending().of("a", slowly)).toEqual({ value: 1, since: null });
});
