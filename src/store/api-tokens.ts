/** API tokens. Of a secret only its hash is here. */
import { sql, type Selectable } from "kysely";
import type { ApiToken } from "../model/api-token.ts";
import { isRole } from "../model/role.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";
import type { ApiTokensTable } from "./tables.ts";

type Row = Omit<Selectable<ApiTokensTable>, "hash">;

const COLUMNS = [
  "id",
  "name",
  "role",
  "created_by",
  "created_at",
  "expires_at",
  "used_at",
  "sources",
] as const;

/** A role of a newer Rollcall is none that is known here: such a token opens nothing. */
function toToken(row: Row): ApiToken | null {
  if (!isRole(row.role)) return null;
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    sources: row.sources,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.used_at?.toISOString() ?? null,
  };
}

export interface NewToken {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly hash: string;
  readonly createdBy: string;
  readonly expiresAt: Date | null;
  readonly sources: readonly string[] | null;
}

/** @returns null if there is one of this name */
export async function insertToken(trx: Trx, token: NewToken): Promise<ApiToken | null> {
  const row = await trx
    .insertInto("api_tokens")
    .values({
      id: token.id,
      name: token.name,
      role: token.role,
      hash: token.hash,
      created_by: token.createdBy,
      expires_at: token.expiresAt,
      used_at: null,
      sources: token.sources === null ? null : jsonText(token.sources),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning(COLUMNS)
    .executeTakeFirst();
  return row === undefined ? null : toToken(row);
}

/** All, by name; expired ones, too. */
export async function listTokens(db: Connection): Promise<ApiToken[]> {
  const rows = await db.selectFrom("api_tokens").select(COLUMNS).orderBy("name").execute();
  return rows.map(toToken).filter((token) => token !== null);
}

/** @returns null if there is none of this name */
export async function deleteToken(trx: Trx, name: string): Promise<ApiToken | null> {
  const row = await trx
    .deleteFrom("api_tokens")
    .where("name", "=", name)
    .returning(COLUMNS)
    .executeTakeFirst();
  return row === undefined ? null : toToken(row);
}

/** The token that a secret stands for, unless it has expired. */
export async function tokenByHash(db: Connection, hash: string): Promise<ApiToken | null> {
  const row = await db
    .selectFrom("api_tokens")
    .select(COLUMNS)
    .where("hash", "=", hash)
    .where(sql<boolean>`coalesce(expires_at > clock_timestamp(), true)`)
    .executeTakeFirst();
  return row === undefined ? null : toToken(row);
}

/** Notes that a token was used. */
export async function noteTokenUse(db: Connection, id: string): Promise<void> {
  await db
    .updateTable("api_tokens")
    .set({ used_at: sql<Date>`clock_timestamp()` })
    .where("id", "=", id)
    .where(sql<boolean>`coalesce(used_at < clock_timestamp() - interval '1 minute', true)`)
    .execute();
}
