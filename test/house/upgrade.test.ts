/**
 * From every release to this version: what was decided is kept, what was begun goes on. And out of a
 * backup: what it holds is all there is.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { postgresBin, query } from "../support/postgres.ts";
import { run } from "../support/process.ts";
import { writeConfiguration, writeDirectories } from "../support/release-story.ts";
import { createDatabase, Workplace, type RunDocument } from "../support/rollcall.ts";

const FOLDER = "test/fixtures/releases";
const RELEASES = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".sql"))
  .map((file) => file.slice(0, -".sql".length));

const program = (name: string): string => join(postgresBin() ?? "", name);

async function restored(sql: string): Promise<Workplace> {
  const url = await createDatabase("template0");
  run(program("psql"), ["-X", "-v", "ON_ERROR_STOP=1", "-q", "-f", "-", url], { input: sql });
  // The configuration is the story's.
  const place = Workplace.at(url);
  rmSync(place.config, { force: true });
  writeConfiguration(place.folder, url);
  return place;
}

/** As a release wrote them down. */
function usersOf(release: string): unknown[] {
  return readFileSync(join(FOLDER, `${release}.users.jsonl`), "utf8")
    .split("\n")
    .filter(Boolean);
}

interface ShownUser {
  readonly sources: Readonly<Record<string, string>>;
  readonly appUsers: readonly {
    readonly directory: string;
    readonly groups: readonly { readonly name: string }[];
  }[];
}

describe.each(RELEASES)("a database of %s", (release) => {
  let place: Workplace;
  beforeEach(async () => {
    place = await restored(readFileSync(join(FOLDER, `${release}.sql`), "utf8"));
  });
  afterEach(() => place.remove());

  test("is brought to the newest schema, with everybody as they were", async () => {
    expect(await place.run("migrate")).toMatchObject({ status: 0 });
    const { out } = await place.run("users", "export", "--json");
    expect(out.split("\n").filter(Boolean)).toEqual(usersOf(release));
    const user = await place.json<ShownUser>("users", "show", "p07@example.org");
    expect(user.sources).toMatchObject({ department: "hr", title: "corp", nickName: "okta" });
    expect(user.appUsers.map(({ directory }) => directory).toSorted()).toEqual(["corp", "hr"]);
    const [corp] = user.appUsers.filter(({ directory }) => directory === "corp");
    expect(corp?.groups.map(({ name }) => name)).toEqual(["All", "Few"]);
    const { out: explained } = await place.run("explain", "p20@example.org", "--app", "dx");
    expect(explained).toContain("assigned: by person");
    expect((await place.run("tokens")).out).toContain("ci");
  });

  test("imports without a change", async () => {
    writeDirectories(place.folder, "promoted");
    for (const directory of ["corp", "hr"]) {
      const done = await place.json<RunDocument>("import", directory, "--full");
      expect(done).toMatchObject({ status: "done", counts: { created: 0, updated: 0, failed: 0 } });
    }
    const { out } = await place.run("users", "export", "--json");
    expect(out.split("\n").filter(Boolean)).toEqual(usersOf(release));
  });

  test("what waits for a decision is carried out as it was shown, and what was done can be put back", async () => {
    writeDirectories(place.folder, "promoted");
    const runs = await place.json<RunDocument[]>("imports", "list");
    const held = runs.find(({ status }) => status === "held");
    const titles = runs.find(({ status, counts }) => status === "done" && counts["updated"] === 3);
    const back = await place.json<RunDocument>("imports", "revert", titles?.run ?? "");
    expect(back).toMatchObject({ status: "done", counts: { updated: 3 } });
    expect((await place.users()).get("p05@example.org")?.profile["title"]).toBe("Clerk");
    // It asks the directory again whom it does not show.
    writeDirectories(place.folder, "cut");
    const approved = await place.json<RunDocument>("imports", "approve", held?.run ?? "");
    expect(approved.status).toBe("done");
    expect((await place.users()).get("p30@example.org")?.status).toBe("deprovisioned");
  });
});

test("a schema that is newer than the program is refused in words, and nothing is done to it", async () => {
  const url = await createDatabase("template0");
  const place = Workplace.at(url);
  writeConfiguration(place.folder, url);
  await place.run("migrate");
  await query(
    url,
    "insert into kysely_migration (name, timestamp) values ('2999-01-01-0001-later', '2999')",
  );
  const { status, err } = await place.run("users");
  expect(status).toBe(1);
  expect(err).toContain("database.tooNew");
  expect(err.trim().split("\n")).toHaveLength(2);
  place.remove();
});

test("out of a backup, an import finds nothing new", async () => {
  const url = await createDatabase("template0");
  const place = Workplace.at(url);
  writeConfiguration(place.folder, url);
  writeDirectories(place.folder, "first");
  await place.run("import", "corp");
  await place.run("import", "hr");
  const dump = run(program("pg_dump"), ["--no-owner", url]);
  const other = await restored(dump);
  writeDirectories(other.folder, "first");
  const again = await other.json<RunDocument>("import", "corp");
  expect(again).toMatchObject({
    status: "done",
    counts: { created: 0, updated: 0, unchanged: 30 },
  });
  expect([...(await other.users())]).toEqual([...(await place.users())]);
  for (const one of [place, other]) one.remove();
});
