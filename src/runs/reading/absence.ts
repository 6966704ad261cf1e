import type { DirectorySession, Whereabouts } from "../../agent/agent.ts";
import type { RunContext } from "../../engine/engine.ts";
import { RollcallError } from "../../model/errors.ts";
import type { Absence } from "../../model/run.ts";

/**
 * Why people are not in the scope any more, asked of the directory over a connection of its own
 * and only if somebody is gone at all. It explains a plan and decides nothing, so that a directory
 * that refuses the question stops no import.
 */
export class Absences implements AsyncDisposable {
  readonly #context: RunContext;
  readonly #expected: number;
  #session: DirectorySession | null = null;
  #whereabouts: Whereabouts | null = null;
  #refused = false;

  /** @param expected about how many people will be asked for */
  constructor(context: RunContext, expected: number) {
    this.#context = context;
    this.#expected = expected;
  }

  async of(ids: readonly string[]): Promise<(id: string) => Absence> {
    if (this.#refused || ids.length === 0) return () => "unexamined";
    const { engine, settings, signal } = this.#context;
    try {
      this.#session ??= await engine.openDirectory(settings.name).open(signal);
      this.#whereabouts ??= this.#session.whereabouts(this.#expected);
      const found = await this.#whereabouts.of(ids);
      return (id) => found.get(id) ?? "unexamined";
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
      this.#refused = true;
      return () => "unexamined";
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]();
  }
}
