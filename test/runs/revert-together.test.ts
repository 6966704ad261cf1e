/** Putting back where several rows, directories or processes meet in one person. */
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { reidentify } from "../support/reidentify.ts";
import { query } from "../imports/faults/world.ts";
import {
  BY_LOGIN,
  BY_NUMBER,
  ldifDirectory,
  linkedEntries,
  numbered,
  NUMBERED,
  OFF,
  type LinkedEntry,
} from "../support/ldif-directories.ts";
import { simplePerson, Workplace, type RunDocument } from "../support/rollcall.ts";

let place: Workplace;

beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

const directory = (name: string, people: string, more: string, mappings?: string): string =>
  ldifDirectory(place, { name, people, more, mappings });
const setup = (...directories: string[]): void =>
  place.configure(`directories:\n${directories.join("")}`);
const imported = (name = "corp", ...options: string[]): Promise<RunDocument> =>
  place.json<RunDocument>("import", name, ...options);
const revert = (run: RunDocument): Promise<RunDocument> =>
  place.json<RunDocument>("imports", "revert", run.run);
const links = (): Promise<LinkedEntry[]> => linkedEntries(place);
const logins = async (): Promise<string[]> => [...(await place.users()).keys()];

test("whoever cannot be put back keeps link and values", async () => {
  const one = numbered("c9", "9");
  const hr = directory("hr", numbered("h1", "1", "old@example.org"), OFF + BY_NUMBER, NUMBERED);
  const corp = (people: string): void =>
    setup(directory("corp", people, OFF + BY_NUMBER, NUMBERED), hr);
  corp(one);
  await imported("corp");
  await imported("hr");
  corp(one + numbered("c1", "1", "new@example.org"));
  const linked = await imported();
  corp(one + numbered("c1", "1", "new@example.org") + numbered("c2", "2", "old@example.org"));
  await imported();
  const before = [await links(), await place.users()];
  expect((await revert(linked)).counts).toMatchObject({ failed: 1, updated: 0, removed: 0 });
  expect([await links(), await place.users()]).toEqual(before);
});

test("a revert that was interrupted deletes nobody whom another directory linked meanwhile", async () => {
  const many = Array.from({ length: 150 }, (_, i) => simplePerson(`p${i}`)).join("");
  const both = (hr: string): void =>
    setup(directory("corp", many, BY_LOGIN), directory("hr", hr, OFF + BY_LOGIN));
  both(simplePerson("x"));
  const first = await imported();
  const held = await revert(first);
  expect(held.status).toBe("held");
  // As an approval leaves it that is killed before its first batch.
  await query(
    place,
    `update runs set status = 'running', phase = 'applying' where id = '${held.run}'`,
  );
  await query(place, `delete from run_changes where run_id = '${held.run}'`);
  both(simplePerson("p3"));
  await imported("hr");
  await imported("corp");
  const [run] = await query<{ counts: unknown }>(
    place,
    `select counts from runs where id = '${held.run}'`,
  );
  expect(run).toMatchObject({ counts: { removed: 149, failed: 1 } });
  expect((await links()).filter((link) => link.login === null)).toEqual([]);
  expect((await links()).filter((link) => link.login === "p3@example.org")).toHaveLength(2);
});

test("what was interrupted is told when it is finished, and can be finished alone", async () => {
  const many = (title: string): string =>
    Array.from({ length: 150 }, (_, i) => simplePerson(`p${i}`, { title })).join("");
  const corp = (title: string): void => setup(directory("corp", many(title), ""));
  corp("A");
  await imported();
  corp("B");
  const held = await imported();
  expect(held.status).toBe("held");
  const interrupt = async (run: RunDocument): Promise<void> => {
    await query(
      place,
      `update runs set status = 'running', phase = 'applying' where id = '${run.run}'`,
    );
    await query(place, `delete from run_changes where run_id = '${run.run}'`);
  };
  await interrupt(held);
  const dry = await place.run("import", "corp", "--dry-run");
  expect(dry.err).toContain(`waits to be finished by the next one: import ${held.run}`);
  expect(await place.json("imports", "resume", held.run)).toMatchObject({
    status: "done",
    counts: { updated: 150 },
  });
  expect((await place.run("imports", "resume", held.run)).err).toContain("run.notInterrupted");
  corp("C");
  const again = await imported();
  await interrupt(again);
  const next = await place.run("import", "corp");
  expect(next.err).toContain(`Finishing what was interrupted: import ${again.run}`);
  expect(next.status).toBe(0);
});

