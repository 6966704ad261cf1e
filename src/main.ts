import { keepCompiledCode } from "./lib/code-cache.ts";
import { collectEarly } from "./lib/memory.ts";
import { Hangups } from "./model/hangups.ts";

const stop = new AbortController();
const hangups = new Hangups();
let signals = 0;
function end(): void {
  stop.abort();
  // The first asks to end properly; whoever asks three times does not want to wait.
  if (++signals === 1)
    process.stderr.write("\nStopping; a plan that is being applied is left at a batch's end.\n");
  if (signals >= 3) process.exit(130);
}
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, end);
process.on("SIGHUP", () => {
  // Whatever runs in a terminal ends with it; a daemon without one reads its configuration again.
  if (process.stderr.isTTY || !process.argv.includes("serve")) end();
  else hangups.tell();
});
// Whoever started this process is gone, and with it whoever could end it.
process.on("disconnect", () => {
  if (!stop.signal.aborted) end();
});
process.channel?.unref();

keepCompiledCode();
// Only from here on, so that what it loads is kept.
const { runCommandLine } = await import("./cli/program.ts");
collectEarly();

/**
 * The last net: a fault that nobody caught ends the work as a signal does, so that claims are given
 * back and the next start goes on; whoever restarts it is told by the status.
 */
let fault: unknown;
/** How long work may take to end that a fault has struck. */
const LAST_SECONDS = 30;
process.on("uncaughtException", (error: Error) => {
  if (fault !== undefined) return;
  fault = error;
  process.exitCode = 1;
  process.stderr.write(`Unexpected, please report it: ${error.stack ?? error.message}\n`);
  setTimeout(() => process.exit(1), LAST_SECONDS * 1000).unref();
  stop.abort();
});
// Nobody reads the messages any more; what is being done is done all the same.
process.stderr.on("error", () => undefined);
// A reader that has seen enough, as `head` does, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const status = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  hangups,
});
process.exitCode = fault === undefined ? status : Math.max(status, 1);
