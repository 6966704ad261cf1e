/** Counts that only grow, for metrics; they outlive the runs that they were taken from. */
import { sql } from "kysely";
import type { Total, TotalName } from "../model/figures.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";

/** Adds to the counts, in the transaction of what is counted. */
export async function addTotals(trx: Trx, totals: readonly Total[]): Promise<void> {
  // In one order in all transactions, so that two of them do not wait for each other.
  const rows = totals
    .map(({ name, labels, value }) => ({ name, labels: keyOf(labels), value }))
    .toSorted((a, b) => (a.name + a.labels < b.name + b.labels ? -1 : 1));
  if (rows.length === 0) return;
  await sql`
    insert into totals as t (name, labels, value)
    select * from unnest(${rows.map((row) => row.name)}::text[],
      ${rows.map((row) => row.labels)}::text[],
      ${rows.map((row) => row.value)}::double precision[])
    on conflict (name, labels) do update set value = t.value + excluded.value`.execute(trx);
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return jsonText(
    Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
}

export async function readTotals(db: Connection): Promise<Total[]> {
  const rows = await db.selectFrom("totals").selectAll().execute();
  return rows.map(({ name, labels, value }) => {
    return { name: name as TotalName, labels: JSON.parse(labels) as Total["labels"], value };
  });
}
