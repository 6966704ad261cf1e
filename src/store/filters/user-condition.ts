/** What a search for users is in SQL. */
import { sql, type RawBuilder } from "kysely";
import type { ProfileSchema } from "../../model/profile-schema.ts";
import { isUuid } from "../../lib/uuid.ts";
import { OKTA_STATUS, USER_TYPE_ID } from "../../model/okta.ts";
import { loginKey } from "../../model/user.ts";
import type { Comparison, Filter } from "./grammar.ts";
import { searchKey, timeKey } from "./search-key.ts";
import { kindOf } from "./user-filter.ts";

type Compare = Extract<Filter, { readonly kind: "compare" }>;

const TIMES = {
  created: sql`created_at`,
  activated: sql`activated_at`,
  statusChanged: sql`status_changed_at`,
  lastUpdated: sql`updated_at`,
} as const;

/** As Okta spells it. */
const status = sql`case status ${sql.join(
  Object.entries(OKTA_STATUS).map(
    ([own, theirs]) => sql`when ${sql.lit(own)} then ${sql.lit(theirs)}`,
  ),
  sql` `,
)} else upper(status) end`;

/** The value of an attribute, before anything is done to it. */
function valueOf(path: string): RawBuilder<unknown> {
  if (path in TIMES) return TIMES[path as keyof typeof TIMES];
  if (path === "id") return sql`id::text`;
  if (path === "status") return status;
  if (path === "type.id") return sql.lit(USER_TYPE_ID);
  return sql`profile->>${sql.lit(path.slice("profile.".length))}`;
}

/** Null where what is kept is no number, as of a time when the attribute was a text. */
function numberOf(path: string): RawBuilder<unknown> {
  const value = sql`profile->${sql.lit(path.slice("profile.".length))}`;
  return sql`case when jsonb_typeof(${value}) = 'number' then (${valueOf(path)})::numeric end`;
}

export interface Matching {
  readonly schema: ProfileSchema;
  /** Whether `A` and `a` differ. */
  readonly exact: boolean;
}

/** The condition that a user has to fulfil. */
export function userCondition(filter: Filter, matching: Matching): RawBuilder<boolean> {
  switch (filter.kind) {
    case "and":
    case "or": {
      const separator = filter.kind === "and" ? sql` and ` : sql` or `;
      const items = filter.items.map((item) => userCondition(item, matching));
      return sql<boolean>`(${sql.join(items, separator)})`;
    }
    case "not":
      return sql<boolean>`not coalesce(${userCondition(filter.item, matching)}, false)`;
    case "present":
      return sql<boolean>`(${valueOf(filter.path)}) is not null`;
    case "compare":
      return comparison(filter, matching);
  }
}

function comparison({ path, operator, value }: Compare, matching: Matching): RawBuilder<boolean> {
  const kind = kindOf(path, matching.schema) ?? "string";
  if (kind === "time") return timeCondition(path, operator, value as Date);
  if (kind === "number" || kind === "integer")
    return sql<boolean>`${numberOf(path)} ${symbol(operator)} ${String(value)}::numeric`;
  if (kind === "boolean") return sql<boolean>`${valueOf(path)} = ${String(value)}`;
  const text = String(value);
  if (path === "id" && operator === "eq")
    return isUuid(text) ? sql<boolean>`id = ${text.toLowerCase()}::uuid` : sql<boolean>`false`;
  if (kind === "array") {
    const element = textCondition(sql`e.value`, operator, text, matching.exact);
    const name = path.slice("profile.".length);
    return sql<boolean>`exists (select 1 from jsonb_array_elements_text(
      case when jsonb_typeof(profile->${sql.lit(name)}) = 'array' then profile->${sql.lit(name)}
        else '[]' end) e (value) where ${element})`;
  }
  if (path === "status" && operator === "eq") return isStatus(text, matching.exact);
  const plain = textCondition(valueOf(path), operator, text, matching.exact);
  // Found by the index, then compared as it was asked.
  if (path === "profile.login" && operator === "eq")
    return sql<boolean>`(login_key = ${loginKey(text)} and ${plain})`;
  return sql<boolean>`(${keyCondition(valueOf(path), operator, text)} and ${plain})`;
}

