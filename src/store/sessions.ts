/** Links that sign in, and the sessions that they make. Of secrets only hashes are here. */
import { sql, type Selectable } from "kysely";
import { isRole, type Role } from "../model/role.ts";
import {
  FRESH_MINUTES,
  IDLE_HOURS,
  LINK_MINUTES,
  LONGEST_HOURS,
  type Session,
} from "../model/session.ts";
import type { Connection, Trx } from "./connection.ts";
import type { SessionsTable } from "./tables.ts";

const COLUMNS = [
  "id",
  "subject",
  "name",
  "role",
  "ip_address",
  "user_agent",
  "created_at",
  "used_at",
  "expires_at",
  sql<boolean>`coalesce(authenticated_at > clock_timestamp() - make_interval(mins => ${sql.lit(FRESH_MINUTES)}), false)`.as(
    "is_fresh",
  ),
] as const;

/** Some hours from now, by the database's clock. */
const inHours = (hours: number) =>
  sql<Date>`clock_timestamp() + make_interval(hours => ${hours}::int)`;
const isGood = sql<boolean>`expires_at > clock_timestamp()
  and used_at > clock_timestamp() - make_interval(hours => ${IDLE_HOURS}::int)`;

/** @returns when it ends to be good */
export async function insertLink(
  trx: Trx,
  link: { readonly id: string; readonly hash: string; readonly role: Role; readonly by: string },
): Promise<Date> {
  const yesterday = sql<Date>`clock_timestamp() - interval '1 day'`;
  await trx.deleteFrom("sign_in_links").where("expires_at", "<", yesterday).execute();
  const { expires_at: expiresAt } = await trx
    .insertInto("sign_in_links")
    .values({
      id: link.id,
      hash: link.hash,
      role: link.role,
      created_by: link.by,
      expires_at: sql<Date>`clock_timestamp() + make_interval(mins => ${LINK_MINUTES}::int)`,
      used_at: null,
    })
    .returning("expires_at")
    .executeTakeFirstOrThrow();
  return expiresAt;
}

/** What a link says: who may come in by it, or why nobody may. */
export type LinkTaken =
  | { readonly role: Role; readonly by: string }
  | "used"
  | "expired"
  | "unknown";

/** Uses a link up; of two at the same time, one has it. */
export async function takeLink(trx: Trx, hash: string): Promise<LinkTaken> {
  const row = await trx
    .selectFrom("sign_in_links")
    .select(["id", "role", "created_by", "used_at"])
    .select(sql<boolean>`expires_at <= clock_timestamp()`.as("is_old"))
    .where("hash", "=", hash)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined || !isRole(row.role)) return "unknown";
  if (row.used_at !== null) return "used";
  if (row.is_old) return "expired";
  const used = { used_at: sql<Date>`clock_timestamp()` };
  await trx.updateTable("sign_in_links").set(used).where("id", "=", row.id).execute();
  return { role: row.role, by: row.created_by };
}

export async function insertSession(
  trx: Trx,
  session: Pick<Session, "id" | "subject" | "name" | "role" | "ipAddress" | "userAgent"> & {
    readonly hash: string;
    /** When they showed who they are; "now": by what they came with; null: nobody said. */
    readonly authenticatedAt: Date | "now" | null;
  },
): Promise<Session> {
  await trx
    .deleteFrom("sessions")
    .where(sql<boolean>`not (${isGood})`)
    .execute();
  const row = await trx
    .insertInto("sessions")
    .values({
      id: session.id,
      hash: session.hash,
      subject: session.subject,
      name: session.name,
      role: session.role,
      ip_address: session.ipAddress,
      user_agent: session.userAgent,
      // Another machine said so, whose clock may be ahead.
      authenticated_at:
        session.authenticatedAt === "now"
          ? sql<Date>`clock_timestamp()`
          : session.authenticatedAt &&
            sql<Date>`least(${session.authenticatedAt}, clock_timestamp())`,
      expires_at: inHours(LONGEST_HOURS),
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return toSession(row) as Session;
}

/** The session that a secret stands for, unless it has ended. */
export async function sessionByHash(db: Connection, hash: string): Promise<Session | null> {
  const row = await db
    .selectFrom("sessions")
    .select(COLUMNS)
    .where("hash", "=", hash)
    .where(isGood)
    .executeTakeFirst();
  return row === undefined ? null : toSession(row);
}

/** Those that have not ended; whoever signed in last comes first. */
export async function listSessions(db: Connection): Promise<Session[]> {
  const rows = await db
    .selectFrom("sessions")
    .select(COLUMNS)
    .where(isGood)
    .orderBy("created_at", "desc")
    .execute();
  return rows.map(toSession).filter((one) => one !== null);
}

/** @returns null if there is none of this id */
export async function deleteSession(trx: Trx, id: string): Promise<Session | null> {
  const row = await trx
    .deleteFrom("sessions")
    .where(sql<boolean>`id::text = ${id}`)
    .returning(COLUMNS)
    .executeTakeFirst();
  return row === undefined ? null : toSession(row);
}

/** Notes that a session was used, once a minute at most. */
export async function noteSessionUse(db: Connection, id: string): Promise<void> {
  await db
    .updateTable("sessions")
    .set({ used_at: sql<Date>`clock_timestamp()` })
    .where("id", "=", id)
    .where(sql<boolean>`used_at < clock_timestamp() - interval '1 minute'`)
    .execute();
}

/** A role of a newer Rollcall is none that is known here: such a session opens nothing. */
function toSession(
  row: Omit<Selectable<SessionsTable>, "hash" | "authenticated_at"> & {
    readonly is_fresh: boolean;
  },
): Session | null {
  if (!isRole(row.role)) return null;
  return {
    id: row.id,
    subject: row.subject,
    name: row.name,
    role: row.role,
    ipAddress: row.ip_address,
    userAgent: row.user_agent,
    isFresh: row.is_fresh,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.used_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  };
}
