import { Turnstile } from "../lib/turnstile.ts";
import { RateLimit } from "./rate-limit.ts";

/** Requests of one token in a minute. */
const REQUESTS = 12_000;
/** Requests with a wrong credential from one address in a minute. Nobody guesses 256 bits; it keeps the noise down. */
const MISTAKES = 1000;
/** Attempts to sign in from one address in a minute: each is an event. */
const SIGN_INS = 60;
const MINUTE = 60_000;

/** What clients share, whichever configuration they are answered by. */
export class ApiLimits {
  readonly requests = new RateLimit(REQUESTS, MINUTE);
  readonly mistakes = new RateLimit(MISTAKES, MINUTE);
  readonly signIns = new RateLimit(SIGN_INS, MINUTE);
  /**
   * Searches walk through many people. Fewer at once than connections to the database, so that two
   * stay for everybody else.
   */
  readonly searches = new Turnstile(2, 200);
  /** How many commands and streams of each token are open. */
  readonly open = new Map<string, number>();

  /** @param what of this token @returns what ends it; null: there are too many already */
  take(what: string, token: string, most: number): (() => void) | null {
    const key = `${what} ${token}`;
    const own = this.open.get(key) ?? 0;
    if (own >= most) return null;
    this.open.set(key, own + 1);
    return () => {
      const left = (this.open.get(key) ?? 1) - 1;
      if (left > 0) this.open.set(key, left);
      else this.open.delete(key);
    };
  }
}