/** Times are told in milliseconds; what is kept is finer. A time that is not known is before none. */
function timeCondition(path: string, operator: Comparison, time: Date): RawBuilder<boolean> {
  const own = timeValue(path);
  const next = new Date(time.getTime() + 1);
  const isKnown = sql`${own} > '-infinity'`;
  if (operator === "gt") return sql<boolean>`${own} >= ${next}`;
  if (operator === "ge") return sql<boolean>`${own} >= ${time}`;
  if (operator === "lt") return sql<boolean>`(${isKnown} and ${own} < ${time})`;
  if (operator === "le") return sql<boolean>`(${isKnown} and ${own} < ${next})`;
  return sql<boolean>`(${own} >= ${time} and ${own} < ${next})`;
}

/** As its index has it: these two every user has. */
export function timeValue(path: string): RawBuilder<unknown> {
  const isAlways = path === "created" || path === "lastUpdated";
  return isAlways ? valueOf(path) : timeKey(valueOf(path));
}

/** What every text that fits fulfils, in the form in which there may be an index. */
function keyCondition(
  value: RawBuilder<unknown>,
  operator: Comparison,
  wanted: string,
): RawBuilder<boolean> {
  const [key, other] = [searchKey(value), searchKey(sql`(${wanted})::text`)];
  if (operator === "co") return sql<boolean>`true`;
  // Of two long texts the keys may be the same where one is greater.
  if (operator === "gt" || operator === "ge") return sql<boolean>`${key} >= ${other}`;
  if (operator === "lt" || operator === "le") return sql<boolean>`${key} <= ${other}`;
  if (operator === "eq") return sql<boolean>`${key} = ${other}`;
  return sql<boolean>`${key} >= ${other} and ${key} < ${other} || chr(1114111)`;
}

/** By the word that is stored, which the planner knows. */
function isStatus(text: string, exact: boolean): RawBuilder<boolean> {
  const found = Object.entries(OKTA_STATUS).find(
    ([, theirs]) => theirs === (exact ? text : text.toUpperCase()),
  );
  return found === undefined ? sql<boolean>`false` : sql<boolean>`status = ${found[0]}`;
}

function textCondition(
  value: RawBuilder<unknown>,
  operator: Comparison,
  wanted: string,
  exact: boolean,
): RawBuilder<boolean> {
  const own = exact ? value : sql`lower(${value})`;
  const other = exact ? sql`(${wanted})::text` : sql`lower((${wanted})::text)`;
  if (operator === "sw") return sql<boolean>`starts_with(${own}, ${other})`;
  if (operator === "co") return sql<boolean>`strpos(${own}, ${other}) > 0`;
  return sql<boolean>`(${own}) collate "C" ${symbol(operator)} ${other}`;
}

function symbol(operator: Comparison): RawBuilder<unknown> {
  const symbols: Partial<Record<Comparison, string>> = { gt: ">", ge: ">=", lt: "<", le: "<=" };
  return sql.raw(symbols[operator] ?? "=");
}

/** What users can be put in order by: a value that every user has, and how it is read back. */
export interface SortKey {
  readonly value: RawBuilder<unknown>;
  readonly type: "text" | "numeric" | "timestamptz";
}

/** @returns null if users have no such attribute */
export function sortKey(path: string, schema: ProfileSchema): SortKey | null {
  const kind = kindOf(path, schema);
  if (kind === undefined) return null;
  if (kind === "time") return { value: timeValue(path), type: "timestamptz" };
  if (kind === "number" || kind === "integer")
    return { value: sql`coalesce(${numberOf(path)}, '-Infinity')`, type: "numeric" };
  return { value: searchKey(valueOf(path)), type: "text" };
}
