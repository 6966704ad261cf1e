/**
 * One run per directory at a time, over all processes: a row that its owner renews. Every
 * takeover raises the fence; a process that was paused and wakes up after its lease was taken
 * finds another fence in the transaction of its next write, and writes nothing.
 */
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Progress } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";

export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
}

export const LEASE_SECONDS = 30;

/**
 * Takes the lease if nobody holds it; otherwise tells who does, and until when.
 * @param owner of the claim; whoever keeps a list of its claims has to know it before others see it
 */
export async function acquireLease(
  db: Connection,
  name: string,
  holder: string,
  owner: string = randomUUID(),
): Promise<Lease | { readonly holder: string; readonly owner: string; readonly expiresAt: Date }> {
  const taken = await sql<{ fence: number }>`
    insert into leases as l (name, owner, holder, fence, expires_at)
    values (${name},
      ${owner}, ${holder}, 1, clock_timestamp() + ${LEASE_SECONDS} * interval '1 second')
    on conflict (name) do update
      set owner = excluded.owner, holder = excluded.holder, fence = l.fence + 1,
        expires_at = excluded.expires_at, run_id = null, progress = null, stop_by = null
      where l.expires_at < clock_timestamp()
    returning fence`.execute(db);
  const [row] = taken.rows;
  if (row !== undefined) return { name, owner, fence: row.fence };
  const other = await db
    .selectFrom("leases")
    .select(["holder", "owner", "expires_at"])
    .where("name", "=", name)
    .executeTakeFirst();
  return {
    holder: other?.holder ?? "another process",
    owner: other?.owner ?? "",
    expiresAt: other?.expires_at ?? new Date(),
  };
}

/**
 * Prolongs the lease. @param progress how far its holder is; null: as it was told before
 * @returns who wants the holder to stop; null: nobody
 * @throws RollcallError `run.leaseLost` if somebody else took it
 */
export async function renewLease(
  db: Connection,
  lease: Lease,
  progress: Progress | null = null,
): Promise<string | null> {
  const told = progress === null ? null : jsonText(progress);
  const renewed = await sql<{ stop_by: string | null }>`
    update leases set expires_at = clock_timestamp() + ${LEASE_SECONDS} * interval '1 second',
      progress = coalesce(${told}::jsonb, progress)
    where name = ${lease.name} and owner = ${lease.owner} and fence = ${lease.fence}
    returning stop_by`.execute(db);
  const [row] = renewed.rows;
  if (row === undefined) throw leaseLost(lease);
  return row.stop_by;
}

/** Notes which run the holder of a lease works on from now on: only that one is stopped by its id. */
export async function workOn(trx: Trx, lease: Lease, runId: string): Promise<void> {
  await sql`update leases set run_id = ${runId}, progress = null, stop_by = null
    where name = ${lease.name} and owner = ${lease.owner} and fence = ${lease.fence}`.execute(trx);
}

/** Asks whoever works on a run to stop. @returns false if nobody does */
export async function askToStop(trx: Trx, runId: string, by: string): Promise<boolean> {
  const asked = await trx
    .updateTable("leases")
    .set({ stop_by: by })
    .where("run_id", "=", runId)
    .where("expires_at", ">=", sql<Date>`clock_timestamp()`)
    .returning("name")
    .execute();
  return asked.length > 0;
}

export async function releaseLease(db: Connection, lease: Lease): Promise<void> {
  await sql`
    update leases set expires_at = clock_timestamp() - interval '1 second'
    where name = ${lease.name} and owner = ${lease.owner} and fence = ${lease.fence}`.execute(db);
}

/** Who holds a lease now; null if nobody does. */
export async function leaseHolder(
  db: Connection,
  name: string,
): Promise<{ readonly holder: string; readonly owner: string } | null> {
  const { rows } = await sql<{ holder: string; owner: string }>`
    select holder, owner from leases where name = ${name}
      and expires_at >= clock_timestamp()`.execute(db);
  return rows[0] ?? null;
}

/** Whether a lease is free, or held for a run that is over: whoever has it only tidies up. */
export async function isAsGoodAsFree(db: Connection, name: string): Promise<boolean> {
  const { rows } = await sql<{ held: boolean }>`
    select exists (select from leases l left join runs r on r.id = l.run_id
      where l.name = ${name} and l.expires_at >= clock_timestamp()
        and (r.id is null or r.status = 'running')) as held`.execute(db);
  return rows[0]?.held === false;
}

/** Frees a lease whose holder is known to be dead. */
export async function breakLease(
  db: Connection,
  name: string,
  { holder, owner }: { readonly holder: string; readonly owner: string },
): Promise<void> {
  await sql`
    update leases set expires_at = clock_timestamp() - interval '1 second'
    where name = ${name} and holder = ${holder} and owner = ${owner}`.execute(db);
}

/**
 * Makes sure, inside the transaction of a write, that the lease still is ours, and keeps it so.
 * Shared, because two batches of the same run may be written at once.
 */
export async function fence(trx: Trx, lease: Lease): Promise<void> {
  const held = await sql<{ name: string }>`
    select name from leases
    where name = ${lease.name} and owner = ${lease.owner} and fence = ${lease.fence}
    for share`.execute(trx);
  if (held.rows.length === 0) throw leaseLost(lease);
}

/** The same for a connection of its own: a statement that finds a row while the lease is ours. */
export function fenceStatement({ name, owner, fence: number }: Lease): {
  readonly text: string;
  readonly values: unknown[];
} {
  const text = "select 1 from leases where name = $1 and owner = $2 and fence = $3 for share";
  return { text, values: [name, owner, number] };
}

export function leaseLost(lease: Lease): RollcallError {
  return new RollcallError(
    "run.leaseLost",
    `The claim on ${lease.name} was taken over by another process.`,
  );
}

/** True for one caller per time slot, over all processes: the one that may start the schedule. */
export async function claimSlot(db: Connection, name: string, slot: Date): Promise<boolean> {
  const claimed = await sql<{ name: string }>`
    insert into schedule_slots as s (name, slot) values (${name}, ${slot})
    on conflict (name) do update set slot = excluded.slot where s.slot < excluded.slot
    returning name`.execute(db);
  return claimed.rows.length > 0;
}
