/** A force sync is stopped and goes on, writes nothing where nothing changes, and is held like an import. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Client } from "pg";
import { afterEach, expect, test } from "vitest";
import { runUntil } from "../support/import-until.ts";
import { seeded } from "../support/people.ts";
import { PROGRAM } from "../support/program.ts";
import { simplePerson, SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";

let place: Workplace;
afterEach(() => place.remove());

/** More than two pages of each half. */
const PEOPLE = 4500;
const MORE = "      nickName: appuser.title\n      city: appuser.l\n";

function configure(mappings: string, more = ""): void {
  place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
${more}${SIMPLE_MAPPINGS}${mappings}`);
}

async function imported(people: number): Promise<void> {
  place = await Workplace.create("postgres");
  configure("");
  const all = Array.from({ length: people }, (_, i) =>
    simplePerson(`p${i}`, { title: `T ${i}`, l: i % 3 === 0 ? 'Sankt "Peter"' : "Rom" }),
  );
  place.file("corp.ldif", all.join(""));
  expect((await place.run("import", "corp")).status).toBe(0);
}

/** Whole tables, to the last column. */
async function tables(...names: readonly string[]): Promise<unknown> {
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  const all: Record<string, unknown> = {};
  for (const name of names)
    all[name] = (await client.query(`select * from ${name} order by 1, 2`)).rows;
  await client.end();
  return all;
}

test("it writes nothing to people where nothing changes, and everybody is counted", async () => {
  await imported(PEOPLE);
  const before = await tables("users", "app_users", "run_changes");
  const run = await place.json<RunDocument>("force-sync", "corp");
  expect(run).toMatchObject({
    status: "done",
    counts: { read: PEOPLE, unchanged: PEOPLE, updated: 0 },
  });
  expect(await tables("users", "app_users", "run_changes")).toEqual(before);
  const events = await place.events(`transaction.id eq "${run.run}"`);
  expect(events.map((event) => event.eventType)).toEqual([
    "app.app_instance.provision_sync_job.started",
    "app.app_instance.provision_sync_job.completed",
  ]);
});

test.each([true, false])(
  "cut at seeded random points (killed: %s), it ends in what it would have been",
  async (kill) => {
    await imported(PEOPLE);
    const people = (): Promise<unknown> =>
      tables("users").then((all) =>
        (all as { users: { login: string; profile: unknown }[] }).users.map(
          ({ login, profile }) => [login, profile],
        ),
      );
    const before = await people();
    configure(MORE);
    const dry = await place.json<RunDocument>("force-sync", "corp", "--dry-run");
    expect(dry.counts).toMatchObject({ read: PEOPLE, updated: PEOPLE });
    expect(await people()).toEqual(before);
    const random = seeded(kill ? 5 : 6);
    let cuts = 0;
    for (let i = 0; i < 6; i++) {
      const bytes = Math.round(1_000_000 * (i + random()));
      const { status, err } = await runUntil(place, bytes, kill, "force-sync", "corp");
      expect(err).not.toMatch(/^\s+at .*:\d+/m);
      if (status === 0) break;
      cuts++;
    }
    expect(cuts).toBeGreaterThan(1);
    const last = await place.json<RunDocument>("force-sync", "corp");
    expect(last).toMatchObject({ status: "done", counts: { read: PEOPLE, failed: 0 } });
    const users = await place.users();
    expect(users.size).toBe(PEOPLE);
    for (const [login, { profile }] of users) {
      const number = /^p(\d+)@/.exec(login)?.[1];
      expect(profile).toMatchObject({
        nickName: `T ${number}`,
        city: Number(number) % 3 === 0 ? 'Sankt "Peter"' : "Rom",
      });
    }
    expect((await place.run("check")).out).not.toContain("older version");
  },
);

test("one that was killed while it applied can be resumed, and counts as mapped then", async () => {
  await imported(PEOPLE);
  configure(MORE);
  const other = new Client({ connectionString: place.databaseUrl ?? "" });
  await other.connect();
  // The last batch waits for a person whom somebody else is changing.
  await other.query("begin");
  await other.query(
    "select 1 from users where id = (select max(id::text)::uuid from users) for update",
  );
  const child = spawn(process.execPath, [PROGRAM, "force-sync", "corp", "--config", place.config], {
    stdio: "ignore",
  });
  for (let waits = 0; ; waits++) {
    const { rows } = await other.query("select id from runs where phase = 'applying'");
    const told = await other.query("select from run_changes where run_id = $1 limit 1", [
      rows[0]?.id,
    ]);
    if (told.rows.length > 0) break;
    if (waits > 600) throw new Error("the force sync did not begin to apply");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  await once(child, "close");
  await other.query("rollback");
  await other.end();
  const [open] = await place.json<RunDocument[]>("imports", "--status", "running");
  expect((await place.run("doctor")).out).toContain("A run was interrupted");
  const done = await place.json<RunDocument>("imports", "resume", open?.run ?? "");
  expect(done).toMatchObject({ status: "done", counts: { updated: PEOPLE } });
  expect((await place.run("doctor")).out).not.toContain("older version");
});

test("Ctrl-C stops it with a sentence, and the same command goes on", async () => {
  await imported(PEOPLE);
  configure(MORE);
  const child = spawn(process.execPath, [PROGRAM, "force-sync", "--config", place.config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  let sent = false;
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
    if (sent || !err.includes("Applying the mappings")) return;
    sent = child.kill("SIGINT"); // a second one would not wait for a safe point
  });
  const [status] = (await once(child, "close")) as [number | null];
  expect(status).toBe(1);
  expect(err).toMatch(/\[run\.(?:interrupted|handedBack)\]|run\.interrupted|Repeat it/);
  const again = await place.json<RunDocument>("force-sync");
  expect(again).toMatchObject({ status: "done", counts: { read: PEOPLE, failed: 0 } });
  expect((await place.users()).get("p1@example.org")?.profile).toMatchObject({ nickName: "T 1" });
});

test("the safeguard holds mass changes; people who fail or have no user are mapped again, too", async () => {
  await imported(200);
  configure("", "    onNoMatch: ignore\n");
  const people = Array.from({ length: 200 }, (_, i) =>
    simplePerson(`p${i}`, { title: `T ${i}`, ...(i === 7 ? { mail: "x" } : {}) }),
  );
  place.file("corp.ldif", people.join("") + simplePerson("nobody"));
  await place.run("import", "corp", "--full");
  const plain = await place.json<RunDocument>("force-sync", "corp");
  expect(plain.counts).toMatchObject({ read: 201, failed: 1, unchanged: 199, ignored: 1 });
  configure(`      userType: '"employee"'\n`);
  const created = await place.json<RunDocument>("force-sync", "corp");
  expect(created.counts).toMatchObject({ read: 201, created: 1, updated: 199, failed: 1 });
  const text = (await import("node:fs")).readFileSync(place.config, "utf8");
  place.configure(
    text.slice(text.indexOf("directories:")).replace("title: appuser.title", `title: '"Same"'`),
  );
  const held = await place.run("force-sync", "corp");
  expect(held.status).toBe(3);
  expect((await place.users()).get("p1@example.org")?.profile["title"]).toBe("T 1");
});
