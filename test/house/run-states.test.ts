/** Which state of a run may follow which: every pair, tried on a real database. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { uuidV7 } from "../../src/lib/uuid.ts";
import { SYSTEM_ACTOR } from "../../src/model/event.ts";
import { NEXT, NO_COUNTS, type Held, type RunState } from "../../src/model/run.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Trx } from "../../src/store/connection.ts";
import { openStore, transact, type Store } from "../../src/store/database.ts";
import * as steps from "../../src/store/run-steps.ts";
import { findRun, insertRun } from "../../src/store/runs.ts";
import { DATABASES, Workplace } from "../support/rollcall.ts";

const HELD: Held = {
  level: "directory",
  reason: "Too many.",
  removals: 2,
  total: 2,
  percent: 100,
  limit: 20,
  of: "removals",
  unit: "%",
  findings: [],
};
const ERROR = { code: "ldap.busy", message: "Busy." };

/** How each state is reached; a run begins in the first one. */
const STEPS: Readonly<Record<RunState, ((trx: Trx, id: string) => Promise<void>) | null>> = {
  reading: null,
  judging: (trx, id) => steps.beginJudging(trx, id, {}),
  applying: (trx, id) => steps.beginApplying(trx, id, null),
  held: (trx, id) => steps.holdRun(trx, id, HELD, null),
  done: (trx, id) => steps.endAsDone(trx, id, NO_COUNTS, []),
  failed: (trx, id) => steps.endAsFailed(trx, id, ERROR),
  cancelled: (trx, id) => steps.cancelHeld(trx, id, "admin"),
};
const STATES = Object.keys(NEXT) as RunState[];

/** The shortest way to a state. */
function wayTo(state: RunState): RunState[] {
  const ways: RunState[][] = [[]];
  for (const way of ways) {
    const here = way.at(-1) ?? "reading";
    if (here === state) return way;
    for (const next of NEXT[here]) if (!way.includes(next)) ways.push([...way, next]);
  }
  throw new Error(`no way leads to ${state}`);
}

describe.each(DATABASES)("on %s", (kind) => {
  let place: Workplace;
  let store: Store;
  beforeAll(async () => {
    place = await Workplace.create(kind);
    const url = place.databaseUrl === null ? null : new Secret(place.databaseUrl);
    store = await openStore({ url, directory: `${place.folder}/data` });
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    place.remove();
  });

  async function step(id: string, to: RunState): Promise<void> {
    await transact(store, async (trx) => await STEPS[to]?.(trx, id));
  }

  async function runIn(state: RunState): Promise<string> {
    const id = uuidV7();
    await insertRun(store.db, {
      id,
      kind: "import",
      directory: "corp",
      type: "full",
      trigger: "manual",
      actor: SYSTEM_ACTOR,
      dryRun: false,
      fingerprint: "",
      scope: "",
      search: null,
      reverts: null,
    });
    for (const next of wayTo(state)) await step(id, next);
    return id;
  }

  const pairs = STATES.flatMap((from) =>
    STATES.filter((to) => STEPS[to] !== null).map((to) => [from, to] as const),
  );

  test.each(pairs)("from %s to %s: only if the table says so", async (from, to) => {
    const id = await runIn(from);
    const before = await findRun(store.db, id);
    expect(before?.state).toBe(from);
    if (NEXT[from].includes(to)) {
      await step(id, to);
      expect((await findRun(store.db, id))?.state).toBe(to);
    } else {
      await expect(step(id, to)).rejects.toMatchObject({ code: "internal.error" });
      expect(await findRun(store.db, id)).toEqual(before);
    }
  });

  test("the time of the end stands with what has ended, and the place of the plan with what is held", async () => {
    for (const state of STATES) {
      const run = await findRun(store.db, await runIn(state));
      expect(run?.finishedAt === null).toBe(NEXT[state].length > 0);
    }
    const held = await runIn("held");
    expect((await findRun(store.db, held))?.planTable).toBe("held_plan");
    await transact(store, (trx) => steps.approveHeld(trx, held, "admin"));
    const approved = await findRun(store.db, held);
    expect([approved?.state, approved?.planTable, approved?.decidedBy]).toEqual([
      "applying",
      "held_plan",
      "admin",
    ]);
  });
});
