import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { query } from "../imports/faults/world.ts";
import type { Workplace } from "./rollcall.ts";

const WAITS =
  "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";

/** A connection of the test's own to Rollcall's database, for a transaction that stands in the way. */
export async function connect(place: Workplace): Promise<Client> {
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  return client;
}

/** Until something in this database waits for a lock of another session. */
export async function somethingWaits(place: Workplace): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if ((await query(place, WAITS)).length > 0) return;
    await pause(25);
  }
  throw new Error("nothing waited for a lock");
}
