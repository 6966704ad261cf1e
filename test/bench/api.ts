/**
 * How fast the API answers at a million people, asked by eight clients at once. Prints JSON.
 *
 *   PEOPLE=1000000 node test/bench/api.ts
 *
 * The people are written into Postgres directly; the daemon is a process of its own. Whatever takes
 * longer than the goal at the 99th percentile is marked, because it reads what it need not.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { closeBrowsers, openBrowser } from "../support/browser.ts";
import { freePort, run } from "../support/process.ts";
import { startPostgres } from "../support/postgres.ts";

const PEOPLE = Number(process.env["PEOPLE"] ?? 1_000_000);
const CLIENTS = 8;
const REQUESTS = Number(process.env["REQUESTS"] ?? 75);
/** Of each question before it is measured: the daemon has been answering for a while. */
const WARM = 5;
const SLICE = 100_000;
/** Milliseconds at the 99th percentile. */
const GOAL = 50;
/** What is shipped; `npm run build` makes it. */
const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export interface ApiFigures {
  readonly people: number;
  /** Of the daemon, at its peak. */
  readonly megabytes: number;
  readonly questions: readonly {
    readonly question: string;
    readonly p50: number;
    readonly p99: number;
    readonly perSecond: number;
  }[];
  readonly pages: readonly {
    readonly page: string;
    /** Milliseconds until its data stands, of ten loads. */
    readonly p95: number;
    /** How many requests it makes, its own files among them. */
    readonly requests: number;
  }[];
}

/** Users and app users from one number to before another. */
function people(from: number, to: number): string[] {
  const numbers = `generate_series(${from}, ${to - 1}) i`;
  const id = "('01900000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid";
  return [
    `insert into users (id, login, login_key, status, profile, sources, version, status_changed_at, activated_at)
      select ${id}, 'person' || i || '@example.org', 'person' || i || '@example.org',
        case when i % 50 = 0 then 'deprovisioned' else 'active' end,
        jsonb_build_object('login', 'person' || i || '@example.org', 'email', 'person' || i || '@example.org',
          'firstName', (array['Ada','Bob','Cyd','Dee','Eve'])[1 + i % 5] || i % 977, 'lastName', 'Name' || i % 99991,
          'displayName', 'Person ' || i, 'department', 'Department ' || i % 40, 'title', 'Title ' || i % 300,
          'employeeNumber', i::text, 'city', 'City ' || i % 500, 'costCenter', 'C' || i % 97),
        '{"*": "corp"}', 1, now(), now() from ${numbers}`,
    `insert into app_users (directory, external_id, user_id, dn, status, profile, hash)
      select 'corp', 'e' || i, ${id}, 'uid=person' || i || ',ou=people,dc=example,dc=org', 'active',
        jsonb_build_object('uid', 'person' || i, 'mail', 'person' || i || '@example.org'), 'h' from ${numbers}`,
  ];
}

const any = (): number => Math.floor(Math.random() * PEOPLE);
const idOf = (i: number): string => `01900000-0000-7000-8000-${i.toString(16).padStart(12, "0")}`;
const search = (text: string): string =>
  `/api/v1/users?limit=50&search=${encodeURIComponent(text)}`;

const QUESTIONS: Readonly<Record<string, () => string>> = {
  "a user by id": () => `/api/v1/users/${idOf(any())}`,
  "a user by login": () => `/api/v1/users/person${any()}@example.org`,
  "a user by short name": () => `/api/v1/users/person${any()}`,
  "200 users from anywhere": () => `/api/v1/users?limit=200&after=${idOf(any())}`,
  "search: the address": () => search(`profile.email eq "PERSON${any()}@example.org"`),
  "search: a last name": () => search(`profile.lastName eq "name${any() % 99_991}"`),
  "search: a last name begins so": () => search(`profile.lastName sw "Name${any() % 9999}"`),
  "search: a department": () => search(`profile.department eq "Department ${any() % 40}"`),
  "search: nobody's title": () => search(`profile.title eq "nothing ${any()}"`),
  "search: nobody's city, which has no index": () => search(`profile.city eq "nothing ${any()}"`),
  "search: an employee's number": () => search(`profile.employeeNumber eq "${any()}"`),
  "search: deactivated": () => search('status eq "DEPROVISIONED"'),
  "search: changed since": () =>
    search(`lastUpdated gt "${new Date(Date.now() - 1000).toISOString()}"`),
  "in order of last names": () => `${search("profile.login pr")}&sortBy=profile.lastName`,
  "in order of changes, newest first": () =>
    `${search("profile.login pr")}&sortBy=lastUpdated&sortOrder=desc`,
  "filter: the address": () =>
    `/api/v1/users?filter=${encodeURIComponent(`profile.email eq "person${any()}@example.org"`)}`,
  "q: a name begins so": () => `/api/v1/users?q=person${any()}`,
  "q: nobody": () => `/api/v1/users?q=zz${any()}`,
  "app users from anywhere": () => `/api/v1/apps/corp/users?limit=200&after=${idOf(any())}`,
  "an app user": () => `/api/v1/apps/corp/users/${idOf(any())}`,
  "the System Log": () => "/api/v1/logs?limit=100&sortOrder=DESCENDING",
  runs: () => "/api/rollcall/v1/runs?limit=50",
  "who fails": () => "/api/rollcall/v1/failing?directory=corp",
  "who was deactivated": () => search('status eq "SUSPENDED"'),
  sources: () => "/api/rollcall/v1/sources",
  metrics: () => "/metrics",
  explain: () => `/api/rollcall/v1/explain?who=person${any()}@example.org&attribute=title`,
};

