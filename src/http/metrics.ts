/**
 * `/metrics` in Prometheus' text format. What is in the database is read at every scrape, so all
 * replicas tell the same; what went wrong with the database itself is counted by this process.
 */
import { Counter, Gauge, Registry, collectDefaultMetrics } from "@prometheus-io/client";
import type { Figures, TotalName } from "../model/figures.ts";
import { RollcallError } from "../model/errors.ts";
import type { Service } from "../service.ts";

const TOTALS: Readonly<Record<TotalName, { name: string; help: string; labels: string[] }>> = {
  runs: {
    name: "rollcall_runs_total",
    help: "Runs that ended or were held, by directory, kind and result",
    labels: ["directory", "kind", "result"],
  },
  phase_seconds: {
    name: "rollcall_run_phase_seconds_sum",
    help: "Seconds that the runs that were done spent in each phase",
    labels: ["directory", "phase"],
  },
  phases: {
    name: "rollcall_run_phase_seconds_count",
    help: "How often the runs that were done went through each phase",
    labels: ["directory", "phase"],
  },
  people: {
    name: "rollcall_people_total",
    help: "People in the runs that were done, by outcome",
    labels: ["directory", "outcome"],
  },
  pushes: {
    name: "rollcall_pushes_total",
    help: "Pushes that ended or were held, by app, kind and result",
    labels: ["app", "kind", "result"],
  },
  pushed_accounts: {
    name: "rollcall_pushed_accounts_total",
    help: "Accounts in the pushes that were done, by outcome",
    labels: ["app", "outcome"],
  },
  run_errors: {
    name: "rollcall_run_errors_total",
    help: "Runs that failed, by the code of the error",
    labels: ["directory", "code"],
  },
};

/** @returns what answers a scrape */
export function createMetrics({ database }: Pick<Service, "database">): () => Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, labelNames: string[]): Gauge<string> =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const people = gauge("rollcall_app_users", "People by directory and status", [
    "directory",
    "status",
  ]);
  const failing = gauge("rollcall_people_failing", "People whose last update failed, by code", [
    "directory",
    "code",
  ]);
  const users = gauge("rollcall_users", "Users by status", ["status"]);
  const open = gauge("rollcall_runs_open", "Runs that are running or held", [
    "directory",
    "status",
  ]);
  const age = gauge(
    "rollcall_last_good_import_age_seconds",
    "Seconds since the last import that was applied whole began",
    ["directory", "type"],
  );
  const apps = appGauges(gauge);
  const tables = gauge("rollcall_table_bytes", "Bytes of a table with its indexes", ["table"]);
  const databaseErrors = new Counter({
    name: "rollcall_database_errors_total",
    help: "Statements of this process that the database refused or did not answer, by SQLSTATE or network code; repeated ones, too",
    labelNames: ["code"],
    registers: [registry],
  });
  const totals = new Map(
    Object.entries(TOTALS).map(([key, { name, help, labels }]) => {
      return [key, new Counter({ name, help, labelNames: labels, registers: [registry] })] as const;
    }),
  );
  database.onFault((code) => databaseErrors.inc({ code }));
  const scrape = async (): Promise<string> => {
    const figures = await database.figures();
    for (const one of [people, failing, users, open, age, tables]) one.reset();
    for (const one of totals.values()) one.reset();
    setApps(apps, figures);
    for (const { count, ...labels } of figures.appUsers) people.set(labels, count);
    for (const { count, ...labels } of figures.failing) failing.set(labels, count);
    for (const { count, ...labels } of figures.users) users.set(labels, count);
    for (const { count, ...labels } of figures.runs) open.set(labels, count);
    for (const { table, bytes } of figures.tables) tables.set({ table }, bytes);
    setAges(age, figures);
    for (const { name, labels, value } of figures.totals) totals.get(name)?.inc(labels, value);
    return await registry.metrics();
  };
  return shared(scrape);
}

/** So long an answer is waited for by whoever asks meanwhile; behind that, the question may have been lost. */
const SHARED_MS = 2000;

/** A connection may be silent for hours before the system says so. */
const DEADLINE_MS = 30_000;

async function inTime(answer: Promise<string>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(silent()), DEADLINE_MS);
  });
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

function silent(): RollcallError {
  const message = `The database has not answered for ${DEADLINE_MS / 1000} seconds.`;
  return new RollcallError("database.failed", message);
}

/** A second one where the first is lost; more would take the connections that work needs. */
const MOST_AT_ONCE = 2;

/** Whoever asks while it is being answered gets the same answer. */
function shared(ask: () => Promise<string>): () => Promise<string> {
  let asked: Promise<string> | null = null;
  let until = 0;
  let underWay = 0;
  return () => {
    const isFull = underWay >= MOST_AT_ONCE;
    if (asked !== null && (isFull || Date.now() < until)) return asked;
    if (isFull) return Promise.reject(silent());
    until = Date.now() + SHARED_MS;
    underWay++;
    // What was asked for holds its connection until the database says something, whoever waits.
    const own = inTime(ask().finally(() => underWay--)).finally(() => {
      if (asked === own) asked = null;
    });
    asked = own;
    return own;
  };
}

type MakeGauge = (name: string, help: string, labelNames: string[]) => Gauge<string>;

/** What is told of apps. */
function appGauges(gauge: MakeGauge) {
  return {
    accounts: gauge("rollcall_accounts", "Accounts by app and state", ["app", "state"]),
    failing: gauge("rollcall_accounts_failing", "Accounts whose last push failed, by code", [
      "app",
      "code",
    ]),
    tasks: gauge("rollcall_tasks", "Tasks that need a person", ["app"]),
    pending: gauge("rollcall_push_pending_seconds", "Since when something is owed to the app", [
      "app",
    ]),
    paused: gauge("rollcall_app_paused", "1 while nothing is sent until a person acts", ["app"]),
    open: gauge("rollcall_pushes_open", "Pushes that are running or held", ["app", "status"]),
  };
}

function setApps(gauges: ReturnType<typeof appGauges>, { apps }: Figures): void {
  for (const one of Object.values(gauges)) one.reset();
  for (const { count, ...labels } of apps.accounts) gauges.accounts.set(labels, count);
  for (const { count, ...labels } of apps.failing) gauges.failing.set(labels, count);
  for (const { count, ...labels } of apps.tasks) gauges.tasks.set(labels, count);
  for (const { app, age } of apps.pending) gauges.pending.set({ app }, age);
  for (const { app, paused } of apps.paused) gauges.paused.set({ app }, paused ? 1 : 0);
  for (const { count, ...labels } of apps.open) gauges.open.set(labels, count);
}

function setAges(age: Gauge<string>, { ages }: Figures): void {
  for (const { directory, any, full } of ages) {
    age.set({ directory, type: "any" }, any);
    age.set({ directory, type: "full" }, full);
  }
}
