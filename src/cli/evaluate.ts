import { safeJson } from "../lib/safe-output.ts";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { RollcallError } from "../model/errors.ts";
import type { Register } from "./register.ts";

const HELP = `
Each line is {"expression": "…", "context": {…}}; the answer is {"value": …} or
{"error": {"code": …, "message": …, "position": …}}, the position in characters from 0. Every key of
the context is a name in the expression; docs/12-expressions.md lists those that have a meaning of
their own, such as "now" and "user.groups". Needs neither a configuration nor a database.

Example:
  echo '{"expression": "String.toUpperCase(user.name)", "context": {"user": {"name": "ada"}}}' | rollcall evaluate`;

export function evaluateCommand(program: Command, register: Register): void {
  const command = program
    .command("evaluate")
    .description("evaluate expressions, one a line on standard input as JSON")
    .option("--context <file>", "JSON object with names for all lines; a line's own come first")
    .addHelpText("after", HELP);
  register(command, async (console, options) => {
    const file = options["context"];
    const shared = typeof file === "string" ? contextFile(file) : {};
    const { evaluateLine } = await import("../service.ts");
    if (console.input.isTTY === true) console.note("Reading lines from the keyboard; Ctrl-D ends.");
    const now = Date.now();
    const lines = createInterface({ input: console.input, crlfDelay: Infinity });
    const close = (): void => lines.close();
    console.signal.addEventListener("abort", close);
    for await (const line of lines) {
      if (line.trim() !== "") await console.write(`${safeJson(evaluateLine(line, shared, now))}\n`);
    }
    console.signal.removeEventListener("abort", close);
    return console.signal.aborted ? 1 : 0;
  });
}

function contextFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RollcallError("usage.invalid", `The context ${file} cannot be read: ${reason}.`);
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RollcallError("usage.invalid", `The context ${file} is not JSON: ${reason}.`);
  }
  throw new RollcallError("usage.invalid", `The context ${file} is not a JSON object.`);
}
