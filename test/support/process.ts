import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Below those that the system gives away by itself, as to every connection that somebody opens. */
const [FIRST, OF_A_WORKER] = [10_000, 2000];
/** Other runs on this machine begin elsewhere. */
let next = (process.pid * 37) % OF_A_WORKER;

/** A port that nobody listens on, and that no other of the first ten workers of this run is given. */
export async function freePort(): Promise<number> {
  const worker = Number(process.env["VITEST_POOL_ID"] ?? 0) % 10;
  for (let tries = 0; tries < OF_A_WORKER; tries++) {
    const port = FIRST + worker * OF_A_WORKER + (next++ % OF_A_WORKER);
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

export interface Daemon {
  readonly pid: number;
  /** The end of what it printed. */
  output(): string;
  /** Ends the process and waits for its end. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const READY_WITHIN_MS = 120_000;

/** Starts a server and waits until `ready` succeeds; its output is shown if it does not. */
export async function startDaemon(
  command: string,
  args: readonly string[],
  options: {
    readonly uid?: number;
    readonly gid?: number;
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
  },
  ready: () => Promise<boolean>,
): Promise<Daemon> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
    });
  }
  // On a busy machine a domain controller needs its time.
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`${command} ended at once:\n${output}`);
    if (
      await Promise.resolve()
        .then(ready)
        .catch(() => false)
    ) {
      return {
        pid: child.pid ?? 0,
        output: () => output,
        stop: (signal) => stopChild(child, signal),
      };
    }
    await sleep(50);
  }
  await stopChild(child, "SIGKILL");
  throw new Error(`${command} did not become ready:\n${output}`);
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

/** Runs a program to its end. @throws if it fails, with what it printed */
export function run(
  command: string,
  args: readonly string[],
  options: {
    readonly input?: string | Buffer;
    readonly uid?: number;
    readonly gid?: number;
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
  } = {},
): string {
  const result = spawnSync(command, args, { ...options, maxBuffer: 1 << 28 });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} failed (${result.status}):\n${String(result.stdout)}${String(result.stderr)}`,
    );
  }
  return String(result.stdout);
}
