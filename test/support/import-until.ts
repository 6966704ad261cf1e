import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startByteProxy } from "./byte-proxy.ts";
import type { Workplace } from "./rollcall.ts";

export const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

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
      onLimit: () => {
        if (kill) child.process?.kill("SIGKILL");
      },
    },
  );
  const config = place.file(
    "through-proxy.yaml",
    readFileSync(place.config, "utf8").replace(`:${url.port}/`, `:${proxy.port}/`),
  );
  const started = spawn(process.execPath, [MAIN, ...command, "--config", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.process = started;
  let err = "";
  started.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const [status] = (await once(started, "close")) as [number | null];
  return { sent: proxy.passed(), status, err };
}
