/**
 * Commands that another process carries out: the daemon that has the embedded database, or a server
 * elsewhere. What it prints is printed here as it comes; its exit status is ours.
 */
import { readFileSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { visibleLines } from "../lib/safe-output.ts";
import { RollcallError } from "../model/errors.ts";
import { isLoopback } from "../model/loopback.ts";
import { daemonFile, lockFile, type DaemonAddress } from "../model/daemon-address.ts";
import type { Settings } from "../model/settings.ts";
import type { CommandLine } from "./console.ts";

export interface CommandServer extends Pick<DaemonAddress, "url" | "token"> {
  /** Of the daemon of this machine: the configuration that is meant, and who asks. */
  readonly local: {
    readonly config: string;
    readonly version: string;
    readonly account: string;
  } | null;
}

/** The daemon that has the embedded database of a configuration; null: there is none. */
export function daemonOf(
  { database, file, version }: Settings,
  account: string,
): CommandServer | null {
  if (database.url !== null) return null;
  try {
    const read = JSON.parse(readFileSync(daemonFile(database.directory), "utf8")) as DaemonAddress;
    // One that a daemon left behind says nothing of who has the database now.
    if (readFileSync(lockFile(database.directory), "utf8") !== read.lock) return null;
    const local = { config: realpathSync(file), version, account };
    return { url: read.url, token: read.token, local };
  } catch {
    return null;
  }
}

/** Whom `--server`, or the environment, names; null: nobody. @throws RollcallError `usage.invalid` */
export function namedServer(
  options: Readonly<Record<string, unknown>>,
  environment: CommandLine["environment"],
): CommandServer | null {
  const server = options["server"] ?? environment["ROLLCALL_SERVER"];
  if (typeof server !== "string" || server === "") return null;
  const token = options["token"] ?? environment["ROLLCALL_TOKEN"];
  if (typeof token !== "string" || token === "") {
    const message = "--server needs a token: ROLLCALL_TOKEN in the environment, or --token.";
    throw new RollcallError("usage.invalid", message);
  }
  if (options["config"] !== undefined) {
    const message = "--config and --server do not go together: the server has its own.";
    throw new RollcallError("usage.invalid", message);
  }
  return { url: originOf(server), token, local: null };
}

/** A token is sent there: in clear to this machine only. @throws RollcallError `usage.invalid` */
function originOf(server: string): string {
  const url = URL.parse(server);
  const isSafe =
    url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  const isPlain = url !== null && [url.origin, `${url.origin}/`].includes(server.toLowerCase());
  if (url !== null && isSafe && isPlain) return url.origin;
  const message = `--server takes an address such as https://rollcall.example.org, without a path, and without TLS only on this machine; not ${server}.`;
  throw new RollcallError("usage.invalid", message);
}

/** Options that are for this process. */
const OWN = new Set(["--server", "--token", "--config"]);

/** The arguments as the other process understands them. */
function argumentsFor(args: readonly string[]): string[] {
  const passed: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const name = arg.split("=", 1)[0] ?? "";
    if (OWN.has(name)) at += arg === name ? 1 : 0;
    // It may work in another folder.
    else if (name === "--diff" && arg !== name) passed.push(`--diff=${resolve(arg.slice(7))}`);
    else if (name === "--diff") passed.push(arg, resolve(args[++at] ?? ""));
    else passed.push(arg);
  }
  return passed;
}

/** @returns the exit status @throws RollcallError `server.unreachable`, `server.refused` */
export async function runBeside(
  server: CommandServer,
  args: readonly string[],
  line: CommandLine,
): Promise<number> {
  const body = { args: argumentsFor(args), ...server.local };
  let response: Response;
  try {
    response = await fetch(`${server.url}/api/rollcall/v1/commands`, {
      method: "POST",
      redirect: "error",
      headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: line.signal,
    });
  } catch (error) {
    // What has reached the server is not known, so it is not said that nothing was changed.
    if (line.signal.aborted)
      throw new RollcallError("server.unreachable", `Interrupted before ${server.url} answered.`);
    const reason = error instanceof Error ? causeOf(error) : String(error);
    throw new RollcallError("server.unreachable", `${server.url} does not answer: ${reason}.`);
  }
  if (!response.ok || response.body === null) throw await refused(server, response);
  return await printed(server, response.body, line);
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function refused({ url }: CommandServer, response: Response): Promise<RollcallError> {
  const problem = (await response.json().catch(() => null)) as {
    detail?: unknown;
    problems?: unknown;
  } | null;
  const detail = typeof problem?.detail === "string" ? problem.detail : "no reason given";
  const details = Array.isArray(problem?.problems) ? problem.problems.map(String) : [];
  return new RollcallError("server.refused", `${url} refuses (${response.status}): ${detail}`, {
    details,
  });
}

/** Prints what comes until the exit status, which is the last. */
async function printed(
  { url }: CommandServer,
  body: ReadableStream<Uint8Array>,
  line: CommandLine,
): Promise<number> {
  let rest = "";
  try {
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const one of lines) {
        const said = JSON.parse(one) as { out?: string; err?: string; status?: number };
        if (said.out !== undefined) line.stdout.write(visibleLines(said.out));
        if (said.err !== undefined) line.stderr.write(visibleLines(said.err));
        if (said.status !== undefined) return said.status;
      }
    }
  } catch (error) {
    if (line.signal.aborted) return 1;
    const reason = error instanceof Error ? causeOf(error) : String(error);
    throw new RollcallError("server.unreachable", `${url} broke off: ${reason}.`);
  }
  throw new RollcallError("server.unreachable", `${url} ended before the command did.`);
}
