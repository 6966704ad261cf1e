/** How an app can fail, in the terms that decide what to do next. */
import { RollcallError, type ErrorCode } from "../model/errors.ts";

/**
 * `refused`: this value, and no other account's trouble; `taken`: somebody has the name already;
 * `vanished`: no such account there; `conflict`: changed meanwhile, read again; `credential`: the
 * app lets us do nothing; `later`: the app is busy or ill; `unreachable`: it was not reached;
 * `senseless`: what it answers is no SCIM; `unsupported`: it does not know this way.
 */
export type FailureKind =
  | "refused"
  | "taken"
  | "vanished"
  | "conflict"
  | "credential"
  | "later"
  | "unreachable"
  | "senseless"
  | "unsupported";

/** What stops one stops all that wait behind it. */
export function untried({
  kind,
  code,
  message,
  appSaid,
  status,
  retryAfter,
}: AppFailure): AppFailure {
  return new AppFailure(kind, code, message, { appSaid, status, retryAfter, untried: true });
}

export class AppFailure extends RollcallError {
  readonly kind: FailureKind;
  /** The app's own words. */
  readonly appSaid: string | null;
  readonly status: number | null;
  /** How long the app asks to be left alone; milliseconds. */
  readonly retryAfter: number | null;
  /** Whether the request may have had its effect all the same. */
  readonly uncertain: boolean;
  /** Whether nothing was sent, because something before it showed that it would be in vain. */
  readonly untried: boolean;

  constructor(
    kind: FailureKind,
    code: ErrorCode,
    message: string,
    facts: {
      readonly appSaid?: string | null;
      readonly status?: number | null;
      readonly retryAfter?: number | null;
      readonly uncertain?: boolean;
      readonly untried?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(code, message, { cause: facts.cause });
    this.kind = kind;
    this.appSaid = facts.appSaid ?? null;
    this.status = facts.status ?? null;
    this.retryAfter = facts.retryAfter ?? null;
    this.uncertain = facts.uncertain ?? false;
    this.untried = facts.untried ?? false;
  }
}

/**
 * What follows a request that may have had its effect: whatever fails in it makes nothing certain
 * of what went before.
 */
export async function afterwards<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof AppFailure)) throw thrown;
    const { kind, code, message, appSaid, status, retryAfter } = thrown;
    const facts = { appSaid, status, retryAfter, uncertain: true };
    throw new AppFailure(kind, code, message, facts);
  }
}
