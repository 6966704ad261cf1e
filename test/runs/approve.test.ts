/** Approving late: what became of people, links and logins since the run was held is not undone. */
import { afterEach, beforeEach, expect, test } from "vitest";
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
