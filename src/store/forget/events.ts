/** A person in the events of the System Log, which stay without whom they are about. */
import { sql } from "kysely";
import type { EventTarget } from "../../model/event.ts";
import type { Trx } from "../connection.ts";
import { jsonText } from "../json-text.ts";
import { FORGOTTEN } from "./forgotten.ts";
import { keyOf, livingAmong, type Trace } from "./traces.ts";

interface Row {
  readonly id: string;
  readonly target: readonly EventTarget[];
}

/**
 * Events about the person lose all that they tell; of a user who is there, only those that name the
 * entry lose its name. @returns how many were about the person
 */
export async function eraseEvents(
  trx: Trx,
  userId: string | null,
  entries: readonly Trace[],
  names: readonly string[],
): Promise<number> {
  const ids = entries.map((one) => one.externalId);
  const rows = await mentioning(trx, [...names, ...ids, ...(userId === null ? [] : [userId])]);
  const isNamed = ({ type, alternateId }: EventTarget): boolean =>
    type !== "AppInstance" && names.includes(alternateId);
  const keys = new Set(entries.map(keyOf));
  const isAbout = ({ target }: Row): boolean => {
    const directory = target.at(-1)?.id ?? "";
    return target.some(
      (one) =>
        one.id === userId ||
        isNamed(one) ||
        (one.type === "AppUser" && keys.has(keyOf({ directory, externalId: one.id }))),
    );
  };
  const isOthers = await aboutOthers(trx, userId, rows);
  const own = rows.filter((row) => isAbout(row) && !isOthers(row));
  await replaceTargets(trx, own, (one) => (one.type === "AppInstance" ? one : { ...one, ...GONE }));
  await sql`update system_log set debug_data = '{}',
      reason = case when reason is null then null else ${FORGOTTEN} end
    where id = any(${own.map((row) => row.id)}::uuid[])`.execute(trx);
  // Somebody else's event keeps all but a name that was the person's.
  const others = rows.filter((row) => isOthers(row) && row.target.some(isNamed));
  const { id: _, ...nameless } = GONE;
  await replaceTargets(trx, others, (one) => (isNamed(one) ? { ...one, ...nameless } : one));
  return own.length;
}

const GONE = { id: FORGOTTEN, alternateId: FORGOTTEN, displayName: FORGOTTEN };

/** Events with one of the names or identifiers among their first targets, and some others. */
async function mentioning(trx: Trx, keys: readonly string[]): Promise<readonly Row[]> {
  // The index knows numbers of them, which others may have as well.
  const { rows } = await sql<Row>`
    select id, target from system_log where rollcall_people_keys(target)
      && (select array_agg(hashtext(n)) from unnest(${keys}::text[]) n)`.execute(trx);
  return rows;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether an event is about another user, who is there. */
async function aboutOthers(
  trx: Trx,
  userId: string | null,
  rows: readonly Row[],
): Promise<(row: Row) => boolean> {
  const users = rows.flatMap(({ target }) =>
    target.flatMap(({ type, id }) => (type === "User" && UUID.test(id) ? [id] : [])),
  );
  const living = await livingAmong(trx, users);
  return ({ target }) =>
    target.some(({ type, id }) => type === "User" && id !== userId && living.has(id));
}

const AT_ONCE = 500;

async function replaceTargets(
  trx: Trx,
  rows: readonly Row[],
  change: (target: EventTarget) => EventTarget,
): Promise<void> {
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    const some = rows
      .slice(from, from + AT_ONCE)
      .map(({ id, target }) => ({ id, target: target.map(change) }));
    await sql`update system_log l set target = x.target
      from jsonb_to_recordset(${jsonText(some)}::jsonb) as x (id uuid, target jsonb)
      where l.id = x.id`.execute(trx);
  }
}
