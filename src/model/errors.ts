import { ERRORS, type ErrorCode } from "./error-catalogue.ts";

export type { ErrorCode } from "./error-catalogue.ts";

export interface RollcallErrorOptions {
  readonly cause?: unknown;
  /** What the message is about: a directory, an attribute, a file with its line. */
  readonly field?: string;
  /** One line each, for errors that have several problems. */
  readonly details?: readonly string[];
}

/** An error that a user can act on. Its code is in the error catalogue, its message is a sentence. */
export class RollcallError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, options: RollcallErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RollcallError";
    this.code = code;
    this.field = options.field;
    this.details = options.details ?? [];
  }

  /** What to do about it, from the catalogue. */
  get cure(): string {
    return ERRORS[this.code].cure;
  }
}

/** Why one person could not be updated: the code and the attribute it is about. */
export interface Problem {
  readonly code: ErrorCode;
  readonly field: string;
  readonly message: string;
}

/** Anything thrown, as an error with a code; what is unknown becomes `internal.error`. */
export function asRollcallError(thrown: unknown): RollcallError {
  if (thrown instanceof RollcallError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new RollcallError("internal.error", message, { cause: thrown });
}
