/**
 * How fast, against the limits of the same machine in the same run: `npm run bench`.
 *
 *   PEOPLE=100000 ROUNDS=3 EVENTS=10000000 npm run bench
 *
 * A directory of invented people on a local slapd, a local Postgres with fsync on; each round
 * measures everything once, so that a busy neighbour disturbs all alike. Medians count.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { person, personDn } from "../support/people.ts";
import { startPostgres, type Postgres } from "../support/postgres.ts";
import type { Slapd } from "../support/slapd.ts";
import { configuration, searchOf, startDirectory, SUFFIX } from "./directory.ts";
import type { ExpressionFigures } from "./expressions.ts";
import type { PushFigures } from "./pushing.ts";
import type { DaemonFigures } from "./daemon.ts";
import type { StartFigures } from "./start.ts";
import type { ApiFigures } from "./api.ts";
import { report, type Measured, type Sample } from "./report.ts";
import type { LogFigures } from "./system-log.ts";

const PEOPLE = Number(process.env["PEOPLE"] ?? 100_000);
const ROUNDS = Number(process.env["ROUNDS"] ?? 3);
/** What is shipped; `npm run build` makes it. */
const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const EXPRESSIONS = fileURLToPath(new URL("expressions.ts", import.meta.url));
const PUSHING = fileURLToPath(new URL("pushing.ts", import.meta.url));
const API = fileURLToPath(new URL("api.ts", import.meta.url));
const DAEMON = fileURLToPath(new URL("daemon.ts", import.meta.url));
const START = fileURLToPath(new URL("start.ts", import.meta.url));
const SYSTEM_LOG = fileURLToPath(new URL("system-log.ts", import.meta.url));
const READ_ONLY = fileURLToPath(new URL("read-only.ts", import.meta.url));
const PAGE = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const TABLES = ["app_users", "users", "system_log"];

const folder = mkdtempSync(join(tmpdir(), "rollcall-bench-"));
const samples: Measured = {};
/** What a process that reads occupies before it reads. */
let megabytesAtStart = 0;
/** Of the runs of the force syncs alone. */
const syncSeconds: number[] = [];

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Runs a program; its wall-clock seconds and, where the system tells, its peak memory in MB. */
async function measure(
  name: string,
  command: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const started = performance.now();
  const child = spawn(command, args, {
    // What ldapsearch prints goes nowhere: a pipe that this process has to empty would slow it down.
    stdio: [
      input === undefined ? "ignore" : "pipe",
      command === "ldapsearch" ? "ignore" : "pipe",
      "inherit",
    ],
  });
  if (input !== undefined) child.stdin?.end(input);
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid ?? 0));
  }, 20);
  let out = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    if (out.length < 100_000) out += chunk.toString();
  });
  const [status] = (await once(child, "close")) as [number];
  clearInterval(watch);
  if (status !== 0) throw new Error(`${name} ended with status ${status}: ${out}`);
  const sample: Sample = { seconds: (performance.now() - started) / 1000, megabytes: peak };
  (samples[name] ??= []).push(sample);
  say(`  ${name.padEnd(28)} ${sample.seconds.toFixed(2)} s, ${peak} MB`);
  return out;
}

function peakOf(pid: number): number {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Math.round(Number(kilobytes ?? 0) / 1024);
  } catch {
    return 0;
  }
}

/** The rows of the last import, written by `psql \copy` into tables with the same indexes. */
async function copyLimit(postgres: Postgres, from: string, round: number): Promise<void> {
  for (const table of TABLES) {
    const file = join(folder, `${table}.copy`);
    postgres.psql(from, `\\copy ${table} to '${file}'`);
  }
  const name = `copy${round}`;
  const url = postgres.createDatabase(name);
  const schema = ["public"].map(() => dumpSchema(from, postgres));
  postgres.psql(name, schema.join("\n"));
  const statements = TABLES.map(
    (table) => `\\copy ${table} from '${join(folder, `${table}.copy`)}'`,
  ).join("\n");
  await measure(
    "psql \\copy",
    "psql",
    ["-qX", "-v", "ON_ERROR_STOP=1", url, "-f", "-"],
    statements,
  );
  postgres.psql("postgres", `drop database ${name}`);
}

function dumpSchema(database: string, postgres: Postgres): string {
  const columns = TABLES.map((table) => {
    const list = postgres.psql(
      database,
      `select string_agg(column_name || ' ' || udt_name || case is_nullable when 'NO' then ' not null' else '' end, ', ' order by ordinal_position) from information_schema.columns where table_schema = 'public' and table_name = '${table}'`,
    );
    return `create table ${table} (${list.trim()});`;
  });
  const indexes = TABLES.map((table) =>
    postgres.psql(
      database,
      `select indexdef || ';' from pg_indexes where schemaname = 'public' and tablename = '${table}'`,
    ),
  );
  const functions = postgres.psql(
    database,
    "select pg_get_functiondef(oid) || ';' from pg_proc where proname like 'rollcall%'",
  );
  return [...columns, functions, ...indexes].join("\n");
}

