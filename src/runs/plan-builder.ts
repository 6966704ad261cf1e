import type { PlannedChange } from "../model/plan.ts";
import { NO_COUNTS, type Action, type RunCounts } from "../model/run.ts";
import type { Store } from "../store/database.ts";
import { addToPlan, planLine, stepOf } from "../store/plan.ts";

const BATCH_ROWS = 1000;
/** Batches on their way to the database; more would only wait there. */
const AT_ONCE = 2;
const BATCH_LENGTH = 2 * 1024 * 1024;

/** Collects planned changes and writes them in batches, while the next ones are being decided. */
export class PlanBuilder {
  readonly #store: Store;
  readonly #runId: string;
  readonly #counts: Record<Action, number> = {
    created: 0,
    updated: 0,
    unchanged: 0,
    removed: 0,
    failed: 0,
    ignored: 0,
  };
  #lines: string[] = [];
  #length = 0;
  readonly #writing: Promise<void>[] = [];
  /** Rows so far; also the next row's number. */
  size = 0;
  /** People who left the scope or were disabled. */
  lost = 0;

  constructor(store: Store, runId: string) {
    this.#store = store;
    this.#runId = runId;
  }

  /** Counts a person about whom there is nothing to write. */
  count(action: Action, people = 1): void {
    this.#counts[action] += people;
  }

  async add(planned: PlannedChange, claimsLogin: boolean): Promise<void> {
    this.count(planned.action);
    if (planned.lost) this.lost++;
    const line = planLine(this.#runId, {
      seq: this.size++,
      step: stepOf(planned),
      planned,
      claimsLogin,
    });
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#lines.length >= BATCH_ROWS || this.#length >= BATCH_LENGTH) await this.#flush();
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    await this.#flush();
    while (this.#writing.length > 0) await this.#writing.shift();
  }

  /** A change that cannot be carried out after all is a failure. */
  recount(from: Action): void {
    this.#counts[from]--;
    this.#counts.failed++;
  }

  counts(read: number): RunCounts {
    return { ...NO_COUNTS, ...this.#counts, read };
  }

  async #flush(): Promise<void> {
    while (this.#writing.length >= AT_ONCE) await this.#writing.shift();
    if (this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#length = 0;
    const writing = addToPlan(this.#store, lines);
    writing.catch(() => undefined); // reported when it is waited for
    this.#writing.push(writing);
  }
}