test("a login that the run gave to somebody new goes back to its owner", async () => {
  const corp = (people: string): void => setup(directory("corp", people, OFF));
  corp(simplePerson("ada", { mail: "first@example.org" }));
  await imported();
  corp(simplePerson("ada", { mail: "second@example.org" }));
  const run = await imported();
  expect(run.counts).toMatchObject({ updated: 1 });
  corp(
    simplePerson("ada", { mail: "second@example.org" }) +
      simplePerson("eve", { mail: "first@example.org" }),
  );
  const taken = await imported();
  await revert(taken);
  expect((await revert(run)).counts).toMatchObject({ updated: 1, failed: 0 });
  expect(await logins()).toEqual(["first@example.org"]);
});

test("both in one run: the new person goes, and the old login is free for its owner", async () => {
  const corp = (people: string): void => setup(directory("corp", people, OFF));
  corp(simplePerson("ada", { mail: "first@example.org" }));
  await imported();
  corp(
    simplePerson("ada", { mail: "second@example.org" }) +
      simplePerson("eve", { mail: "first@example.org" }),
  );
  const run = await imported();
  expect(run.counts).toMatchObject({ created: 1, updated: 1, failed: 0 });
  expect(await logins()).toEqual(["first@example.org", "second@example.org"]);
  expect((await revert(run)).counts).toMatchObject({ failed: 0 });
  expect(await logins()).toEqual(["first@example.org"]);
  const again = await place.run("imports", "revert", run.run);
  expect(again).toMatchObject({ status: 1 });
  expect(again.err).toContain("run.alreadyReverted");
});

test("an exchange of logins in which the run linked one of the two", async () => {
  const hr = directory("hr", numbered("h1", "1", "one@example.org"), OFF + BY_NUMBER, NUMBERED);
  const corp = (people: string): void =>
    setup(directory("corp", people, OFF + BY_NUMBER, NUMBERED), hr);
  corp(numbered("c2", "2", "two@example.org"));
  await imported("hr");
  await imported("corp");
  const before = [await links(), await place.users()];
  corp(numbered("c2", "2", "one@example.org") + numbered("c1", "1", "two@example.org"));
  const run = await imported();
  expect(run.counts).toMatchObject({ updated: 2, failed: 0 });
  expect((await revert(run)).counts).toMatchObject({ updated: 2, failed: 0 });
  expect([await links(), await place.users()]).toEqual(before);
});

test("an account that was made anew: the old link comes back, and leaves when it is gone", async () => {
  const corp = (people: string): void => setup(directory("corp", people, OFF + BY_LOGIN));
  corp(simplePerson("ada") + simplePerson("bob"));
  await imported();
  const before = await links();
  corp(simplePerson("ada").replace("entryUUID: ada", "entryUUID: ada2") + simplePerson("bob"));
  const run = await imported();
  expect(await links()).toContainEqual(
    expect.objectContaining({ id: "ada2", login: "ada@example.org" }),
  );
  expect((await revert(run)).counts).toMatchObject({ failed: 0, skipped: 0 });
  expect(await links()).toEqual(before);
  corp(simplePerson("bob"));
  expect((await imported()).counts).toMatchObject({ removed: 1 });
  expect((await place.users()).get("ada@example.org")?.status).toBe("deprovisioned");
});

test("what another directory did to its own app profile stands in nobody's way", async () => {
  const both = (corp: string, hr: string): void =>
    setup(
      directory("corp", simplePerson("ada", { title: corp }), OFF + BY_LOGIN),
      directory("hr", simplePerson("ada", { title: hr }), OFF + BY_LOGIN),
    );
  both("A", "x");
  await imported("corp");
  await imported("hr");
  both("B", "x");
  const run = await imported("corp");
  both("B", "y");
  expect((await imported("hr")).counts).toMatchObject({ updated: 1 });
  expect((await revert(run)).counts).toMatchObject({ updated: 1, skipped: 0 });
  expect((await place.users()).get("ada@example.org")?.profile).toMatchObject({ title: "A" });
});

