import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { startByteProxy } from "./byte-proxy.ts";
import { PROGRAM } from "./program.ts";
import type { Workplace } from "./rollcall.ts";

/** An import whose traffic to Postgres is cut after so many bytes; with `kill`, the process dies, too. */
export async function importUntil(
  place: Workplace,
  bytes: number,
  kill: boolean,
  ...options: readonly string[]
): Promise<{ sent: number; status: number | null; err: string }> {
  return await runUntil(place, bytes, kill, "import", "corp", ...options);
}

/** Any command in this way. */
export async function runUntil(
  place: Workplace,
  bytes: number,
  kill: boolean,
  ...command: readonly string[]
): Promise<{ sent: number; status: number | null; err: string }> {
  const url = new URL(place.databaseUrl ?? "");
  const child: { process?: ChildProcess } = {};
  await using proxy = await startByteProxy(
    { host: url.hostname, port: Number(url.port) },
    {
      after: bytes,
      counting: "sent",
      then: "cut",
      onLimit: () => child.process?.kill("SIGKILL"),
    },
  );
  const config = place.file(
    "through-proxy.yaml",
    readFileSync(place.config, "utf8").replace(`:${url.port}/`, `:${proxy.port}/`),
  );
  // Nobody has to die of it, so it need not be a process of its own.
  if (!kill) {
    const { status, err } = await place.run(...command, "--config", config);
    return { sent: proxy.passed(), status, err };
  }
  const started = spawn(process.execPath, [PROGRAM, ...command, "--config", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.process = started;
  let err = "";
  started.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const [status] = (await once(started, "close")) as [number | null];
  return { sent: proxy.passed(), status, err };
}
