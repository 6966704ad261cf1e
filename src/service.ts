/** The composition root: builds every part, in the order in which a person's data flows. */
import { createDirectory } from "./agent/agent.ts";

export { evaluateLine } from "./mapping/evaluate.ts";
export { compileSettings, mappingProblems } from "./engine/compile-settings.ts";
import { processHolder } from "./engine/claim.ts";
import { compileSettings } from "./engine/compile-settings.ts";
import { formerDirectories, unknownDirectory } from "./engine/directories.ts";
import type { Engine } from "./engine/engine.ts";
import { decisionFingerprint } from "./engine/fingerprint.ts";
import { RollcallError } from "./model/errors.ts";
import type { EventActor, LogEvent } from "./model/event.ts";
import type { Run, RunChange } from "./model/run.ts";
import type { DirectorySettings, Settings } from "./model/settings.ts";
import type { AppUser, User } from "./model/user.ts";
import { checkDirectories, type CheckResult } from "./questions/check.ts";
import { examine, type Finding } from "./questions/doctor.ts";
import { explain, type Explanation, type ExplainRequest } from "./questions/explain/explain.ts";
import { listFailing, type FailingGroup } from "./questions/failing.ts";
import { freshnessOf, type Freshness } from "./questions/freshness.ts";
import { previewDiff, type ConfigurationDiff, type DiffRequest } from "./questions/preview/diff.ts";
import {
  previewAll,
  previewPerson,
  type PersonPreview,
  type PreviewRequest,
  type SummaryPreview,
} from "./questions/preview/preview.ts";
import { requireAttribute, tryExpression } from "./questions/preview/try-expression.ts";
import { reportSources, type SourceReport } from "./questions/sources.ts";
import { listUnmatched, type Unmatched } from "./questions/unmatched.ts";
import { viewUser, type UserView } from "./questions/user-view.ts";
import type { Edits } from "./reconciler/decide-edit.ts";
import { approveRun, cancelRun } from "./runs/approve.ts";
import {
  changeStatus,
  createUser,
  editUser,
  removeUser,
  type EditResult,
  type StatusStep,
} from "./runs/edit-user.ts";
import { forceSync, type SyncRequest } from "./runs/force-sync.ts";
import { importDirectory, type ImportRequest, type RunRequest } from "./runs/import.ts";
import { linkEntry, setEntryAside, unlinkEntry, type EntryName } from "./runs/link.ts";
import { resumeRun } from "./runs/resume.ts";
import { revertRun } from "./runs/revert.ts";
import type { SchedulerLog } from "./schedule/scheduler.ts";
import { appUsersOfUsers } from "./store/app-users.ts";
import { openStore, type Store } from "./store/database.ts";
import type { FailingQuery } from "./store/failing.ts";
import { runChanges } from "./store/history.ts";
import { parseLogFilter } from "./store/log-filter.ts";
import { findRun, listRuns } from "./store/runs.ts";
import { queryLog, settledUntil, type LogQuery } from "./store/system-log.ts";
import type { UnmatchedQuery } from "./store/unmatched.ts";
import { findUsers, usersAfter } from "./store/users.ts";

export interface RunsQuery {
  readonly directory: string | null;
  readonly status: string | null;
  /** Also what people edited here, each of which is a run. */
  readonly edits: boolean;
  readonly limit: number;
}

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

export interface PreviewAsked extends PreviewRequest {
  /** Tried instead of what is configured for the attribute (or else for displayName). */
  readonly expression: string | null;
}

export type UnlinkRequest = RunRequest & { readonly keepStatus: boolean };

/** An app profile as it is exported. */
export type ExportedAppUser = Omit<AppUser, "setAside">;

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
  runs(query: RunsQuery): Promise<Run[]>;
  run(id: string): Promise<Run>;
  revert(runId: string, request: RunRequest): Promise<Run>;
  resume(runId: string, decision: Decision): Promise<Run>;
  runChanges(id: string, query: PeopleQuery): Promise<(RunChange & { readonly seq: number })[]>;
  users(query: { words: string | null; status: string | null; limit: number }): Promise<User[]>;
  usersAfter(key: string, limit: number): Promise<{ key: string; user: User }[]>;
  user(who: string): Promise<UserView>;
  logs(request: LogRequest): Promise<LogEvent[]>;
  /** Until where the System Log is complete: no event with a smaller uuid can still come. */
  logSettledUntil(): Promise<string>;
  link(entry: EntryName, who: string | null, request: RunRequest): Promise<Run>;
  unlink(who: string, directory: string, request: UnlinkRequest): Promise<Run>;
  setAside(entry: EntryName, undo: boolean, decision: Decision): Promise<{ readonly dn: string }>;
  unmatched(query: UnmatchedQuery): Promise<Unmatched[]>;
  createUser(actor: EventActor, values: Edits, status: "active" | "staged"): Promise<EditResult>;
  editUser(actor: EventActor, who: string, values: Edits): Promise<EditResult>;
  changeStatus(actor: EventActor, who: string, step: StatusStep): Promise<EditResult>;
  deleteUser(actor: EventActor, who: string): Promise<EditResult>;
  /** Directories with people that are not in the configuration any more. */
  formerDirectories(): Promise<{ readonly directory: string; readonly people: number }[]>;
  previewPerson(directory: string, who: string, request: PreviewAsked): Promise<PersonPreview>;
  previewAll(directory: string, request: PreviewAsked): Promise<SummaryPreview>;
  /** What another configuration would make of the same people. */
  previewDiff(other: Settings, request: DiffRequest): Promise<ConfigurationDiff>;
  sources(): Promise<SourceReport[]>;
  doctor(signal: AbortSignal): Promise<Finding[]>;
  appUsersOf(userIds: readonly string[]): Promise<ExportedAppUser[]>;
  failing(query: FailingQuery, limit: number): Promise<FailingGroup[]>;
  freshness(directory: string): Promise<Freshness>;
  explain(who: string, request: ExplainRequest): Promise<Explanation>;
  check(signal: AbortSignal): AsyncGenerator<CheckResult>;
  serve(log: SchedulerLog, signal: AbortSignal): Promise<void>;
}

