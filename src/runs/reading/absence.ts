import type { AbsenceFinder, DirectorySession } from "../../agent/directory.ts";
import { RollcallError } from "../../model/errors.ts";
import type { Absence } from "../../model/run.ts";
import type { RunContext } from "../record/context.ts";

/** Tells why people are not in the scope any more. */
export interface AbsenceCauses {
  of(ids: readonly string[]): Promise<(id: string) => Absence>;
}

/**
 * Asks the directory, over a connection of its own and only if somebody is gone at all. It explains
 * a plan and decides nothing, so that a directory that refuses the question stops no import.
 */
export class LazyAbsence implements AbsenceCauses, AsyncDisposable {
  readonly #context: RunContext;
  readonly #expected: number;
  #session: DirectorySession | null = null;
  #finder: AbsenceFinder | null = null;
  #refused = false;

  /** @param expected about how many people will be asked for */
  constructor(context: RunContext, expected: number) {
    this.#context = context;
    this.#expected = expected;
  }

  async of(ids: readonly string[]): Promise<(id: string) => Absence> {
    if (this.#refused || ids.length === 0) return () => "unexamined";
    const { engine, directory, signal } = this.#context;
    try {
      this.#session ??= await (await engine.openDirectory(directory.name)).open(signal);
      this.#finder ??= this.#session.absence(this.#expected);
      const found = await this.#finder.of(ids);
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
