import { Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import { Console, type Stream } from "./console.ts";

class Terminal extends Writable {
  readonly isTTY = true;
  text = "";
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function terminal(): {
  readonly console: Console;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
} {
  const [stdout, stderr] = [new Terminal(), new Terminal()];
  const line = {
    environment: {},
    stdin: Readable.from([]),
    stdout: stdout as Stream,
    stderr: stderr as Stream,
    signal: new AbortController().signal,
  };
  return { console: new Console(line, false), stdout, stderr };
}

const NASTY = "\u001b[2J\u009b\u202e\u0007";
const SHOWN = String.raw`\x1b[2J\x9b\x202e\x07`;
const GREEN = "\u001b[32m";

test("our own styles reach the terminal, and nothing else that steers it", async () => {
  const { console, stdout, stderr } = terminal();
  const styled = console.style("green", `ok${NASTY}`);
  console.print(`${styled} ${NASTY}`);
  await console.line(`${styled} ${NASTY}`);
  console.note(NASTY);
  console.live(NASTY);
  const line = `${GREEN}ok${SHOWN}\u001b[39m ${SHOWN}\n`;
  expect(stdout.text).toBe(`${line}${line}`);
  expect(stderr.text).toBe(`${SHOWN}\n\r\u001b[K${SHOWN}`);
});

test("lines for programs keep their line ends, and hold no other control", async () => {
  const { console, stdout } = terminal();
  await console.write(`a,"b\nc"\r\n${NASTY}`);
  expect(stdout.text).toBe(`a,"b\nc"\r\n\\x1b[2J\\x9b\u202e\\x07`);
});
