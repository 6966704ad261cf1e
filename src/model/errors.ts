import { ERRORS, type ErrorCode } from "./error-catalogue.ts";

export type { ErrorCode } from "./error-catalogue.ts";

export interface RollcallErrorOptions {
  readonly cause?: unknown;
  /** What the message is about: a directory, an attribute, a file with its line. */
  readonly field?: string;
  /** One line each, for errors that have several problems. */
  readonly details?: readonly string[];
  /** The same as data, where the problems are of attributes of a profile. */
  readonly problems?: readonly Problem[];
}

/** An error that a user can act on. Its code is in the error catalogue, its message is a sentence. */
export class RollcallError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly details: readonly string[];
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, options: RollcallErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RollcallError";
    this.code = code;
    this.field = options.field;
    this.details = options.details ?? [];
    this.problems = options.problems ?? [];
  }

  /** What to do about it, from the catalogue. */
  get cure(): string {
    return ERRORS[this.code].cure;
  }
}

/** What to do about a stored code; one of a newer Rollcall may not be in the catalogue. */
export function cureOf(code: string): string {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].cure : "See the documentation.";
}

/** Why one person could not be updated: the code and the attribute it is about. */
export interface Problem {
  readonly code: ErrorCode;
  readonly field: string;
  readonly message: string;
  /** What kind of value it was (its type and size, never the value), where a value is at fault. */
  readonly shape?: string;
  /** What else is wrong with the same person; the first one fails the update already. */
  readonly others?: readonly Omit<Problem, "others">[];
}

/** Anything thrown, as an error with a code; what is unknown becomes `internal.error`. */
export function asRollcallError(thrown: unknown): RollcallError {
  if (thrown instanceof RollcallError) return thrown;
  // Runs say themselves how far they came; whatever else is stopped only looks.
  if (thrown instanceof Error && thrown.name === "AbortError")
    return new RollcallError("run.interrupted", "Interrupted; nothing was changed.");
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (isDatabaseFault(thrown))
    return new RollcallError("database.failed", message, { cause: thrown });
  return new RollcallError("internal.error", message, { cause: thrown });
}

/** An SQLSTATE of five characters, or the driver's word that its connection broke. */
function isDatabaseFault(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const code = "code" in thrown ? String(thrown.code) : "";
  const broken =
    /^Connection terminated|^Client has encountered a connection error|^Client was closed|^timeout exceeded when trying to connect/;
  return /^[0-9A-Z]{5}$/.test(code) || broken.test(thrown.message) || /^E(?:CONN|PIPE)/.test(code);
}
