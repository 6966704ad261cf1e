/** Putting back, and approving late, where several rows, directories or processes meet in one person. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { query } from "../imports/faults/world.ts";
import { simplePerson, SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";

let place: Workplace;

beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

const OFF = "    importSafeguard: off\n";
const BY_LOGIN = "    matching: [{ user: login, app: appuser.mail }]\n";
const BY_NUMBER = "    matching: [{ user: employeeNumber, app: appuser.employeeNumber }]\n";
const NUMBERED = `${SIMPLE_MAPPINGS}      employeeNumber: appuser.employeeNumber\n`;

function directory(name: string, people: string, more: string, mappings = SIMPLE_MAPPINGS): string {
  return `  ${name}:\n    type: ldif\n    path: ${place.file(`${name}.ldif`, people)}\n${more}${mappings}`;
}
const setup = (...directories: string[]): void =>
  place.configure(`directories:\n${directories.join("")}`);
const imported = (name = "corp", ...options: string[]): Promise<RunDocument> =>
  place.json<RunDocument>("import", name, ...options);
const revert = (run: RunDocument): Promise<RunDocument> =>
  place.json<RunDocument>("imports", "revert", run.run);
const numbered = (id: string, employeeNumber: string, mail = `${id}@example.org`): string =>
  simplePerson(id, { employeeNumber, mail });

interface Link {
  readonly directory: string;
  readonly id: string;
  readonly status: string;
  readonly login: string | null;
}
const links = (): Promise<Link[]> =>
  query<Link>(
    place,
    `select a.directory, a.external_id as id, a.status, u.login
     from app_users a left join users u on u.id = a.user_id order by 1, 2`,
  );
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
  ])
    await query(place, `update ${table} set ${column} = '${old}' where ${column} = '${run.run}'`);
  await imported();
  expect((await revert({ ...run, run: old })).counts).toMatchObject({ updated: 1 });
});

test("a run approved after a revert does not take back that everybody is to be read", async () => {
  const people = (count: number, title: string): string =>
    Array.from({ length: count }, (_, i) =>
      simplePerson(`p${i}`, { title: i === 0 ? title : "A" }),
    ).join("");
  const corp = (text: string): void => setup(directory("corp", text, ""));
  corp(people(20, "A"));
  await imported();
  corp(people(20, "B"));
  const changed = await imported();
  corp(people(5, "B"));
  const held = await imported();
  expect(held.status).toBe("held");
  await revert(changed);
  await place.json("imports", "approve", held.run);
  expect(await query(place, "select full_reason is not null as asked from checkpoints")).toEqual([
    { asked: true },
  ]);
});

test("approving leaves out both halves of an account made anew", async () => {
  const both = (corp: string, hr: string): void =>
    setup(
      directory("corp", corp, `${BY_LOGIN}    importSafeguard: { count: 0 }\n`),
      directory("hr", hr, BY_LOGIN),
    );
  both(simplePerson("ada") + simplePerson("bob") + simplePerson("cyd"), simplePerson("zed"));
  await imported();
  both(
    simplePerson("ada").replace("entryUUID: ada", "entryUUID: ada2") + simplePerson("cyd"),
    simplePerson("ada"),
  );
  const held = await imported();
  expect(held.status).toBe("held");
  await imported("hr");
  const approved = await place.json<RunDocument>("imports", "approve", held.run);
  expect(approved.counts).toMatchObject({ removed: 1, skipped: 2 });
  expect((await links()).filter(({ login }) => login === "ada@example.org")).toMatchObject([
    { directory: "corp", id: "ada", status: "active" },
    { directory: "hr" },
  ]);
});

test("approving creates nobody who is there by now", async () => {
  const both = (corp: string, hr: string): void =>
    setup(
      directory("corp", corp, `${BY_NUMBER}    importSafeguard: { count: 0 }\n`, NUMBERED),
      directory("hr", hr, BY_NUMBER, NUMBERED),
    );
  both(numbered("ada", "1") + numbered("bob", "2"), numbered("zed", "9"));
  await imported();
  both(numbered("ada", "1") + numbered("new", "5"), numbered("hnew", "5"));
  const held = await imported();
  await imported("hr");
  const approved = await place.json<RunDocument>("imports", "approve", held.run);
  expect(approved.counts).toMatchObject({ created: 0, skipped: 1, removed: 1 });
  await imported();
  const people = await query<{ n: number }>(
    place,
    "select count(*)::int as n from users where profile->>'employeeNumber' = '5'",
  );
  expect(people).toEqual([{ n: 1 }]);
});

test("old rows that cannot be deleted spoil no import", async () => {
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
});

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

test("a plan that an import of changes overtook cuts no link and creates nobody twice", async () => {
  const people = (mail: string, more = ""): string =>
    Array.from({ length: 30 }, (_, i) => simplePerson(`p${i}`)).join("") +
    simplePerson("late", { mail }) +
    more;
  const corp = (text: string): void =>
    setup(directory("corp", text, "    importSafeguard: { count: 0 }\n"));
  corp(people("nonsense"));
  await imported();
  corp(people("nonsense", simplePerson("new")).replace(/dn: uid=p0,[^]*?\n\n/, ""));
  const held = await imported();
  expect(held).toMatchObject({ status: "held", counts: { created: 1, removed: 1, failed: 1 } });
  // What an import of changes would have done meanwhile.
  await query(place, `create table kept as select * from runs where id = '${held.run}'`);
  await query(place, `create table kept_plan as select * from held_plan`);
  corp(people("late@example.org", simplePerson("new", { mail: "renamed@example.org" })));
  await imported();
  await query(
    place,
    `update runs set status = 'held', finished_at = null, phase = 'judging' where id = '${held.run}'`,
  );
  await query(place, "insert into held_plan select * from kept_plan");
  await place.run("imports", "approve", held.run);
  const owned = (await links()).filter(({ login }) => login !== null);
  expect(owned.map(({ login }) => login)).toContain("late@example.org");
  const orphans = await query(
    place,
    "select login from users u where not exists (select 1 from app_users a where a.user_id = u.id)",
  );
  expect(orphans).toEqual([]);
});

test("accounts that were all made anew can be approved", async () => {
  const corp = (suffix: string, count: number): void => {
    const people = Array.from({ length: count }, (_, i) =>
      simplePerson(`p${i}`).replace(`entryUUID: p${i}`, `entryUUID: p${i}${suffix}`),
    );
    setup(directory("corp", people.join(""), `${BY_LOGIN}    importSafeguard: { count: 3 }\n`));
  };
  corp("", 30);
  await imported();
  corp("new", 25);
  const held = await imported();
  expect(held).toMatchObject({ status: "held", held: { removals: 5 } });
  expect((await place.json<RunDocument>("imports", "approve", held.run)).counts).toMatchObject({
    skipped: 0,
    failed: 0,
  });
});

test("a held putting back of an account made anew is left out whole", async () => {
  const both = (corp: string, hr: string, limits = OFF): void =>
    setup(directory("corp", corp, limits + BY_LOGIN), directory("hr", hr, OFF + BY_LOGIN));
  const anew = simplePerson("ada").replace("entryUUID: ada", "entryUUID: ada2");
  both(simplePerson("ada") + simplePerson("bob"), simplePerson("zed"));
  await imported();
  both(anew + simplePerson("bob") + simplePerson("eve"), simplePerson("zed"));
  const run = await imported();
  both(
    anew + simplePerson("bob") + simplePerson("eve"),
    simplePerson("zed"),
    "    importSafeguard: { count: 0 }\n",
  );
  const held = await revert(run);
  expect(held.status).toBe("held");
  both(anew + simplePerson("bob") + simplePerson("eve"), simplePerson("ada"));
  await imported("hr");
  const approved = await place.json<RunDocument>("imports", "approve", held.run);
  expect(approved.counts).toMatchObject({ skipped: 2, failed: 0, removed: 1 });
});
