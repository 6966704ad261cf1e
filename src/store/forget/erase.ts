/**
 * Whatever is kept of a person, and its end: profile, app profiles, history, images for putting runs
 * back, and the events of the System Log. Events and histories stay as such, without whom they are
 * about, so that what a run did can still be counted. What belongs to somebody else is not touched,
 * whatever names the two have in common.
 */
import { sql } from "kysely";
import { eraseAccounts } from "../accounts.ts";
import type { Trx } from "../connection.ts";
import { deleteUser } from "../edits.ts";
import { eraseLeft } from "../source-entries.ts";
import { eraseEvents } from "./events.ts";
import { FORGOTTEN } from "./forgotten.ts";
import { eraseWithOthers, isTelling } from "./others.ts";
import { historyOf, namesOf, rowsAmong } from "./told.ts";
import type { Trace } from "./traces.ts";

/** What was erased. */
export interface Erased {
  readonly appProfiles: number;
  readonly changes: number;
  readonly images: number;
  readonly events: number;
}

/** Erases a person. @param userId null where an app profile never had a user */
export async function erase(
  trx: Trx,
  userId: string | null,
  entries: readonly Trace[],
): Promise<Erased> {
  const told = await historyOf(trx, userId, entries);
  const names = await namesOf(trx, userId, entries, told);
  const owned = rowsAmong(told.filter((row) => row.owned));
  const others = rowsAmong(told.filter((row) => !row.owned));
  const images = await sql`delete from run_undo t using ${owned}
    where t.run_id = f.run and t.seq = f.seq`.execute(trx);
  await sql`update run_undo t set app_user_before = null from ${others}
    where t.run_id = f.run and t.seq = f.seq`.execute(trx);
  await sql`update run_changes t set external_id = null, dn = ${FORGOTTEN}, user_id = null,
      login = null, changes = '[]', error = null from ${owned}
    where t.run_id = f.run and t.seq = f.seq`.execute(trx);
  // What was somebody else's then keeps all but the entry.
  await sql`update run_changes t set external_id = null, dn = ${FORGOTTEN} from ${others}
    where t.run_id = f.run and t.seq = f.seq`.execute(trx);
  const events = await eraseEvents(trx, userId, entries, names);
  for (const name of names.filter(isTelling)) await eraseWithOthers(trx, name);
  for (const { directory, externalId } of entries)
    await sql`delete from app_users where directory = ${directory}
      and external_id = ${externalId}`.execute(trx);
  for (const { directory, externalId } of entries) await eraseLeft(trx, directory, externalId);
  if (userId !== null) {
    await eraseAccounts(trx, userId);
    await deleteUser(trx, userId);
  }
  return {
    appProfiles: entries.length,
    images: Number(images.numAffectedRows ?? 0),
    changes: told.length,
    events,
  };
}
