/** The System Log, a line each: CSV, or JSON as the API shows an event. */
import { csvLine } from "../lib/csv.ts";
import { safeJson } from "../lib/safe-output.ts";
import type { LogEvent } from "../model/event.ts";
import { logEventDocument } from "./log-event.ts";
import type { ExportFormat } from "./run-export.ts";

const COLUMNS = [
  "published",
  "eventType",
  "severity",
  "displayMessage",
  "actor",
  "targets",
  "outcome",
  "reason",
  "transaction",
  "ipAddress",
  "debugData",
  "uuid",
];

/** What stands before the lines. */
export function logHeading(format: ExportFormat): string {
  return format === "csv" ? `${csvLine(COLUMNS)}\r\n` : "";
}

/** One event, with the end of the line. */
export function logLine(format: ExportFormat, event: LogEvent): string {
  if (format === "jsonl") return `${safeJson(logEventDocument(event))}\n`;
  return `${csvLine(cellsOf(event))}\r\n`;
}

function cellsOf(event: LogEvent): (string | null)[] {
  const { published, eventType, severity, displayMessage, outcome } = event;
  const targets = event.target.map(({ type, alternateId }) => ({ type, alternateId }));
  return [
    published,
    eventType,
    severity,
    displayMessage,
    event.actor.alternateId,
    JSON.stringify(targets),
    outcome.result,
    outcome.reason ?? null,
    event.transaction.id,
    event.client?.ipAddress ?? null,
    JSON.stringify(event.debugContext.debugData),
    event.uuid,
  ];
}
