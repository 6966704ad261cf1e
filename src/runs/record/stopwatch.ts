import type { PhaseTime, RunPhase } from "../../model/run.ts";

/** Measures phases for the run's record. */
export class Stopwatch {
  readonly #phases: PhaseTime[] = [];
  #phase: RunPhase | null = null;
  #startedAt = Date.now();

  begin(phase: RunPhase): void {
    this.#close();
    this.#phase = phase;
    this.#startedAt = Date.now();
  }

  phases(): readonly PhaseTime[] {
    this.#close();
    return this.#phases;
  }

  #close(): void {
    if (this.#phase === null) return;
    const seconds = (Date.now() - this.#startedAt) / 1000;
    this.#phases.push({
      phase: this.#phase,
      startedAt: new Date(this.#startedAt).toISOString(),
      seconds,
    });
    this.#phase = null;
  }
}