/** All that runs need, from the settings and an open database. @throws RollcallError `config.invalid` */
function engineOf(settings: Settings, store: Store): Engine {
  const directoryOf = (name: string): DirectorySettings => {
    const directory = settings.directories.get(name);
    if (directory === undefined) throw unknownDirectory(settings.directories, name);
    return directory;
  };
  return {
    store,
    rules: compileSettings(settings),
    settings: settings.directories,
    organisation: settings.importSafeguard,
    history: settings.history,
    openDirectory: (name) => createDirectory(directoryOf(name).source),
    fingerprintOf: (name) => decisionFingerprint(directoryOf(name), settings),
    holder: processHolder(),
  };
}

/** Opens the database and puts everything together. */
export async function openService(settings: Settings): Promise<Service> {
  compileSettings(settings); // nothing is opened for a configuration with a fault
  const store = await openStore(settings.database);
  const engine = engineOf(settings, store);
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
    logSettledUntil: () => settledUntil(store),
    ...previewsOf(engine),
    ...linksOf(engine),
    ...editsOf(engine),
    sources: () => reportSources(engine),
    doctor: (signal) => examine(engine, Date.now(), signal),
    appUsersOf: (ids) => appUsersOfUsers(db, ids),
    failing: (query, limit) => listFailing(engine, query, limit),
    freshness: (directory) => freshnessOf(engine, directory, Date.now()),
    explain: (who, request) => explain(engine, who, request),
    formerDirectories: () => formerDirectories(engine),
    check: (signal) => checkDirectories(engine, signal),
    serve: (log, signal) => serve(engine, settings, log, signal),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function linksOf(engine: Engine): Pick<Service, "link" | "unlink" | "setAside" | "unmatched"> {
  return {
    link: (entry, who, request) => linkEntry(engine, entry, who, request),
    unlink: (who, directory, request) => unlinkEntry(engine, who, directory, request),
    setAside: (entry, undo, decision) => setEntryAside(engine, entry, undo, decision),
    unmatched: (query) => listUnmatched(engine, query),
  };
}

function editsOf(
  engine: Engine,
): Pick<Service, "createUser" | "editUser" | "changeStatus" | "deleteUser"> {
  return {
    createUser: (actor, values, status) => createUser(engine, actor, values, status),
    editUser: (actor, who, values) => editUser(engine, actor, who, values),
    changeStatus: (actor, who, step) => changeStatus(engine, actor, who, step),
    deleteUser: (actor, who) => removeUser(engine, actor, who),
  };
}

function previewsOf(engine: Engine): Pick<Service, "previewPerson" | "previewAll" | "previewDiff"> {
  const prepared = (directory: string, asked: PreviewAsked): [Engine, PreviewRequest] => {
    const { attribute, expression } = asked;
    if (attribute !== null) requireAttribute(engine, attribute);
    if (expression === null) return [engine, asked];
    const name = attribute ?? "displayName";
    return [tryExpression(engine, directory, name, expression), { ...asked, attribute: name }];
  };
  return {
    previewPerson: async (directory, who, asked) => {
      const [tried, request] = prepared(directory, asked);
      return await previewPerson(tried, directory, who, request);
    },
    previewAll: async (directory, asked) => {
      const [tried, request] = prepared(directory, asked);
      return await previewAll(tried, directory, request);
    },
    previewDiff: (other, request) => {
      const otherEngine = engineOf(other, engine.store);
      return previewDiff(engine, { file: other.file, engine: otherEngine }, request);
    },
  };
}

type RunMethods =
  | "importDirectory"
  | "forceSync"
  | "approve"
  | "cancel"
  | "revert"
  | "resume"
  | "runs"
  | "run"
  | "runChanges";

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
  // Only the daemon needs these; every other command begins sooner without them.
  const { startHttp } = await import("./http/server.ts");
  const { runSchedules } = await import("./schedule/scheduler.ts");
  const http = settings.http === null ? null : await startHttp(engine.store, settings.http, signal);
  try {
    if (http !== null) log.info({ address: http.address }, "health and metrics");
    await runSchedules(engine, log, signal);
  } finally {
    await http?.[Symbol.asyncDispose]();
  }
}
