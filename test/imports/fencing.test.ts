/** Several processes, and processes that sleep: one run per directory, and no write of a loser lands. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { claimDirectory, processHolder } from "../../src/engine/claim.ts";
import { Secret } from "../../src/model/secret.ts";
import { openStore } from "../../src/store/database.ts";
import { behindProxy, importApart } from "./faults/fault.ts";
import { query } from "./faults/world.ts";
import { OneDirectory } from "./faults/one-directory.ts";
import type { RunDocument } from "../support/rollcall.ts";

const one = new OneDirectory();

describe("a process that is paused and wakes up after its claim was taken", () => {
  test.each([
    ["while it reads", 0.5],
    ["when it has read", 0.985],
    ["while it applies", 1.002],
  ])("%s: none of its writes lands", async (_, share) => {
    one.configure("Engineer");
    await one.place.run("import", "corp");
    one.configure("Sleeper");
    const bytes = await one.measure();
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
    await behindProxy(one.port, fault, async (port) => {
      one.configure("Sleeper");
      one.place.usePort(port);
      const sleeper = importApart(one.place);
      child.pause = () => sleeper.kill("SIGSTOP");
      await limit.promise;
      await sleep(500);
      // Time passes; whatever lock the sleeper holds in an open transaction, the database takes back.
      await query(
        one.place,
        "update leases set expires_at = clock_timestamp() - interval '1 second'",
      );
      one.configure("Winner");
      const run = await one.place.json<RunDocument>("import", "corp");
      expect(run.status).toBe("done");
      const after = await picture();
      sleeper.kill("SIGCONT");
      const { status, err } = await sleeper.ended;
      expect(status).toBe(1);
      expect(err).toMatch(/run\.leaseLost|database\.(?:failed|silent)/);
      expect(await picture()).toEqual(after);
      const users = await one.place.users();
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
    const hashes: unknown[] = [];
    for (const table of tables)
      hashes.push(
        await query(
          one.place,
          `select md5(string_agg(t::text, '|' order by t::text)) from ${table} t`,
        ),
      );
    return hashes;
  }
});

test("rows on their way into the database land before the claim is taken over, or never", async () => {
  const settings = { url: new Secret(one.place.databaseUrl ?? ""), directory: "" };
  await using sleeper = await openStore(settings);
  await using other = await openStore(settings);
  const { signal } = new AbortController();
  const claim = await claimDirectory(sleeper, "corp", processHolder(), signal);
  // The database takes its time between the last statement of a transaction and its end.
  await query(
    one.place,
    "create function doze() returns trigger language plpgsql as 'begin perform pg_sleep(2); return null; end'",
  );
  await query(
    one.place,
    "create constraint trigger doze after insert on schedule_slots deferrable initially deferred for each row execute function doze()",
  );
  const copied = sleeper.copy(
    "schedule_slots",
    ["name", "slot"],
    Buffer.from("row\t2026-01-01\n"),
    claim.lease,
  );
  const dozing = "select 1 from pg_stat_activity where wait_event = 'PgSleep'";
  await expect.poll(() => query(one.place, dozing), { interval: 10 }).toHaveLength(1);
  await query(one.place, "update leases set expires_at = clock_timestamp() - interval '1 second'");
  await using taken = await claimDirectory(other, "corp", "another process", signal);
  expect(taken.lease.fence).toBe(2);
  const atTakeover = await query(one.place, "select name from schedule_slots");
  await copied.catch(() => undefined);
  expect(await query(one.place, "select name from schedule_slots")).toEqual(atTakeover);
  await claim[Symbol.asyncDispose]();
});

test("a claim whose answer is still on its way is not taken for a dead one's", async () => {
  const fault = { after: 0, counting: "answered", then: "late" } as const;
  await behindProxy(one.port, fault, async (port) => {
    const url = new URL(one.place.databaseUrl ?? "");
    await using direct = await openStore({ url: new Secret(url.href), directory: "" });
    url.port = String(port);
    await using far = await openStore({ url: new Secret(url.href), directory: "" });
    const { signal } = new AbortController();
    const first = claimDirectory(far, "corp", processHolder(), signal);
    await expect
      .poll(() => query(one.place, "select 1 from leases"), { interval: 10 })
      .toHaveLength(1);
    const second = claimDirectory(direct, "corp", processHolder(), signal);
    await expect(second).rejects.toThrow("in use by a run of");
    await (await first)[Symbol.asyncDispose]();
  });
});
