/** What a filter of the System Log is in SQL. */
import { sql, type RawBuilder } from "kysely";
import { EVENT_MESSAGES } from "../../model/event-messages.ts";
import type { Comparison, Filter, FilterValue } from "./grammar.ts";
import { DEBUG_DATA } from "./log-filter.ts";

type Compare = Extract<Filter, { readonly kind: "compare" }>;

const COLUMNS = new Map([
  ["uuid", sql<string>`id::text`],
  ["eventType", sql<string>`event_type`],
  ["severity", sql<string>`severity`],
  ["outcome.result", sql<string>`outcome`],
  ["outcome.reason", sql<string>`reason`],
  ["transaction.id", sql<string>`transaction_id::text`],
]);
/** The same for every event. */
const CONSTANTS = new Map([
  ["version", "0"],
  ["transaction.type", "JOB"],
]);
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const OPERATORS = { eq: "=", ne: "<>", gt: ">", ge: ">=", lt: "<", le: "<=" } as const;

/** The condition that a row of the System Log has to fulfil. */
export function condition(filter: Filter): RawBuilder<boolean> {
  switch (filter.kind) {
    case "and":
    case "or": {
      const separator = filter.kind === "and" ? sql` and ` : sql` or `;
      return sql<boolean>`(${sql.join(filter.items.map(condition), separator)})`;
    }
    case "not":
      return sql<boolean>`not coalesce(${condition(filter.item)}, false)`;
    case "present":
      return present(filter.path);
    case "compare":
      if (filter.operator === "ne")
        return sql<boolean>`not coalesce(${comparison({ ...filter, operator: "eq" })}, false)`;
      return comparison(filter);
  }
}

/** Whom an event has to be about, where a filter asks for one target; null if it does not. */
export function targetOf(filter: Filter | null): string | null {
  if (filter?.kind === "and") {
    for (const item of filter.items) {
      const found = targetOf(item);
      if (found !== null) return found;
    }
    return null;
  }
  if (filter?.kind !== "compare" || filter.operator !== "eq") return null;
  const indexed = /^target\.(?:id|alternateId|displayName)$/.test(filter.path);
  return indexed && typeof filter.value === "string" ? filter.value : null;
}

function present(path: string): RawBuilder<boolean> {
  if (path === "displayMessage" || path === "published" || CONSTANTS.has(path))
    return sql<boolean>`true`;
  return onPath(path, (value) => sql<boolean>`coalesce(${value}, '') <> ''`);
}

function comparison({ path, operator, value }: Compare): RawBuilder<boolean> {
  if (value instanceof Date) return timeComparison(operator, value);
  if (typeof value !== "string") return typedComparison(path, operator, value);
  const test = textTest(operator, value);
  if (path === "displayMessage")
    return sql<boolean>`event_type = any(${typesByMessage(test)}::text[])`;
  const constant = CONSTANTS.get(path);
  if (constant !== undefined) return test(constant) ? sql<boolean>`true` : sql<boolean>`false`;
  if (operator === "eq" && (path === "uuid" || path === "transaction.id")) {
    const column = path === "uuid" ? sql`id` : sql`transaction_id`;
    return UUID.test(value) ? sql<boolean>`${column} = ${value}::uuid` : sql<boolean>`false`;
  }
  return onPath(path, (column) => compare(column, operator, value));
}

/** The identifier begins with the time, so its index finds the place. */
function timeComparison(operator: Comparison, time: Date): RawBuilder<boolean> {
  const upper = sql`id < ${lowestId(time.getTime() + 1000)}::uuid`;
  const lower = sql`id >= ${lowestId(time.getTime() - 1000)}::uuid`;
  const bounds = { eq: sql`${lower} and ${upper}`, gt: lower, ge: lower, lt: upper, le: upper };
  const near = operator in bounds ? bounds[operator as keyof typeof bounds] : sql`true`;
  // Times are told in milliseconds, so they are compared in them.
  return sql<boolean>`(date_trunc('milliseconds', published) ${symbol(operator)} ${time} and ${near})`;
}

/** The smallest identifier that an event of this time can have. @param time in ms since 1970 */
export function lowestId(time: number): string {
  const hex = Math.max(0, Math.floor(time)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

function symbol(operator: Comparison): RawBuilder<unknown> {
  return sql.raw(operator in OPERATORS ? OPERATORS[operator as keyof typeof OPERATORS] : "=");
}

/** Numbers and truth values are compared with what is one; everything else does not fit. */
function typedComparison(
  path: string,
  operator: Comparison,
  value: Exclude<FilterValue, string | Date>,
): RawBuilder<boolean> {
  const found = sql`debug_data #> ${namesOf(path)}::text[]`;
  if (typeof value === "boolean") return sql<boolean>`${found} = ${JSON.stringify(value)}::jsonb`;
  return sql<boolean>`(jsonb_typeof(${found}) = 'number'
    and (debug_data #>> ${namesOf(path)}::text[])::numeric ${symbol(operator)}
      ${String(value)}::numeric)`;
}

function namesOf(path: string): string[] {
  return path.slice(DEBUG_DATA.length).split(".");
}

/** The same comparison on a text that is known here. Messages are not stored; they follow from the type. */
function textTest(operator: Comparison, wanted: string): (text: string) => boolean {
  switch (operator) {
    case "eq":
      return (text) => text === wanted;
    case "ne":
      return (text) => text !== wanted;
    case "gt":
      return (text) => text > wanted;
    case "ge":
      return (text) => text >= wanted;
    case "lt":
      return (text) => text < wanted;
    case "le":
      return (text) => text <= wanted;
    case "co":
      return (text) => text.includes(wanted);
    case "sw":
      return (text) => text.startsWith(wanted);
    case "ew":
      return (text) => text.endsWith(wanted);
  }
}

/** The event types whose message fits. */
export function typesByMessage(test: (message: string) => boolean): string[] {
  return Object.entries(EVENT_MESSAGES).flatMap(([type, message]) => (test(message) ? [type] : []));
}

function onPath(
  path: string,
  test: (value: RawBuilder<string>) => RawBuilder<boolean>,
): RawBuilder<boolean> {
  const column = COLUMNS.get(path);
  if (column !== undefined) return test(column);
  if (path.startsWith(DEBUG_DATA))
    return test(sql<string>`debug_data #>> ${namesOf(path)}::text[]`);
  // Where somebody asked from is kept with who it was.
  if (path === "client.ipAddress") return test(sql<string>`actor->'client'->>'ipAddress'`);
  const [object = "", property = ""] = path.split(".");
  if (object === "actor") return test(sql<string>`actor->>${sql.lit(property)}`);
  // Any of an event's targets may fit.
  const value = sql<string>`t.value->>${sql.lit(property)}`;
  return sql<boolean>`exists (select 1 from jsonb_array_elements(target) t where ${test(value)})`;
}

/** Texts are compared by their characters' numbers, whatever the database's language is. */
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
    case "eq":
    case "ne":
      return sql<boolean>`${value} ${symbol(operator)} ${wanted}`;
    case "gt":
    case "ge":
    case "lt":
    case "le":
      return sql<boolean>`${value} collate "C" ${symbol(operator)} ${wanted}`;
  }
}
