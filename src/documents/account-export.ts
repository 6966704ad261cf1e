/** Accounts that an app has, a line each: CSV, or JSON. */
import { csvLine } from "../lib/csv.ts";
import { safeJson } from "../lib/safe-output.ts";
import type { ExportFormat } from "./run-export.ts";

const COLUMNS = ["externalId", "userName", "active", "emails", "login", "profile"];

export interface ExportedAccount {
  readonly externalId: string;
  readonly userName: string | null;
  readonly active: boolean;
  readonly emails: readonly string[];
  /** Whose it is here; null: nobody's, as far as is known. */
  readonly login: string | null;
  /** What the app shows of it. */
  readonly profile: unknown;
}

/** What stands before the lines. */
export function accountsHeading(format: ExportFormat): string {
  return format === "csv" ? `${csvLine(COLUMNS)}\r\n` : "";
}

/** One account, with the end of the line. */
export function accountLine(format: ExportFormat, account: ExportedAccount): string {
  if (format === "jsonl") return `${safeJson(account)}\n`;
  const { externalId, userName, active, emails, login, profile } = account;
  const values = JSON.stringify(profile);
  const cells = [externalId, userName, active ? "yes" : "no", emails.join(" "), login, values];
  return `${csvLine(cells)}\r\n`;
}
