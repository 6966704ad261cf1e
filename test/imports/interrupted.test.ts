/** Killed at any point, nothing is lost or half-done: the next start ends in the same data. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { expect, test } from "vitest";
import { importUntil } from "../support/import-until.ts";
import { PROGRAM } from "../support/program.ts";
import { seeded } from "../support/people.ts";
import { simplePerson, SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";

/** More than are planned in one batch (4,000), and applied in one (2,500). */
const PEOPLE = 5000;

function ldif(generation: number): string {
  const people: string[] = [];
  for (let i = 0; i < PEOPLE; i++) {
    if (generation > 0 && i % 50 === 0) continue; // gone
    const swapped = generation > 0 && i % 10 < 2 ? i + (i % 10 === 0 ? 1 : -1) : i; // 10k and 10k+1 exchange
    const taken = generation > 0 && i % 50 === 1 ? i : swapped; // whose partner is gone keeps its own
    people.push(
      simplePerson(`p${i}`, { mail: `p${taken}@example.org`, title: `Title ${generation}` }),
    );
  }
  return people.join("");
}

/** All that must not depend on when somebody pulled the plug. */
async function state(place: Workplace): Promise<unknown> {
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  const users = await client.query(
    "select login, status, status_by, profile, sources from users order by login_key",
  );
  const appUsers = await client.query(
    "select external_id, status, hash, error, profile from app_users order by external_id",
  );
  const orphans = await client.query(
    "select count(*)::int as n from app_users a left join users u on u.id = a.user_id where u.id is null",
  );
  const open = await client.query(
    "select count(*)::int as n from runs where status in ('running', 'held')",
  );
  const plan = await client.query("select count(*)::int as n from plan");
  const vacated = await client.query(
    "select count(*)::int as n from users where login_key like '~%'",
  );
  await client.end();
  return {
    users: users.rows,
    appUsers: appUsers.rows,
    left: [orphans, open, plan, vacated].map((result) => (result.rows[0] as { n: number }).n),
  };
}

function configure(place: Workplace, generation: number): void {
  place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", ldif(generation))}
    importSafeguard: off # everybody's title changes
${SIMPLE_MAPPINGS}`);
}

const CUTS = 8;

/** Half of the cuts fall into applying, which sends few bytes because it works inside the database. */
function cutPoint(random: () => number): number {
  return random() < 0.5 ? random() : 0.97 + 0.03 * random();
}

test.each([
  ["kill -9", true],
  ["the connection to Postgres lost", false],
])(
  "%s at seeded random points, in a first import and in one with changes",
  { timeout: 300_000 },
  async (_, kill) => {
    const undisturbed = await Workplace.create("postgres");
    const place = await Workplace.create("postgres");
    const random = seeded(kill ? 20_261_122 : 77);
    for (const generation of [0, 1]) {
      configure(undisturbed, generation);
      configure(place, generation);
      const whole = await importUntil(undisturbed, Number.POSITIVE_INFINITY, false);
      expect(whole.status).toBe(0);
      // From early to late: what is cut while reading is dropped, what is cut later goes on.
      const points = Array.from({ length: CUTS }, () => cutPoint(random)).toSorted((a, b) => a - b);
      let cuts = 0;
      for (const point of points) {
        const { status, err } = await importUntil(place, Math.round(whole.sent * point), kill);
        expect(err).not.toMatch(/^\s+at .*:\d+/m);
        if (status === 0) break; // it got through before the cut
        cuts++;
        expect(status).toBe(kill ? null : 1);
      }
      expect(cuts).toBeGreaterThan(1);
      expect(await place.json<RunDocument>("import", "corp")).toMatchObject({ status: "done" });
      const [actual, wanted] = [await state(place), await state(undisturbed)];
      expect(actual).toEqual(wanted);
      expect(actual).toMatchObject({ left: [0, 0, 0, 0] });
    }
    place.remove();
    undisturbed.remove();
  },
);

test("two imports of one directory at once: one works, the other says who does", async () => {
  const place = await Workplace.create("postgres");
  configure(place, 0);
  const results = await Promise.all([
    place.run("import", "corp", "--json"),
    place.run("import", "corp", "--json"),
  ]);
  expect(results.map((result) => result.status).toSorted((a, b) => a - b)).toEqual([0, 1]);
  expect(results.find((result) => result.status === 1)?.err).toContain("run.busy");
  place.remove();
});

test("serve imports by its schedule, answers, goes on after SIGHUP, and stops on SIGTERM", async () => {
  const place = await Workplace.create("postgres");
  place.configure(
    `
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", simplePerson("ada"))}
    schedule: { full: "*/1 * * * * *" }
${SIMPLE_MAPPINGS}`.replace("directories:", "directories:"),
  );
  const config = place.config;
  const { readFileSync, writeFileSync } = await import("node:fs");
  writeFileSync(config, readFileSync(config, "utf8").replace("http: off", "http: { port: 0 }"));
  const child = spawn(process.execPath, [PROGRAM, "serve", "--config", config], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(child, "exit");
  const address = async (): Promise<string> => {
    for (let i = 0; i < 400; i++) {
      const found = /"address":"([^"]+)"/.exec(log)?.[1];
      if (found !== undefined && log.includes("import ended")) return found;
      await sleep(50);
    }
    throw new Error(log);
  };
  const url = await address();
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain(
    'rollcall_app_users{directory="corp",status="active"} 1',
  );
  // A faulty file is refused, and the old one goes on.
  const good = readFileSync(config, "utf8");
  writeFileSync(config, good.replace("email: appuser.mail", "email: appuser.mail +"));
  child.kill("SIGHUP");
  await expect.poll(() => log, { timeout: 90_000 }).toContain("the old one goes on");
  writeFileSync(config, good.replace("title: appuser.title", "title: '\"read again\"'"));
  child.kill("SIGHUP");
  await expect.poll(() => log, { timeout: 90_000 }).toContain("is in effect");
  const titleOf = async (): Promise<unknown> =>
    (await place.users()).get("ada@example.org")?.profile["title"];
  await expect.poll(titleOf, { timeout: 90_000 }).toBe("read again");
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(log).toContain("rollcall stopped");
  expect((await place.users()).has("ada@example.org")).toBe(true);
  place.remove();
});
