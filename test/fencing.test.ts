/** Several processes, and processes that sleep: one run per directory, and no write of a loser lands. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { claimDirectory, processHolder } from "../src/engine/claim.ts";
import { Secret } from "../src/model/secret.ts";
import { openStore } from "../src/store/database.ts";
import { behindProxy, importApart } from "./faults/fault.ts";
import { query } from "./faults/world.ts";
import { MAIN } from "./support/import-until.ts";
import { simplePerson, SIMPLE_MAPPINGS, Workplace, type RunDocument } from "./support/rollcall.ts";

const PEOPLE = 3000;
let place: Workplace;

beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

function configure(title: string, schedule = ""): void {
  const people = Array.from({ length: PEOPLE }, (_, i) => simplePerson(`p${i}`, { title }));
  place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", people.join(""))}
    importSafeguard: off
    ${schedule}
${SIMPLE_MAPPINGS}`);
}

const portOf = (one: Workplace): number => Number(new URL(one.databaseUrl ?? "").port);

async function measure(): Promise<number> {
  const fault = { after: Number.POSITIVE_INFINITY, counting: "sent", then: "pass" } as const;
  return await behindProxy(portOf(place), fault, async (port, passed) => {
    place.usePort(port);
    await place.run("import", "corp", "--dry-run");
    return passed();
  });
}

describe("a process that is paused and wakes up after its claim was taken", () => {
  test.each([
    ["while it reads", 0.5],
    ["when it has read", 0.985],
    ["while it applies", 1.002],
  ])("%s: none of its writes lands", { timeout: 180_000 }, async (_, share) => {
    configure("Engineer");
    await place.run("import", "corp");
    configure("Sleeper");
    const bytes = await measure();
    const child: { pause?: () => void } = {};
    const limit = Promise.withResolvers<void>();
    const fault = {
      after: Math.ceil(bytes * share),
      counting: "sent",
      then: "pass",
      onLimit: () => {
        child.pause?.();
        limit.resolve();
      },
    } as const;
    await behindProxy(portOf(place), fault, async (port) => {
      configure("Sleeper");
      place.usePort(port);
      const sleeper = importApart(place);
      child.pause = () => sleeper.kill("SIGSTOP");
      await limit.promise;
      await sleep(500);
      // Time passes; whatever lock the sleeper holds in an open transaction, the database takes back.
      await query(place, "update leases set expires_at = clock_timestamp() - interval '1 second'");
      configure("Winner");
      const run = await place.json<RunDocument>("import", "corp");
      expect(run.status).toBe("done");
      const after = await picture();
      sleeper.kill("SIGCONT");
      const { status, err } = await sleeper.ended;
      expect(status).toBe(1);
      expect(err).toMatch(/run\.leaseLost|database\.(?:failed|silent)/);
      expect(await picture()).toEqual(after);
      const users = await place.users();
      expect(new Set([...users.values()].map((user) => user.profile["title"]))).toEqual(
        new Set(["Winner"]),
      );
    });
  });

  async function picture(): Promise<unknown> {
    const tables = [
      "users",
      "app_users",
      "runs",
      "run_changes",
      "checkpoints",
      "system_log",
      "plan",
    ];
    const hashes = tables.map(
      (table) =>
        `select '${table}' as name, md5(string_agg(t::text, '|' order by t::text)) from ${table} t`,
    );
    return await query(place, `${hashes.join(" union all ")} order by name`);
  }
});

test("rows on their way into the database land before the claim is taken over, or never", async () => {
  const settings = { url: new Secret(place.databaseUrl ?? ""), directory: "" };
  await using sleeper = await openStore(settings);
  await using other = await openStore(settings);
  const { signal } = new AbortController();
  const claim = await claimDirectory(sleeper, "corp", processHolder(), signal);
  // The database takes its time between the last statement of a transaction and its end.
  await query(
    place,
    "create function doze() returns trigger language plpgsql as 'begin perform pg_sleep(2); return null; end'",
  );
  await query(
    place,
    "create constraint trigger doze after insert on schedule_slots deferrable initially deferred for each row execute function doze()",
  );
  const copied = sleeper.copy("schedule_slots", ["name", "slot"], "row\t2026-01-01\n", claim.lease);
  const dozing = "select 1 from pg_stat_activity where wait_event = 'PgSleep'";
  await expect.poll(() => query(place, dozing), { interval: 10 }).toHaveLength(1);
  await query(place, "update leases set expires_at = clock_timestamp() - interval '1 second'");
  await using taken = await claimDirectory(other, "corp", "another process", signal);
  expect(taken.lease.fence).toBe(2);
  const atTakeover = await query(place, "select name from schedule_slots");
  await copied.catch(() => undefined);
  expect(await query(place, "select name from schedule_slots")).toEqual(atTakeover);
  await claim[Symbol.asyncDispose]();
});

test("a claim whose answer is still on its way is not taken for a dead one's", async () => {
  const fault = { after: 0, counting: "answered", then: "late" } as const;
  await behindProxy(portOf(place), fault, async (port) => {
    const url = new URL(place.databaseUrl ?? "");
    await using direct = await openStore({ url: new Secret(url.href), directory: "" });
    url.port = String(port);
    await using far = await openStore({ url: new Secret(url.href), directory: "" });
    const { signal } = new AbortController();
    const first = claimDirectory(far, "corp", processHolder(), signal);
    await expect.poll(() => query(place, "select 1 from leases"), { interval: 10 }).toHaveLength(1);
    const second = claimDirectory(direct, "corp", processHolder(), signal);
    await expect(second).rejects.toThrow("in use by a run of");
    await (await first)[Symbol.asyncDispose]();
  });
});

test(
  "a database that falls silent ends the run, and the next one takes it up",
  { timeout: 240_000 },
  async () => {
    configure("Engineer");
    const bytes = await measure();
    const fault = { after: Math.ceil(bytes * 0.6), counting: "sent", then: "silence" } as const;
    await behindProxy(portOf(place), fault, async (port) => {
      configure("Engineer");
      place.usePort(port);
      const { status, err } = await importApart(place).ended;
      expect(status).toBe(1);
      expect(err).toMatch(/database\.\w+/);
      expect(err).not.toMatch(/^\s+at .*:\d+/m);
    });
    configure("Engineer");
    expect(await place.json<RunDocument>("import", "corp")).toMatchObject({
      status: "done",
      counts: { created: PEOPLE },
    });
    expect(
      await query(
        place,
        "select status, error->>'code' as code from runs where not dry_run order by id",
      ),
    ).toEqual([
      { status: "failed", code: "run.interrupted" },
      { status: "done", code: null },
    ]);
  },
);

test("two daemons with one schedule: every tick is one import, and never two at once", async () => {
  configure("Engineer", `schedule: { full: "* * * * * *" }`);
  writeFileSync(
    place.config,
    readFileSync(place.config, "utf8").replace("http: off", "http: { port: 0 }"),
  );
  await place.run("migrate");
  const daemons = [0, 1].map(() =>
    spawn(process.execPath, [MAIN, "serve", "--config", place.config], { stdio: "ignore" }),
  );
  const runs = (): Promise<{ started_at: Date; finished_at: Date | null; status: string }[]> =>
    query(place, "select started_at, finished_at, status from runs order by started_at");
  for (let i = 0; i < 600 && (await runs()).length < 8; i++) await sleep(100);
  await Promise.all(daemons.map(stop));
  const all = await runs();
  expect(all.length).toBeGreaterThanOrEqual(8);
  expect(all.every((run) => ["done", "failed"].includes(run.status))).toBe(true);
  for (const [i, { started_at: started }] of all.entries()) {
    const before = all[i - 1];
    if (before === undefined) continue;
    expect(before.finished_at?.getTime()).toBeLessThanOrEqual(started.getTime());
    expect(Math.floor(before.started_at.getTime() / 1000)).toBeLessThan(
      Math.floor(started.getTime() / 1000),
    );
  }
  const events = await query<{ n: number }>(
    place,
    "select count(*)::int as n from system_log where event_type = 'system.import.user.create'",
  );
  expect(events).toEqual([{ n: PEOPLE }]);
});

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
