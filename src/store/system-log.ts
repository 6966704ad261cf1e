/**
 * The System Log: the only place that writes and reads its table. Events are found by time (their
 * identifier begins with it), by type, by run, and by whom they are about; all indexes end with the
 * identifier, so that the table could be partitioned by it.
 */
import { sql, type Selectable, type SelectQueryBuilder } from "kysely";
import { uuidV7 } from "../lib/uuid.ts";
import { eventMessage } from "../model/event-messages.ts";
import type { EventActor, EventDraft, LogEvent, Outcome, Severity } from "../model/event.ts";
import type { Connection, Trx } from "./connection.ts";
import type { Store } from "./database.ts";
import { condition, lowestId, targetOf, typesByMessage } from "./filters/log-condition.ts";
import type { Filter } from "./filters/grammar.ts";
import type { SystemLogTable, Tables } from "./tables.ts";
import { jsonText } from "./json-text.ts";

export interface LogQuery {
  readonly filter: Filter | null;
  readonly since: Date | null;
  readonly until: Date | null;
  /** Keywords; each must occur, without regard to case. */
  readonly words: readonly string[];
  readonly limit: number;
  readonly newestFirst: boolean;
  /** Only events behind this one, in the order of the query. */
  readonly after: string | null;
  /** Only events with a smaller identifier; null: all. See `settledUntil`. */
  readonly before?: string | null;
}

/**
 * Writes events; in the transaction of what they tell, where there is one.
 * @param runId the run that they belong to; null: they stand for themselves
 */
export async function appendEvents(
  db: Connection | Trx,
  runId: string | null,
  actor: EventActor,
  events: readonly EventDraft[],
): Promise<void> {
  if (events.length === 0) return;
  // The database's clock, which the events of people have, too: one order for all of them.
  // With it the transaction is one that is writing: whoever follows the log does not go past it.
  const { rows } = await sql<{ now: Date }>`
    select pg_current_xact_id()::text as writing, clock_timestamp() as now`.execute(db);
  const now = rows[0]?.now ?? new Date();
  // Within a millisecond their order is random; what is told together is told in its order.
  const ids = events.map(() => uuidV7(now.getTime())).toSorted();
  await db
    .insertInto("system_log")
    .values(
      events.map((event, i) => ({
        id: ids[i] ?? uuidV7(now.getTime()),
        published: now,
        event_type: event.eventType,
        severity: event.severity,
        outcome: event.outcome.result,
        reason: event.outcome.reason ?? null,
        actor: jsonText(actor),
        target: jsonText(event.target),
        transaction_id: runId ?? ids[0] ?? uuidV7(),
        debug_data: jsonText(event.debugData),
      })),
    )
    .execute();
}

type Selecting = SelectQueryBuilder<Tables, "system_log", Selectable<SystemLogTable>>;

export async function queryLog(db: Connection, query: LogQuery): Promise<LogEvent[]> {
  const target = targetOf(query.filter);
  if (target === null)
    return (await found(db.selectFrom("system_log").selectAll(), query)).map(toEvent);
  // Asked for one target, the planner would rather walk through the whole log by time, as it does
  // not know how rare a person is. So people are looked up first, whatever else is asked.
  const people = db
    .with(
      (cte) => cte("system_log").materialized(),
      (qb) =>
        qb
          .selectFrom("system_log")
          .selectAll()
          .where(sql<boolean>`rollcall_people_keys(target) && array[hashtext(${target})]`),
    )
    .selectFrom("system_log")
    .selectAll();
  const instance = db
    .selectFrom("system_log")
    .selectAll()
    .where(sql<boolean>`(target->-1->>'id') = ${target}`);
  const rows = new Map<string, Selectable<SystemLogTable>>();
  for (const row of await found(people, query)) rows.set(row.id, row);
  for (const row of await found(instance, query)) rows.set(row.id, row);
  const sign = query.newestFirst ? -1 : 1;
  const sorted = [...rows.values()].toSorted((a, b) => (a.id < b.id ? -sign : sign));
  return sorted.slice(0, query.limit).map(toEvent);
}

/** What words are looked for in: the values of an event, as they are, without their names. */
const allTexts = sql`concat_ws(' ', event_type, outcome, reason, actor->>'id',
  actor->>'alternateId', actor->>'displayName',
  (select string_agg(concat_ws(' ', t.value->>'id', t.value->>'alternateId',
    t.value->>'displayName'), ' ') from jsonb_array_elements(target) t),
  (select string_agg(d.value, ' ') from jsonb_each_text(debug_data) d))`;

/** The rows that fit everything else that is asked, in order. */
async function found(from: Selecting, query: LogQuery): Promise<Selectable<SystemLogTable>[]> {
  let select = from.orderBy("id", query.newestFirst ? "desc" : "asc").limit(query.limit);
  if (query.filter !== null) select = select.where(condition(query.filter));
  if (query.since !== null) {
    // The identifier begins with the time, so its index finds the place.
    select = select
      .where("published", ">=", query.since)
      .where("id", ">=", lowestId(query.since.getTime() - 1000));
  }
  if (query.until !== null) {
    select = select
      .where("published", "<", query.until)
      .where("id", "<", lowestId(query.until.getTime() + 1000));
  }
  if (query.after !== null) select = select.where("id", query.newestFirst ? "<" : ">", query.after);
  if (query.before != null) select = select.where("id", "<", query.before);
  for (const word of query.words) {
    const pattern = `%${escapeLike(word)}%`;
    const types = typesByMessage((message) => message.toLowerCase().includes(word.toLowerCase()));
    select = select.where(
      sql<boolean>`(${allTexts} ilike ${pattern} or event_type = any(${types}::text[]))`,
    );
  }
  return await select.execute();
}

/** For the moment between the making of an event's identifier and its transaction's first write. */
const MARGIN_MS = 100;

/**
 * Until where the log is settled: no event with a smaller identifier can still come. Events get
 * their identifier before their transaction is committed, so whoever follows the log must not go
 * past a transaction that is still writing.
 */
export async function settledUntil({ db, kind }: Pick<Store, "db" | "kind">): Promise<string> {
  const writing =
    kind === "embedded"
      ? sql`null::timestamptz`
      : sql`(select min(xact_start) from pg_stat_activity
          where datname = current_database() and backend_xid is not null
            and pid <> pg_backend_pid())`;
  const { rows } = await sql<{ until: Date }>`
    select least(clock_timestamp(), ${writing}) as until`.execute(db);
  return lowestId((rows[0]?.until.getTime() ?? 0) - MARGIN_MS);
}

function toEvent(row: Selectable<SystemLogTable>): LogEvent {
  const { client, ...actor } = row.actor;
  return {
    uuid: row.id,
    published: row.published.toISOString(),
    eventType: row.event_type,
    version: "0",
    severity: row.severity as Severity,
    displayMessage: eventMessage(row.event_type),
    actor,
    client: client ?? null,
    outcome: {
      result: row.outcome as Outcome,
      ...(row.reason === null ? {} : { reason: row.reason }),
    },
    target: row.target,
    transaction: { id: row.transaction_id, type: "JOB" },
    debugContext: { debugData: row.debug_data },
  };
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}
