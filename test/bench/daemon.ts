/**
 * How fast a daemon finds nothing new, against the same `ldapsearch`. Prints JSON.
 *
 *   PEOPLE=200000 ROUNDS=5 node test/bench/daemon.ts
 *
 * One daemon runs all the time, as `serve` does; each round measures everything once. The first round is
 * not counted: a daemon has been at work for a while.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort, run } from "../support/process.ts";
import { startPostgres } from "../support/postgres.ts";
import { configuration, searchOf, startDirectory } from "./directory.ts";

const PEOPLE = Number(process.env["PEOPLE"] ?? 200_000);
const ROUNDS = Number(process.env["ROUNDS"] ?? 5);
/** What is shipped; `npm run build` makes it. */
const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export interface DaemonFigures {
  readonly people: number;
  /** Seconds, medians. */
  readonly search: number;
  readonly nothingNew: number;
  readonly forceSync: number;
  /** Of the daemon, at its peak. */
  readonly megabytes: number;
}

interface RunTimes {
  readonly run: string;
  readonly status: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly counts: { readonly unchanged: number };
}

const folder = mkdtempSync(join(tmpdir(), "rollcall-bench-daemon-"));
const slapd = await startDirectory(folder, PEOPLE);
const postgres = await startPostgres({ durable: true });
const port = await freePort();
const config = join(folder, "rollcall.yaml");
const database = postgres.createDatabase("daemon");
writeFileSync(config, configuration(slapd, database, `http: { port: ${port} }\n`));
const flags = ["--max-semi-space-size=8", MAIN];
run(process.execPath, [...flags, "import", "corp", "--config", config]);
const { token } = JSON.parse(
  run(process.execPath, [
    MAIN,
    ..."tokens create bench --role admin --json".split(" "),
    "--config",
    config,
  ]),
) as { token: string };
const daemon = spawn(process.execPath, [...flags, "serve", "--config", config], {
  stdio: "ignore",
});
try {
  const taken = { search: [] as number[], nothingNew: [] as number[], forceSync: [] as number[] };
  await answering();
  for (let round = 0; round <= ROUNDS; round++) {
    const search = searched();
    const nothingNew = await runOf({ kind: "import", directory: "corp", type: "full" });
    const forceSync = await runOf({ kind: "force-sync", directory: "corp" });
    const told = { search, nothingNew, forceSync };
    process.stderr.write(`${round} ${JSON.stringify(told)}\n`);
    if (round === 0) continue;
    for (const [name, seconds] of Object.entries(told))
      taken[name as keyof typeof told].push(seconds);
  }
  const figures: DaemonFigures = {
    people: PEOPLE,
    search: median(taken.search),
    nothingNew: median(taken.nothingNew),
    forceSync: median(taken.forceSync),
    megabytes: peakOf(daemon.pid ?? 0),
  };
  process.stdout.write(JSON.stringify(figures));
} finally {
  daemon.kill();
  await slapd.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

function searched(): number {
  const started = performance.now();
  const { status } = spawnSync("ldapsearch", searchOf(slapd), { stdio: "ignore" });
  if (status !== 0) throw new Error("ldapsearch failed");
  return (performance.now() - started) / 1000;
}

async function ask(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/api/rollcall/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return await response.json();
}

async function answering(): Promise<void> {
  for (;;) {
    try {
      await ask("GET", "/me");
      return;
    } catch (error) {
      if (daemon.exitCode !== null) throw error;
      await sleep(50);
    }
  }
}

/** Seconds of the run itself, as it is recorded. */
async function runOf(wanted: object): Promise<number> {
  let told = (await ask("POST", "/runs", wanted)) as RunTimes;
  while (told.status === "running") {
    await sleep(100);
    told = (await ask("GET", `/runs/${told.run}`)) as RunTimes;
  }
  if (told.status !== "done" || told.counts.unchanged !== PEOPLE)
    throw new Error(`the run did something else: ${JSON.stringify(told)}`);
  return (Date.parse(told.finishedAt) - Date.parse(told.startedAt)) / 1000;
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;
}

function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
}
