import { sql, type RawBuilder, type Selectable } from "kysely";
import { uuidV7 } from "../lib/uuid.ts";
import { EVENT_MESSAGES, eventMessage } from "../model/event-messages.ts";
import type { EventActor, EventDraft, LogEvent, Outcome, Severity } from "../model/event.ts";
import type { Connection, Trx } from "./database.ts";
import { DEBUG_DATA, type Comparison, type LogFilter } from "./log-filter.ts";
import type { SystemLogTable } from "./tables.ts";

export interface LogQuery {
  readonly filter: LogFilter | null;
  readonly since: Date | null;
  readonly until: Date | null;
  /** Keywords; each must occur, without regard to case. */
  readonly words: readonly string[];
  readonly limit: number;
  readonly newestFirst: boolean;
  /** Only events behind this one, in the order of the query. */
  readonly after: string | null;
}

/** Writes events; in the transaction of what they tell, where there is one. */
export async function appendEvents(
  db: Connection | Trx,
  runId: string,
  actor: EventActor,
  events: readonly EventDraft[],
): Promise<void> {
  if (events.length === 0) return;
  const now = Date.now();
  await db
    .insertInto("system_log")
    .values(
      events.map((event) => ({
        id: uuidV7(now),
        published: new Date(now),
        event_type: event.eventType,
        severity: event.severity,
        outcome: event.outcome.result,
        reason: event.outcome.reason ?? null,
        actor: JSON.stringify(actor),
        target: JSON.stringify(event.target),
        transaction_id: runId,
        debug_data: JSON.stringify(event.debugData),
      })),
    )
    .execute();
}

export async function queryLog(db: Connection, query: LogQuery): Promise<LogEvent[]> {
  let select = db
    .selectFrom("system_log")
    .selectAll()
    .orderBy("id", query.newestFirst ? "desc" : "asc")
    .limit(query.limit);
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
  for (const word of query.words) {
    const pattern = `%${escapeLike(word)}%`;
    const types = typesByMessage((message) => message.toLowerCase().includes(word.toLowerCase()));
    select = select.where(
      sql<boolean>`(concat_ws(' ', event_type, outcome, reason, actor::text, target::text, debug_data::text) ilike ${pattern} or event_type = any(${types}::text[]))`,
    );
  }
  return (await select.execute()).map(toEvent);
}

function toEvent(row: Selectable<SystemLogTable>): LogEvent {
  return {
    uuid: row.id,
    published: row.published.toISOString(),
    eventType: row.event_type,
    version: "0",
    severity: row.severity as Severity,
    displayMessage: eventMessage(row.event_type),
    actor: row.actor,
    outcome: {
      result: row.outcome as Outcome,
      ...(row.reason === null ? {} : { reason: row.reason }),
    },
    target: row.target,
    transaction: { id: row.transaction_id, type: "JOB" },
    debugContext: { debugData: row.debug_data },
  };
}

const COLUMNS = new Map([
  ["uuid", sql<string>`id::text`],
  ["eventType", sql<string>`event_type`],
  ["severity", sql<string>`severity`],
  ["outcome.result", sql<string>`outcome`],
  ["outcome.reason", sql<string>`reason`],
  ["transaction.id", sql<string>`transaction_id::text`],
]);

function condition(filter: LogFilter): RawBuilder<boolean> {
  switch (filter.kind) {
    case "and":
    case "or": {
      const separator = filter.kind === "and" ? sql` and ` : sql` or `;
      return sql<boolean>`(${sql.join(filter.items.map(condition), separator)})`;
    }
    case "not":
      return sql<boolean>`not coalesce(${condition(filter.item)}, false)`;
    case "present":
      if (filter.path === "displayMessage") return sql<boolean>`true`;
      return onPath(filter.path, (value) => sql<boolean>`coalesce(${value}, '') <> ''`);
    case "compare": {
      if (filter.operator === "ne") {
        return sql<boolean>`not coalesce(${condition({ ...filter, operator: "eq" })}, false)`;
      }
      if (filter.path === "displayMessage") return messageCondition(filter.operator, filter.value);
      return onPath(filter.path, (value) => compare(value, filter.operator, filter.value));
    }
  }
}

/** Messages are not stored; they follow from the type. */
function messageCondition(operator: Comparison, wanted: string): RawBuilder<boolean> {
  const tests: Readonly<Record<Comparison, (message: string) => boolean>> = {
    eq: (message) => message === wanted,
    ne: (message) => message !== wanted,
    co: (message) => message.includes(wanted),
    sw: (message) => message.startsWith(wanted),
    ew: (message) => message.endsWith(wanted),
  };
  return sql<boolean>`event_type = any(${typesByMessage(tests[operator])}::text[])`;
}

function typesByMessage(test: (message: string) => boolean): string[] {
  return Object.entries(EVENT_MESSAGES).flatMap(([type, message]) => (test(message) ? [type] : []));
}

function onPath(
  path: string,
  test: (value: RawBuilder<string>) => RawBuilder<boolean>,
): RawBuilder<boolean> {
  const column = COLUMNS.get(path);
  if (column !== undefined) return test(column);
  if (path.startsWith(DEBUG_DATA))
    return test(sql<string>`debug_data->>${sql.lit(path.slice(DEBUG_DATA.length))}`);
  const [object = "", property = ""] = path.split(".");
  if (object === "actor") return test(sql<string>`actor->>${sql.lit(property)}`);
  // Any of an event's targets may fit.
  return sql<boolean>`exists (select 1 from jsonb_array_elements(target) t where ${test(sql<string>`t.value->>${sql.lit(property)}`)})`;
}

function compare(
  value: RawBuilder<string>,
  operator: Comparison,
  wanted: string,
): RawBuilder<boolean> {
  switch (operator) {
    case "sw":
      return sql<boolean>`starts_with(${value}, ${wanted})`;
    case "ew":
      return sql<boolean>`right(${value}, ${Array.from(wanted).length}) = ${wanted}`;
    case "co":
      return sql<boolean>`strpos(${value}, ${wanted}) > 0`;
    case "ne":
      return sql<boolean>`${value} <> ${wanted}`;
    case "eq":
      return sql<boolean>`${value} = ${wanted}`;
  }
}

function lowestId(time: number): string {
  const hex = Math.max(0, time).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}
