/**
 * Faults × stages, against real servers. `npm run faults` does it at many more points and writes
 * the table in docs/11-faults.md; how many is FAULT_POINTS, from which seed FAULT_SEED.
 */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { breakdowns, DATABASE_FAULTS, SmallDisk } from "./faults/database-faults.ts";
import { DIRECTORY_FAULTS, wireFaults } from "./faults/directory-faults.ts";
import type { Fault, Outcome } from "./faults/fault.ts";
import { faultsTable, type Row } from "./faults/table.ts";
import { World } from "./faults/world.ts";
import { seeded } from "../support/people.ts";
import type { Postgres } from "../support/postgres.ts";
import type { RunDocument } from "../support/rollcall.ts";

const POINTS = Number(process.env["FAULT_POINTS"] ?? 4);
const SEED = Number(process.env["FAULT_SEED"] ?? 20_261_123);
const TABLE = process.env["FAULT_TABLE"];

let world: World;
let disk: SmallDisk | null;
const rows: Row[] = [];

beforeAll(async () => {
  world = await World.create();
  disk = await SmallDisk.create(world);
});
afterAll(async () => {
  await disk?.[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  if (TABLE !== undefined) writeFileSync(TABLE, faultsTable(rows, { seed: SEED, points: POINTS }));
});

/** Each person is as before or as after, and the next import ends as if nothing had been. */
async function suffer(fault: Fault, postgres: Postgres = world.postgres): Promise<Outcome> {
  const place = world.place(postgres);
  const outcome = await fault.run(world, place);
  const { before, after } = world.pictures;
  const found = await world.picture(place);
  const except = new Set(fault.except ?? []);
  const people = [...found.people].filter(([id]) => !except.has(id));
  const halfWritten = people.filter(([id, { hash }]) => {
    return hash !== before.people.get(id)?.hash && hash !== after.people.get(id)?.hash;
  });
  const removed = people.filter(
    ([id, { active }]) =>
      !active && after.people.get(id)?.active === true && before.people.get(id)?.active === true,
  );
  const missing = [...before.people.keys()].filter((id) => !found.people.has(id));
  const left = await world.leftOvers(place);
  world.configure(place, {});
  const healed = await place.json<RunDocument>("import", "corp", "--full");
  const end = await world.picture(place);
  const equal = [...end.people].filter(([id, { hash }]) => hash !== after.people.get(id)?.hash);
  const open = await world.open(place);
  rows.push({
    fault: fault.name,
    ...outcome,
    wronglyRemoved: removed.length + missing.length,
    halfWritten: halfWritten.length + left.length,
    equal: equal.length === 0 && end.people.size === after.people.size && open.length === 0,
  });
  const text = `${fault.name}: ${JSON.stringify(outcome)}`;
  expect({ removed, missing, halfWritten, left }, text).toEqual({
    removed: [],
    missing: [],
    halfWritten: [],
    left: [],
  });
  expect({ equal, open, status: healed.status }, text).toEqual({
    equal: [],
    open: [],
    status: "done",
  });
  expect(end.people.size, text).toBe(after.people.size);
  world.drop(place, postgres);
  return outcome;
}

describe("a fault leaves each person as before or as after", () => {
  test.each([...DIRECTORY_FAULTS, ...DATABASE_FAULTS])("$name", async (fault) => {
    const outcome = await suffer(fault);
    expect(outcome).toMatchObject(fault.expected ?? {});
  });
});

describe("a fault at seeded random points", () => {
  const random = seeded(SEED);
  const points = Array.from({ length: POINTS }, (_, i) => (i + random()) / POINTS);
  const minutes = 10_000 * (POINTS + 12);
  const kinds = [...wireFaults(0), ...breakdowns(0)].map((fault) => fault.name);

  test.each(kinds)("%s", { timeout: minutes }, async (name) => {
    for (const at of points) {
      const fault = [...wireFaults(at), ...breakdowns(at)].find((one) => one.name === name);
      if (fault !== undefined) await suffer(fault);
    }
    const mine = rows.filter((row) => row.fault === name);
    expect(mine).toHaveLength(POINTS);
    // Most points must really have stopped something.
    expect(mine.filter((row) => row.ended !== "done").length).toBeGreaterThan(POINTS / 2);
  });

  test("disk full", { timeout: minutes }, async (context) => {
    if (disk === null) return context.skip("no file system can be mounted here");
    for (const at of points) await suffer(disk.fault(Math.ceil(at * 6_000_000)), disk.postgres);
    expect(rows.some((row) => row.fault === "disk full" && row.ended !== "done")).toBe(true);
  });
});
