import type { PlannedChange } from "../model/plan.ts";
import { NO_COUNTS, type Action, type RunCounts } from "../model/run.ts";
import type { Store } from "../store/database.ts";
import { addToPlan, stepOf, type PlanRow } from "../store/plan.ts";

const BATCH_ROWS = 2000;
const BATCH_BYTES = 4 * 1024 * 1024;

/** Collects planned changes and writes them in batches, while the next ones are being decided. */
export class PlanBuilder {
  readonly #store: Store;
  readonly #runId: string;
  readonly #counts: Record<Action, number> = { created: 0, updated: 0, unchanged: 0, removed: 0, failed: 0, ignored: 0 };
  #rows: PlanRow[] = [];
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();
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

  async add(planned: PlannedChange, claimsLogin: boolean, bytes: number): Promise<void> {
    this.count(planned.action);
    if (planned.lost) this.lost++;
    this.#rows.push({ seq: this.size++, step: stepOf(planned), planned, claimsLogin });
    this.#bytes += bytes;
    if (this.#rows.length >= BATCH_ROWS || this.#bytes >= BATCH_BYTES) await this.#flush();
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#writing;
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
    await this.#writing;
    if (this.#rows.length === 0) return;
    const rows = this.#rows;
    this.#rows = [];
    this.#bytes = 0;
    this.#writing = addToPlan(this.#store, this.#runId, rows);
    this.#writing.catch(() => undefined); // reported by the next flush
  }
}
