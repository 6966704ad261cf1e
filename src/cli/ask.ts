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

  async #ask(question: string, isSecret: boolean): Promise<string> {
    const { input, signal } = this.#console;
    let isAsked = false;
    // What the terminal echoes goes the same way as the question.
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!isSecret || !isAsked) this.#console.terminal.write(chunk);
        isAsked = true;
        done();
      },
    });
    const lines = createInterface({ input, output, terminal: true });
    try {
      return await lines.question(question, { signal });
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
      throw new RollcallError("usage.invalid", "Nothing was written.");
    } finally {
      lines.close();
    }
  }
}
