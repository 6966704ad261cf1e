import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { randomUUID } from "node:crypto";
import { styleText } from "node:util";
import type { EventActor } from "../model/event.ts";
import type { Hangups } from "../model/hangups.ts";
import type { Service } from "../service.ts";
import { safeJson, visible, visibleLines, visibleText } from "../lib/safe-output.ts";

export { visible } from "../lib/safe-output.ts";

/** Behind the escape signs of our own styles; no data can know it. */
const OURS = `\u001b${randomUUID()}`;

/** Everything that is printed goes through here: only our own styles steer the terminal. */
function safe(text: string): string {
  return text.split(OURS).map(visibleText).join("\u001b");
}

export interface Stream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a command line runs in. */
export interface CommandLine {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly signal: AbortSignal;
  /** Tells "hangup" when a daemon is to read its configuration again; absent: nobody does. */
  readonly hangups?: Hangups;
  /** In a daemon that carries out a command for somebody; absent: a process of its own. */
  readonly beside?: Beside;
}

/** What a command has that a daemon carries out. */
export interface Beside {
  readonly service: Service;
  /** Who asked for it. */
  readonly actor: EventActor;
  /** Refuses what that person may not do. @throws RollcallError */
  require(command: string, options: Readonly<Record<string, unknown>>): void;
}

type Style = Parameters<typeof styleText>[0];

/** Standard output takes results only; messages and progress go to standard error. */
export class Console {
  readonly json: boolean;
  readonly #line: CommandLine;
  #live = "";

  constructor(line: CommandLine, json: boolean) {
    this.#line = line;
    this.json = json;
  }

  get signal(): AbortSignal {
    return this.#line.signal;
  }

  get environment(): CommandLine["environment"] {
    return this.#line.environment;
  }

  get hangups(): Hangups | null {
    return this.#line.hangups ?? null;
  }

  get beside(): Beside | null {
    return this.#line.beside ?? null;
  }

  get input(): CommandLine["stdin"] {
    return this.#line.stdin;
  }

  /** Where questions are asked; whatever comes from outside is made visible before. */
  get terminal(): Stream {
    return this.#line.stderr;
  }

  get isTerminal(): boolean {
    return this.#line.stderr.isTTY === true;
  }

  /** A line of the result for people; nothing with --json. */
  print(text = ""): void {
    if (this.json) return;
    this.#clearLive();
    this.#line.stdout.write(`${safe(text)}\n`);
  }

  /** The one JSON document of a command; nothing without --json. */
  document(value: unknown): void {
    if (this.json) this.#line.stdout.write(`${safeJson(value, 2)}\n`);
  }

  /** Lines of CSV or JSON, of which there may be many; waits for a slow reader. */
  async write(text: string): Promise<void> {
    await this.#send(visibleLines(text));
  }

  /** A line for people, of which there may be many; waits for a slow reader. */
  async line(text: string): Promise<void> {
    await this.#send(`${safe(text)}\n`);
  }

  async #send(text: string): Promise<void> {
    const { stdout, signal } = this.#line;
    if (!stdout.write(text)) await once(stdout, "drain", { signal });
  }

  note(text: string): void {
    this.#clearLive();
    this.#line.stderr.write(`${safe(text)}\n`);
  }

  /** A line that is replaced by the next one. Only for terminals. */
  live(text: string): void {
    const width = Math.max(20, (this.#line.stderr.columns ?? 80) - 1);
    this.#live = visible(text).slice(0, width);
    this.#line.stderr.write(`\r\u001b[K${this.#live}`);
  }

  #clearLive(): void {
    if (this.#live !== "") this.#line.stderr.write("\r\u001b[K");
    this.#live = "";
  }

  done(): void {
    this.#clearLive();
  }

  style(style: Style, text: string): string {
    const colourless =
      this.#line.environment["NO_COLOR"] !== undefined && this.#line.environment["NO_COLOR"] !== "";
    return this.#line.stdout.isTTY === true && !colourless
      ? styleText(style, visibleText(text), { validateStream: false }).replaceAll("\u001b", OURS)
      : text;
  }
}

/** Rows in columns; the last column is not padded. Control characters in data are made visible. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map(visible));
  const widths: number[] = [];
  for (const row of clean) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell));
  }
  return clean.map((row) =>
    row
      .map((cell, i) =>
        i === row.length - 1 ? cell : cell + " ".repeat((widths[i] ?? 0) - displayWidth(cell)),
      )
      .join("  ")
      .trimEnd(),
  );
}

/** East Asian wide characters take two cells, combining marks none. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** A value of a profile for people: text as it is, everything else as JSON, never longer than asked. */
export function shown(value: unknown, longest = 100): string {
  if (value === null || value === undefined) return "–";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
