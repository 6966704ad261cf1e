/** Questions to whoever sits at the terminal. What is typed for a password is not shown. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { RollcallError } from "../model/errors.ts";
import { visible, type Console } from "./console.ts";

export class Asker {
  readonly #console: Console;
  /** Whether every proposal is taken without asking. */
  readonly #isSilent: boolean;

  constructor(console: Console, isSilent: boolean) {
    this.#console = console;
    this.#isSilent = isSilent;
    if (!isSilent && console.input.isTTY !== true) {
      const message =
        "init asks questions; where nobody sits at a terminal, give it all and add --yes.";
      throw new RollcallError("usage.invalid", message);
    }
  }

  /** @param otherwise what counts where nothing is typed */
  async text(question: string, otherwise: string): Promise<string> {
    if (this.#isSilent) return otherwise;
    const proposal = otherwise === "" ? "" : ` [${visible(otherwise)}]`;
    const answer = await this.#ask(`${question}${proposal}: `, false);
    return answer.trim() === "" ? otherwise : answer.trim();
  }

  async secret(question: string): Promise<string> {
    if (this.#isSilent) return "";
    const answer = await this.#ask(`${question}: `, true);
    this.#console.note("");
    return answer;
  }

  /** @param otherwise also what is answered where nobody is asked */
  async confirm(question: string, otherwise: boolean): Promise<boolean> {
    if (this.#isSilent) return otherwise;
    const answer = await this.#ask(`${question} [${otherwise ? "Y/n" : "y/N"}]: `, false);
    return answer.trim() === "" ? otherwise : /^y(?:es)?$/i.test(answer.trim());
  }

  /** The question is ours to write: what the terminal echoes behind it may be a secret. */
  async #ask(question: string, isSecret: boolean): Promise<string> {
    const { input, signal, terminal } = this.#console;
    terminal.write(question);
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const lines = createInterface({
      input,
      output: isSecret ? silent : terminal,
      terminal: isSecret,
    });
    // Ctrl-C while nothing is echoed, and the end of the input, end the question.
    const stop = new AbortController();
    const end = (): void => stop.abort();
    lines.once("SIGINT", end).once("close", end);
    try {
      return await lines.question("", { signal: AbortSignal.any([signal, stop.signal]) });
    } catch (thrown) {
      if (!signal.aborted && !stop.signal.aborted) throw thrown;
      throw new RollcallError("usage.invalid", "Nothing was written.");
    } finally {
      lines.close();
    }
  }
}