const LOADS = 10;
const PAGES: Readonly<Record<string, () => string>> = {
  Dashboard: () => "",
  "Directory Integrations": () => "directories",
  "a directory": () => "directories/corp",
  "its mappings": () => "directories/corp/mappings",
  People: () => "people",
  "People, by the beginning of a name": () => `people?q=person${any()}`,
  "a person": () => `people/person${any()}@example.org`,
  "Import Monitoring": () => "runs",
  "Import results": () => "results",
  Tasks: () => "tasks",
  "Profile Editor": () => "profile",
  "System Log": () => "logs",
  Settings: () => "settings",
};

const folder = mkdtempSync(join(tmpdir(), "rollcall-bench-api-"));
const postgres = await startPostgres({ durable: true });
const url = postgres.createDatabase("api");
const port = await freePort();
const config = join(folder, "rollcall.yaml");
writeFileSync(join(folder, "p.ldif"), "");
writeFileSync(
  config,
  `database: { url: "${url}" }
http: { port: ${port}, searchIndexes: [profile.title] }
directories:
  corp:
    type: ldif
    path: ${join(folder, "p.ldif")}
    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.uid, lastName: appuser.uid, title: appuser.title }
`,
);
const rollcall = (...args: string[]): string =>
  run(process.execPath, [MAIN, ...args, "--config", config]);
rollcall("migrate");
for (let from = 0; from < PEOPLE; from += SLICE)
  for (const statement of people(from, Math.min(PEOPLE, from + SLICE)))
    postgres.psql("api", statement);
postgres.psql("api", "vacuum analyze");
const token = rollcall("tokens", "create", "bench", "--role", "admin").trim();
const daemon = spawn(process.execPath, [MAIN, "serve", "--config", config], { stdio: "ignore" });
const base = `http://127.0.0.1:${port}`;
while (
  !(await fetch(`${base}/readyz`).then(
    (r) => r.ok,
    () => false,
  ))
)
  await sleep(100);

// The indexes are made when the daemon begins to answer; a minute at a million.
const ready = (): boolean =>
  postgres
    .psql(
      "api",
      "select count(*) from pg_class c join pg_index i on i.indexrelid = c.oid where c.relname like 'users_search_%' and i.indisvalid",
    )
    .trim() === "10";
while (!ready()) await sleep(500);
postgres.psql("api", "vacuum analyze");

/** Milliseconds that one request takes. */
async function ask(path: string): Promise<number> {
  const started = performance.now();
  const response = await fetch(base + path, { headers: { authorization: `SSWS ${token}` } });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return performance.now() - started;
}

/** The console's pages in a browser, each loaded anew ten times. */
async function consolePages(): Promise<ApiFigures["pages"][number][]> {
  const { url: link } = JSON.parse(rollcall("admin", "sign-in", "--json")) as { url: string };
  const found: ApiFigures["pages"][number][] = [];
  await using browser = await openBrowser();
  const { page } = browser;
  let requests = 0;
  page.on("request", () => requests++);
  await page.goto(link);
  await page.waitForSelector('main[aria-busy="false"] h1');
  for (const [name, path] of Object.entries(PAGES)) {
    const times: number[] = [];
    for (let i = 0; i < LOADS; i++) {
      requests = 0;
      const started = performance.now();
      await page.goto(`${base}/console/${path()}`);
      await page.waitForSelector('main[aria-busy="false"] h1');
      times.push(performance.now() - started);
    }
    const p95 = times.toSorted((a, b) => a - b)[Math.floor(0.95 * LOADS)] ?? 0;
    found.push({ page: name, p95, requests });
    process.stderr.write(`  ${name.padEnd(36)} p95 ${p95.toFixed(0)} ms, ${requests} requests\n`);
  }
  await closeBrowsers();
  return found;
}

const questions: ApiFigures["questions"][number][] = [];
for (const [question, path] of Object.entries(QUESTIONS)) {
  const eight = Array.from({ length: CLIENTS }, (_, i) => i);
  for (let i = 0; i < WARM; i++) await Promise.all(eight.map(() => ask(path())));
  const times: number[] = [];
  const started = performance.now();
  const client = async (): Promise<void> => {
    for (let i = 0; i < REQUESTS; i++) times.push(await ask(path()));
  };
  await Promise.all(eight.map(client));
  const seconds = (performance.now() - started) / 1000;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
  const figures = { question, p50: at(0.5), p99: at(0.99), perSecond: times.length / seconds };
  questions.push(figures);
  const mark = figures.p99 > GOAL ? "  <-- beyond the goal" : "";
  process.stderr.write(
    `  ${question.padEnd(36)} p50 ${figures.p50.toFixed(1)} ms, p99 ${figures.p99.toFixed(1)} ms, ${figures.perSecond.toFixed(0)}/s${mark}\n`,
  );
}
const pages = await consolePages();
const status = readFileSync(`/proc/${daemon.pid}/status`, "utf8");
const megabytes = Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
daemon.kill("SIGTERM");
await postgres.stop();
rmSync(folder, { recursive: true, force: true });
const figures: ApiFigures = { people: PEOPLE, megabytes, questions, pages };
process.stdout.write(`${JSON.stringify(figures)}\n`);
