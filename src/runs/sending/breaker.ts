/** Stops a push when the app as a whole cannot go on, instead of burning everybody's attempts. */
import { AppFailure } from "../../provisioning/failure.ts";

/** So many that reach nobody, one behind the other: the app is not there. */
const IN_A_ROW = 5;
/** A longer pause that the app asks for is not waited out. */
const SHORT_PAUSE_MS = 60_000;
/** From so many on, a share of failures counts. */
const ENOUGH = 50;
const MOST_SHARE = 0.6;

export class Breaker {
  #open: AppFailure | null = null;
  #all = 0;
  #failed = 0;
  #inARow = 0;

  /** What stops the push; null: nothing does. */
  get reason(): AppFailure | null {
    return this.#open;
  }

  /** @param thrown by the app; @param hasFailed whether anything did */
  count(thrown: AppFailure | null, hasFailed: boolean): void {
    // Something stopped everybody: the app asks for patience, or its credential was refused.
    if (thrown !== null && (thrown.untried || stopsAtOnce(thrown))) this.#open ??= thrown;
    if (thrown?.untried === true) return;
    this.#all++;
    if (hasFailed) this.#failed++;
    this.#countInARow(thrown);
    const isMost = this.#all >= ENOUGH && this.#failed > this.#all * MOST_SHARE;
    if (isMost) this.#open ??= tooMany(this.#failed, this.#all);
  }

  #countInARow(thrown: AppFailure | null): void {
    this.#inARow = thrown !== null && isOfApp(thrown) ? this.#inARow + 1 : 0;
    if (thrown !== null && this.#inARow >= IN_A_ROW) this.#open ??= thrown;
  }

  /** @throws AppFailure with what stops the push */
  check(): void {
    if (this.#open !== null) throw this.#open;
  }
}

function stopsAtOnce({ kind, retryAfter }: AppFailure): boolean {
  return kind === "credential" || (kind === "later" && (retryAfter ?? 0) > SHORT_PAUSE_MS);
}

/** Whether a failure says something of the app, and nothing of the account. */
function isOfApp({ kind, code }: AppFailure): boolean {
  return (
    kind === "later" || kind === "unreachable" || (kind === "senseless" && code !== "app.noId")
  );
}

function tooMany(failed: number, all: number): AppFailure {
  const message = `${failed} of ${all} accounts failed, so the push was stopped before more did.`;
  return new AppFailure("refused", "app.circuitOpen", message);
}
