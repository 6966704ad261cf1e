/** Several processes at once, and a database that says nothing: every import is whole, and one at a time. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { behindProxy, importApart } from "./faults/fault.ts";
import { query } from "./faults/world.ts";
import { PROGRAM } from "../support/program.ts";
import { OneDirectory, PEOPLE } from "./faults/one-directory.ts";
import type { RunDocument } from "../support/rollcall.ts";

const one = new OneDirectory();

test(
  "a database that falls silent ends the run, and the next one takes it up",
  { timeout: 240_000 },
  async () => {
    one.configure("Engineer");
    const bytes = await one.measure();
    const fault = { after: Math.ceil(bytes * 0.6), counting: "sent", then: "silence" } as const;
    await behindProxy(one.port, fault, async (port) => {
      one.configure("Engineer");
      one.place.usePort(port);
      const { status, err } = await importApart(one.place).ended;
      expect(status).toBe(1);
      expect(err).toMatch(/database\.\w+/);
      expect(err).not.toMatch(/^\s+at .*:\d+/m);
    });
    one.configure("Engineer");
    expect(await one.place.json<RunDocument>("import", "corp")).toMatchObject({
      status: "done",
      counts: { created: PEOPLE },
    });
    expect(
      await query(
        one.place,
        "select status, error->>'code' as code from runs where not dry_run order by id",
      ),
    ).toEqual([
      { status: "failed", code: "run.interrupted" },
      { status: "done", code: null },
    ]);
  },
);

test("two daemons with one schedule: every tick is one import, and never two at once", async () => {
  one.configure("Engineer", `schedule: { full: "* * * * * *" }`);
  writeFileSync(
    one.place.config,
    readFileSync(one.place.config, "utf8").replace("http: off", "http: { port: 0 }"),
  );
  await one.place.run("migrate");
  const daemons = [0, 1].map(() =>
    spawn(process.execPath, [PROGRAM, "serve", "--config", one.place.config], { stdio: "ignore" }),
  );
  const runs = (): Promise<{ started_at: Date; finished_at: Date | null; status: string }[]> =>
    query(one.place, "select started_at, finished_at, status from runs order by started_at");
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
    one.place,
    "select count(*)::int as n from system_log where event_type = 'system.import.user.create'",
  );
  expect(events).toEqual([{ n: PEOPLE }]);
});

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
