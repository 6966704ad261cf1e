import { IdSet } from "../../lib/id-set.ts";
import type { PlannedChange } from "../../model/plan.ts";
import {
  NO_COUNTS,
  type Action,
  type Reason,
  type RunCounts,
  type Vanished,
} from "../../model/run.ts";
import { loginKey } from "../../model/user.ts";
import type { PlanFigures } from "../../reconciler/safeguard.ts";
import { PlanLines, stepOf } from "../../store/plan.ts";
import type { RunContext } from "../record/context.ts";

/** Each batch waits for the database some times, whatever its size. */
const BATCH_ROWS = 4000;
/** Batches on their way to the database; more would only wait there. */
const AT_ONCE = 2;
const BATCH_BYTES = 6 * 1024 * 1024;

/** Collects planned changes and writes them in batches, while the next ones are being decided. */
export class PlanBuilder implements AsyncDisposable {
  readonly #context: Pick<RunContext, "engine" | "run" | "lease">;
  readonly #counts: Record<Action, number> = {
    created: 0,
    updated: 0,
    unchanged: 0,
    removed: 0,
    failed: 0,
    ignored: 0,
    skipped: 0,
  };
  readonly #figures = {
    removals: 0,
    gone: 0,
    existing: 0,
    failures: 0,
    updates: 0,
    logins: 0,
    grants: 0,
  };
  readonly #reasons = new Map<Reason, number>();
  #vanished: readonly Vanished[] = [];
  /** Logins that somebody is to get. */
  readonly #logins = new IdSet();
  #repeatsLogins = false;
  readonly #lines: PlanLines;
  #size = 0;
  readonly #writing: Promise<void>[] = [];

  constructor(context: Pick<RunContext, "engine" | "run" | "lease">) {
    this.#context = context;
    this.#lines = new PlanLines(context.run.id);
  }

  /** Containers that are gone with people of theirs. */
  noteVanished(containers: readonly Vanished[]): void {
    this.#vanished = containers;
  }

  /** Rows so far; also the next row's number. */
  get size(): number {
    return this.#size;
  }

  /** What the safeguard counts of the plan so far. */
  summary(): PlanFigures {
    const { existing, ...figures } = this.#figures;
    const vanished = this.#vanished;
    return { ...figures, existing: existing + this.#counts.unchanged, vanished };
  }

  /** Why people lose something, and how many for each reason. */
  get reasons(): ReadonlyMap<Reason, number> {
    return this.#reasons;
  }

  /** Whether two may be to get the same login; false: certainly not. */
  get repeatsLogins(): boolean {
    return this.#repeatsLogins;
  }

  /** Counts a person about whom there is nothing to write. */
  count(action: Action, people = 1): void {
    this.#counts[action] += people;
  }

  async add(planned: PlannedChange): Promise<void> {
    this.count(planned.action);
    this.#note(planned);
    this.#lines.add({ seq: this.#size++, step: stepOf(planned), planned });
    if (this.#lines.rows >= BATCH_ROWS || this.#lines.length >= BATCH_BYTES) await this.#flush();
  }

  /** @param by 1, or -1 for what is not planned any more */
  #note(planned: PlannedChange, by: 1 | -1 = 1): void {
    const { action, userId, user, changes, events } = planned;
    this.#noteLoss(planned, by);
    if (by === 1) this.#noteLogin(planned);
    if (planned.reason === "regained") this.#figures.grants += by;
    // Whoever is unchanged is counted as such, with those who are not in the plan at all.
    if (userId === null || user?.isNew === true || action === "unchanged") return;
    this.#figures.existing += by;
    // A failure is told when it is new.
    if (action === "failed" && events.some((event) => event.failure !== undefined))
      this.#figures.failures += by;
    const overwritten = changes.filter((change) => change.from !== null);
    if (overwritten.length === 0) return;
    this.#figures.updates += by;
    if (overwritten.some((change) => change.attribute === "login")) this.#figures.logins += by;
  }

  #noteLoss({ action, lost, reason }: PlannedChange, by: 1 | -1): void {
    if (!lost) return;
    this.#figures.removals += by;
    if (action === "removed") this.#figures.gone += by;
    if (reason === null) return;
    const people = (this.#reasons.get(reason) ?? 0) + by;
    if (people > 0) this.#reasons.set(reason, people);
    else this.#reasons.delete(reason);
  }

  #noteLogin({ claimsLogin, user }: PlannedChange): void {
    if (!claimsLogin || user === null) return;
    if (!this.#logins.add(loginKey(user.login))) this.#repeatsLogins = true;
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    await this.#flush();
    while (this.#writing.length > 0) await this.#writing.shift();
  }

  /** Waits for what is on its way, so that nothing comes after a plan was dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#writing);
  }

  /** What is planned instead, because a change cannot be carried out after all. */
  recount(was: PlannedChange, now: PlannedChange): void {
    this.#counts[was.action]--;
    this.#counts[now.action]++;
    this.#note(was, -1);
    this.#note(now);
  }

  counts(read: number): RunCounts {
    return { ...NO_COUNTS, ...this.#counts, read };
  }

  async #flush(): Promise<void> {
    while (this.#writing.length >= AT_ONCE) await this.#writing.shift();
    if (this.#lines.rows === 0) return;
    const { engine, lease } = this.#context;
    const writing = this.#lines.send(engine.store, lease);
    writing.catch(() => undefined); // reported when it is waited for
    this.#writing.push(writing);
  }
}