async function round(number: number, slapd: Slapd, postgres: Postgres): Promise<string> {
  say(`Round ${number}`);
  const name = `bench${number}`;
  const config = join(folder, "rollcall.yaml");
  writeFileSync(config, configuration(slapd, postgres.createDatabase(name)));
  const search = searchOf(slapd);
  const rollcall = (what: string, ...args: string[]): Promise<string> =>
    measure(what, process.execPath, [
      "--max-semi-space-size=8",
      MAIN,
      ...args,
      "--config",
      config,
      "--json",
    ]);
  const base = `ou=people,${SUFFIX}`;
  const reading = [
    "--max-semi-space-size=8",
    READ_ONLY,
    slapd.url,
    slapd.adminDn,
    slapd.password,
    base,
  ];
  await measure("ldapsearch", "ldapsearch", search);
  const first = await rollcall("first full import", "import", "corp");
  await measure("ldapsearch", "ldapsearch", search);
  await rollcall("full import, nothing new", "import", "corp", "--full");
  const sync = await rollcall("force sync, nothing new", "force-sync", "corp");
  syncSeconds.push(workOf(JSON.parse(sync) as RunTimes));
  await measure("ldapsearch", "ldapsearch", search);
  await rollcall("full import, nothing new", "import", "corp", "--full");
  await measure("reading only", process.execPath, reading);
  await measure("ldapsearch", "ldapsearch", search);
  const read = await measure("reading only", process.execPath, reading);
  ({ megabytesAtStart } = JSON.parse(read) as { megabytesAtStart: number });
  await rollcall("incremental, nothing new", "import", "corp", "--incremental");
  change(slapd, number);
  const changed = await rollcall("incremental, 100 changes", "import", "corp", "--incremental");
  const { type, counts } = JSON.parse(changed) as { type: string; counts: { updated: number } };
  if (type !== "incremental" || counts.updated !== 100)
    throw new Error(`the incremental import did something else: ${changed}`);
  await copyLimit(postgres, name, number);
  postgres.psql("postgres", `drop database ${name}`);
  return first;
}

interface RunTimes {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly counts: { readonly unchanged: number };
}

/** How long the run itself took, without the start of the process. */
function workOf({ startedAt, finishedAt, counts }: RunTimes): number {
  if (counts.unchanged !== PEOPLE) throw new Error("the force sync changed somebody");
  return (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
}

/** A hundred people all over the directory get a new title. */
function change(slapd: Slapd, round: number): void {
  const step = Math.floor(PEOPLE / 100);
  const records = Array.from({ length: 100 }, (_, i) => {
    const dn = personDn(person(i * step).uid, SUFFIX);
    return `dn: ${dn}\nchangetype: modify\nreplace: title\ntitle: Changed ${round}\n\n`;
  });
  slapd.modify(records.join(""));
}

say(`Making ${PEOPLE} people …`);
const slapd = await startDirectory(folder, PEOPLE);
const postgres = await startPostgres({ durable: true });
try {
  let last = "";
  for (let i = 1; i <= ROUNDS; i++) last = await round(i, slapd, postgres);
  const { phases } = JSON.parse(last) as { phases: { phase: string; seconds: number }[] };
  say("Expressions");
  const figures = execFileSync(process.execPath, [EXPRESSIONS], { encoding: "utf8" });
  const expressions = JSON.parse(figures) as ExpressionFigures;
  say("System Log");
  const answers = execFileSync(process.execPath, [SYSTEM_LOG], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const log = JSON.parse(answers) as LogFigures;
  say("Pushing to apps");
  const pushes = execFileSync(process.execPath, [PUSHING], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PEOPLE: String(PEOPLE) },
  });
  const pushing = JSON.parse(pushes) as PushFigures;
  say("In a daemon");
  const daemons = execFileSync(process.execPath, [DAEMON], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PEOPLE: String(2 * PEOPLE) },
  });
  const daemon = JSON.parse(daemons) as DaemonFigures;
  say("Start of commands");
  const starts = execFileSync(process.execPath, [START], { encoding: "utf8" });
  const start = JSON.parse(starts) as StartFigures;
  say("The API");
  const env = { ...process.env, PEOPLE: process.env["API_PEOPLE"] ?? "1000000" };
  const asked = execFileSync(process.execPath, [API], {
    encoding: "utf8",
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const api = JSON.parse(asked) as ApiFigures;
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`;
  const page = report({
    people: PEOPLE,
    rounds: ROUNDS,
    machine,
    samples,
    phases,
    megabytesAtStart,
    expressions,
    syncSeconds,
    log,
    pushing,
    daemon,
    start,
    api,
  });
  if (PEOPLE === 100_000) writeFileSync(PAGE, page);
  process.stdout.write(page);
} finally {
  await slapd.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
