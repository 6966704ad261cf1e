/** The composition root: builds every part, in the order in which a person's data flows. */
import { createDirectory } from "./agent/agent.ts";
import { caret } from "./mapping/problem.ts";
import { compileMappings } from "./mapping/mapping.ts";
import { RollcallError } from "./model/errors.ts";
import type { LogEvent } from "./model/event.ts";
import type { Run, RunChange } from "./model/run.ts";
import type { Settings } from "./model/settings.ts";
import type { User } from "./model/user.ts";
import { compileRules, type Rules, type RulesProblem } from "./reconciler/rules.ts";
import { checkDirectories, type CheckResult } from "./runs/check.ts";
import { processHolder } from "./runs/claim.ts";
import type { Engine } from "./runs/context.ts";
import { decisionFingerprint } from "./runs/fingerprint.ts";
import { forceSync, type SyncRequest } from "./runs/force-sync.ts";
import { approveRun, cancelRun } from "./runs/held-runs.ts";
import { importDirectory, type ImportRequest, type RunRequest } from "./runs/import.ts";
import {
  previewAll,
  previewPerson,
  type PersonPreview,
  type SummaryPreview,
} from "./runs/preview.ts";
import { resumeRun } from "./runs/resume.ts";
import { revertRun } from "./runs/revert.ts";
import { viewUser, type UserView } from "./runs/user-view.ts";
import { startHttp } from "./http/server.ts";
import { runSchedules, type SchedulerLog } from "./schedule/scheduler.ts";
import { openStore } from "./store/database.ts";
import { parseLogFilter } from "./store/log-filter.ts";
import { runChanges } from "./store/history.ts";
import { findRun, listRuns } from "./store/runs.ts";
import { queryLog, type LogQuery } from "./store/system-log.ts";
import { findUsers, usersAfter } from "./store/users.ts";

/** Whom of a run to show. */
export interface PeopleQuery {
  readonly after: number;
  readonly limit: number;
  readonly action: string | null;
  /** Only people whom the import safeguard counts. */
  readonly counted: boolean;
}

export interface LogRequest extends Omit<LogQuery, "filter"> {
  readonly filter: string | null;
}

type Decision = Pick<RunRequest, "actor" | "signal" | "progress" | "note">;

/** All that a command can ask for. */
export interface Service extends AsyncDisposable {
  readonly settings: Settings;
  readonly database: {
    readonly title: string;
    readonly schema: string;
    readonly migrated: readonly string[];
  };
  importDirectory(name: string, request: ImportRequest): Promise<Run>;
  forceSync(name: string, request: SyncRequest): Promise<Run>;
  approve(runId: string, decision: Decision): Promise<Run>;
  cancel(runId: string, decision: Decision): Promise<Run>;
  runs(query: { directory: string | null; status: string | null; limit: number }): Promise<Run[]>;
  run(id: string): Promise<Run>;
  revert(runId: string, request: RunRequest): Promise<Run>;
  resume(runId: string, decision: Decision): Promise<Run>;
  runChanges(id: string, query: PeopleQuery): Promise<(RunChange & { readonly seq: number })[]>;
  users(query: { words: string | null; status: string | null; limit: number }): Promise<User[]>;
  usersAfter(key: string, limit: number): Promise<{ key: string; user: User }[]>;
  user(who: string): Promise<UserView>;
  logs(request: LogRequest): Promise<LogEvent[]>;
  previewPerson(
    directory: string,
    who: string,
    only: { attribute: string | null; expression: string | null },
  ): Promise<PersonPreview>;
  previewAll(
    directory: string,
    only: { attribute: string | null; expression: string | null },
    signal: AbortSignal,
  ): Promise<SummaryPreview>;
  check(signal: AbortSignal): AsyncGenerator<CheckResult>;
  serve(log: SchedulerLog, signal: AbortSignal): Promise<void>;
}

/**
 * Compiles the settings' mappings.
 * @throws RollcallError `config.invalid` with every problem and its place
 */
export function compileSettings(settings: Settings): Rules {
  const { rules, problems } = compileRules(settings);
  if (problems.length === 0) return rules;
  const number = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  const details = problems.map((problem) => describeProblem(settings.file, problem));
  throw new RollcallError("config.invalid", `The mappings have ${number}.`, { details });
}

function describeProblem(file: string, problem: RulesProblem): string {
  const where = `${file}:${problem.line}  directories.${problem.directory}.toOkta.${problem.attribute}`;
  const text = `${where}: ${problem.message} (${problem.code})`;
  if (problem.place === null) return text;
  const pointer = caret(problem.source, problem.place).replaceAll(/^/gm, "    ");
  return `${text}, column ${problem.place.start + 1}\n${pointer}`;
}

