/** Everybody whom a run concerns, a line each: CSV, or JSON. */
import { csvLine } from "../lib/csv.ts";
import { safeJson } from "../lib/safe-output.ts";
import type { RunChange } from "../model/run.ts";

const COLUMNS = [
  "action",
  "reason",
  "login",
  "externalId",
  "dn",
  "changes",
  "code",
  "field",
  "message",
  "counted",
];

export type ExportFormat = "csv" | "jsonl";

/** What stands before the lines. */
export function exportHeading(format: ExportFormat): string {
  return format === "csv" ? `${csvLine(COLUMNS)}\r\n` : "";
}

/** One person, with the end of the line. */
export function exportLine(format: ExportFormat, change: RunChange): string {
  return format === "csv" ? `${csvLine(cellsOf(change))}\r\n` : `${safeJson(change)}\n`;
}

function cellsOf(change: RunChange): (string | null)[] {
  const { action, reason, login, externalId, dn, changes, error, lost } = change;
  const values = changes.length === 0 ? null : JSON.stringify(changes);
  const problem = [error?.code ?? null, error?.field ?? null, error?.message ?? null];
  return [action, reason, login, externalId, dn, values, ...problem, lost ? "yes" : "no"];
}
