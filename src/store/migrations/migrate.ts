import { sql, type Kysely } from "kysely";
import { Migrator, type Migration } from "kysely/migration";
import { RollcallError } from "../../model/errors.ts";
import type { Tables } from "../tables.ts";
import { first } from "./2026-11-22-0001-first.ts";
import { incremental } from "./2026-11-22-0002-incremental.ts";
import { trust } from "./2026-11-23-0003-trust.ts";
import { sourcing } from "./2026-11-23-0004-sourcing.ts";
import { house } from "./2026-11-28-0005-house.ts";
import { names } from "./2026-11-29-0006-names.ts";
import { apps } from "./2026-11-29-0007-apps.ts";
import { api } from "./2026-11-29-0008-api.ts";
import { pauses } from "./2026-11-30-0009-pauses.ts";
import { sessions } from "./2026-11-30-0010-sessions.ts";
import { identitySources } from "./2026-11-30-0011-identity-sources.ts";
import { atAMillion } from "./2026-11-30-0012-at-a-million.ts";
import { keptCounts } from "./2026-11-30-0013-kept-counts.ts";
import { lookups } from "./2026-11-30-0014-lookups.ts";
import { authenticated } from "./2026-12-01-0015-authenticated.ts";
import { history } from "./2026-12-01-0016-history.ts";

/** All migrations, in order. Append only; never change one that was released. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "2026-11-22-0001-first": first,
  "2026-11-22-0002-incremental": incremental,
  "2026-11-23-0003-trust": trust,
  "2026-11-23-0004-sourcing": sourcing,
  "2026-11-28-0005-house": house,
  "2026-11-29-0006-names": names,
  "2026-11-29-0007-apps": apps,
  "2026-11-29-0008-api": api,
  "2026-11-30-0009-pauses": pauses,
  "2026-11-30-0010-sessions": sessions,
  "2026-11-30-0011-identity-sources": identitySources,
  "2026-11-30-0012-at-a-million": atAMillion,
  "2026-11-30-0013-kept-counts": keptCounts,
  "2026-11-30-0014-lookups": lookups,
  "2026-12-01-0015-authenticated": authenticated,
  "2026-12-01-0016-history": history,
};

export interface MigrationReport {
  readonly applied: readonly string[];
  readonly current: string;
}

/**
 * Brings the schema to the newest version; may run in several processes at once.
 * @throws RollcallError `database.tooNew`
 */
export async function migrate(db: Kysely<Tables>): Promise<MigrationReport> {
  const current = Object.keys(MIGRATIONS).at(-1) ?? "";
  // Nearly always; asking costs less than the migrator's lock and its look at the whole schema.
  if (await isCurrent(db)) return { applied: [], current };
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(sequentially(MIGRATIONS)) },
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const message = error instanceof Error ? error.message : "";
    if (message.includes("corrupted migrations")) {
      throw new RollcallError(
        "database.tooNew",
        "The database has a newer schema than this Rollcall knows.",
        { cause: error },
      );
    }
    throw error;
  }
  const applied = (results ?? []).map((result) => result.migrationName);
  return { applied, current };
}

/**
 * All migrations are one transaction. Where history lies in distributed tables, its statements have to
 * reach each server over one connection; elsewhere the setting says nothing.
 */
function sequentially(migrations: Readonly<Record<string, Migration>>): Record<string, Migration> {
  const up = async (db: Kysely<unknown>, migration: Migration): Promise<void> => {
    await sql`set local citus.multi_shard_modify_mode = 'sequential'`.execute(db);
    await migration.up(db);
  };
  return Object.fromEntries(
    Object.entries(migrations).map(([name, one]) => [name, { up: (db) => up(db, one) }]),
  );
}

/** Whether exactly the migrations that are known here were done. */
async function isCurrent(db: Kysely<Tables>): Promise<boolean> {
  const { rows: found } = await sql<{ exists: boolean }>`
    select to_regclass('kysely_migration') is not null as exists`.execute(db);
  if (found[0]?.exists !== true) return false;
  const { rows } = await sql<{ name: string }>`
    select name from kysely_migration order by name`.execute(db);
  return rows.map((row) => row.name).join() === Object.keys(MIGRATIONS).join();
}