test("a failure since counts as a change; one that only repeats itself does not", async () => {
  const corp = (people: string): void => setup(directory("corp", people, OFF));
  const bad = simplePerson("ada", { mail: "nonsense" });
  corp(simplePerson("ada") + simplePerson("bob"));
  await imported();
  corp(bad + simplePerson("bob"));
  await imported();
  corp(bad + simplePerson("bob", { title: "x" }));
  const repeated = await imported();
  expect((await revert(repeated)).counts).toMatchObject({ read: 1, updated: 1 });
  corp(simplePerson("ada", { title: "1" }) + simplePerson("bob"));
  const run = await imported();
  corp(simplePerson("ada", { title: "2", mail: "nonsense" }) + simplePerson("bob"));
  await imported();
  expect((await revert(run)).counts).toMatchObject({ skipped: 1 });
});

test("a run of which nothing is kept is refused, and not half put back", async () => {
  const corp = (title: string, days: number): void =>
    place.configure(
      `history: { undoDays: ${days} }\ndirectories:\n${directory("corp", simplePerson("ada", { title }) + (title === "B" ? simplePerson("new") : ""), OFF)}`,
    );
  corp("A", 0);
  await imported();
  corp("B", 0);
  const run = await imported();
  corp("B", 30);
  const { status, err } = await place.run("imports", "revert", run.run);
  expect(status).toBe(1);
  expect(err).toMatch(/run\.undoExpired|it is not kept/);
  expect(await logins()).toEqual(["ada@example.org", "new@example.org"]);
});

test("a run that was held for long can be put back from its end on", async () => {
  const corp = (title: string): void =>
    setup(directory("corp", simplePerson("ada", { title }), OFF));
  corp("A");
  await imported();
  corp("B");
  const run = await imported();
  await query(
    place,
    `update runs set started_at = started_at - interval '40 days' where id = '${run.run}'`,
  );
  const hex = (Date.now() - 40 * 86_400_000).toString(16).padStart(12, "0");
  const old = `${hex.slice(0, 8)}-${hex.slice(8)}${run.run.slice(13)}`;
  for (const [table, column] of [
    ["runs", "id"],
    ["run_changes", "run_id"],
    ["run_undo", "run_id"],
    ["checkpoints", "run_id"],
  ] as const)
    await reidentify((statement) => query(place, statement), { table, column }, run.run, old);
  await imported();
  expect((await revert({ ...run, run: old })).counts).toMatchObject({ updated: 1 });
});

// Distributed tables take no triggers.
test.skipIf(inject("servers").onCitus)(
  "old rows that cannot be deleted spoil no import",
  async () => {
    const corp = (title: string): void =>
      setup(directory("corp", simplePerson("ada", { title }), OFF));
    corp("a");
    await imported();
    await query(
      place,
      "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '57014'; end $$",
    );
    await query(
      place,
      "create trigger refuse before delete on run_undo for each statement execute function refuse()",
    );
    corp("b");
    expect((await place.run("import", "corp")).status).toBe(0);
  },
);

test("a dry run of putting back finishes nobody else's work", async () => {
  const many = (title: string): string =>
    Array.from({ length: 150 }, (_, i) => simplePerson(`p${i}`, { title })).join("");
  const corp = (title: string): void => setup(directory("corp", many(title), ""));
  corp("A");
  const first = await imported();
  corp("B");
  const held = await imported();
  await query(
    place,
    `update runs set status = 'running', phase = 'applying' where id = '${held.run}'`,
  );
  await query(place, `delete from run_changes where run_id = '${held.run}'`);
  await place.run("imports", "revert", first.run, "--dry-run");
  const titles = [...(await place.users()).values()].map((user) => user.profile["title"]);
  expect(new Set(titles)).toEqual(new Set(["A"]));
});