/** Opens the database and puts everything together. */
export async function openService(settings: Settings): Promise<Service> {
  const rules = compileSettings(settings);
  const store = await openStore(settings.database);
  const engine: Engine = {
    store,
    rules,
    settings: settings.directories,
    organisation: settings.importSafeguard,
    history: settings.history,
    openDirectory: (name) => {
      const directory = settings.directories.get(name);
      if (directory === undefined) throw unknownDirectory(name);
      return createDirectory(directory.source);
    },
    fingerprintOf: (name) => {
      const directory = settings.directories.get(name);
      if (directory === undefined) throw unknownDirectory(name);
      return decisionFingerprint(directory, settings.profile);
    },
    holder: processHolder(),
  };
  const { db } = store;
  return {
    settings,
    database: {
      title: store.title,
      schema: store.migrated.current,
      migrated: store.migrated.applied,
    },
    ...runsOf(engine),
    users: (query) => findUsers(db, query),
    usersAfter: (key, limit) => usersAfter(db, key, limit),
    user: (who) => viewUser(db, who),
    logs: ({ filter, ...query }) =>
      queryLog(db, { ...query, filter: filter === null ? null : parseLogFilter(filter) }),
    previewPerson: (directory, who, only) => {
      const narrowed = narrow(engine, directory, only);
      return previewPerson(narrowed, directory, who, pick(narrowed, directory, only.attribute));
    },
    previewAll: (directory, only, signal) => {
      return previewAll(narrow(engine, directory, only), directory, only.attribute, signal);
    },
    check: (signal) => checkDirectories(engine, signal),
    serve: (log, signal) => serve(engine, settings, log, signal),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

type RunMethods =
  | "importDirectory" | "forceSync" | "approve" | "cancel" | "revert" | "resume"
  | "runs" | "run" | "runChanges"; // prettier-ignore

/** Everything about runs. */
function runsOf(engine: Engine): Pick<Service, RunMethods> {
  const { db } = engine.store;
  const run = async (id: string): Promise<Run> => {
    const found = await findRun(db, id);
    if (found === null) throw new RollcallError("run.notFound", `There is no run ${id}.`);
    return found;
  };
  return {
    importDirectory: (name, request) => importDirectory(engine, name, request),
    forceSync: (name, request) => forceSync(engine, name, request),
    approve: async (id, decision) => approveRun(engine, (await run(id)).id, decision),
    cancel: async (id, decision) => cancelRun(engine, (await run(id)).id, decision),
    revert: async (id, request) => revertRun(engine, (await run(id)).id, request),
    resume: async (id, decision) => resumeRun(engine, (await run(id)).id, decision),
    runs: (query) => listRuns(db, query),
    run,
    runChanges: async (id, { counted, ...query }) => {
      const { id: runId, held } = await run(id);
      const of = counted ? (held?.of ?? "removals") : null;
      return await runChanges(db, runId, { ...query, counted: of });
    },
  };
}

async function serve(
  engine: Engine,
  settings: Settings,
  log: SchedulerLog,
  signal: AbortSignal,
): Promise<void> {
  const http = settings.http === null ? null : await startHttp(engine.store, settings.http, signal);
  try {
    if (http !== null) log.info({ address: http.address }, "health and metrics");
    await runSchedules(engine, log, signal);
  } finally {
    await http?.[Symbol.asyncDispose]();
  }
}

/** The engine with one mapping of a directory replaced, to try an expression that is in no file. */
function narrow(
  engine: Engine,
  name: string,
  only: { attribute: string | null; expression: string | null },
): Engine {
  const directory = engine.rules.directories.get(name);
  if (directory === undefined) throw unknownDirectory(name);
  if (only.attribute !== null && !engine.rules.schema.has(only.attribute)) {
    throw new RollcallError(
      "usage.invalid",
      `${only.attribute} is not an attribute of the user profile.`,
    );
  }
  if (only.expression === null) return engine;
  const attribute = only.attribute ?? "displayName";
  const setting = { expression: only.expression, apply: "update", line: 1 } as const;
  const { mappings, problems } = compileMappings(
    name,
    new Map([[attribute, setting]]),
    engine.rules.schema,
  );
  const [problem] = problems;
  if (problem !== undefined) {
    const pointer = problem.place === null ? "" : `\n${caret(problem.source, problem.place)}`;
    throw new RollcallError("usage.invalid", `${problem.message} (${problem.code})${pointer}`);
  }
  const changed = new Map([
    ...directory.mappings,
    ...mappings.map((mapping) => [attribute, mapping] as const),
  ]);
  const directories = new Map(engine.rules.directories).set(name, {
    ...directory,
    mappings: changed,
  });
  return { ...engine, rules: { ...engine.rules, directories } };
}

function pick(engine: Engine, name: string, attribute: string | null) {
  const mappings = [...(engine.rules.directories.get(name)?.mappings.values() ?? [])];
  return attribute === null
    ? mappings
    : mappings.filter((mapping) => mapping.attribute === attribute);
}

function unknownDirectory(name: string): RollcallError {
  return new RollcallError(
    "config.unknownDirectory",
    `There is no directory ${name} in the configuration.`,
  );
}
