/**
 * All that can be asked of Rollcall, grouped by what it is about. Commands, schedules, the API and
 * the console ask here; everything that changes something is asked by somebody.
 */
import { isPushDue } from "./engine/accounts/due.ts";
import { findUser } from "./engine/people/find-user.ts";
import { engineOf } from "./engine/open.ts";
import {
  compileSettings,
  mappingProblems,
  type CompiledSettings,
  settingsWithMappings,
} from "./engine/compile-settings.ts";
import { nextExpiry } from "./engine/people/expiry.ts";
import { configuredDirectory, formerDirectories } from "./engine/directories.ts";
import { reachFingerprint } from "./engine/fingerprint.ts";
import type { Engine } from "./engine/engine.ts";
import type { Push, PushChange, Task } from "./model/account.ts";
import type { AskedBy, Progress } from "./model/asked-by.ts";
import type { AppExplanation } from "./model/app-explanation.ts";
import type { Explanation } from "./model/explanation.ts";
import type { Finding } from "./model/finding.ts";
import type { EventClient, EventDraft, LogEvent } from "./model/event.ts";
import type { Figures } from "./model/figures.ts";
import type { ChangeListener } from "./model/incremental.ts";
import type { PauseMemory } from "./model/pause.ts";
import type { Run, RunChange } from "./model/run.ts";
import type { Settings } from "./model/settings.ts";
import type { AppUser, User, StatusStep } from "./model/user.ts";
import { appAccounts, type ListedAccount } from "./questions/app-accounts.ts";
import {
  previewApp,
  previewAppPerson,
  type AppPersonPreview,
  type AppPreviewRequest,
  type AppSummaryPreview,
} from "./questions/app-preview.ts";
import {
  assignmentOf,
  listApps,
  listAssigned,
  listAssignments,
  viewApp,
  type AppSummary,
  type AppView,
  type AssignmentsQuery,
  type AssignmentView,
} from "./questions/apps.ts";
import { checkApp } from "./questions/check-app.ts";
import { checkAll } from "./questions/check-all.ts";
import type { CheckResult } from "./questions/check.ts";
import { examine } from "./questions/doctor.ts";
import { explainApp, type AppExplainRequest } from "./questions/explain-app.ts";
import { explain } from "./questions/explain/explain.ts";
import type { ExplainRequest } from "./questions/explain/request.ts";
import { listFailing, type FailingGroup } from "./questions/failing.ts";
import { freshnessOf, type Freshness } from "./questions/freshness.ts";
import {
  previewDiff,
  type ConfigurationDiff,
  type DiffRequest,
  type DirectoryDiff,
} from "./questions/preview/diff.ts";
import {
  previewAll,
  previewPerson,
  type PersonPreview,
  type PreviewRequest,
  type SummaryPreview,
} from "./questions/preview/preview.ts";
import { tryExpression } from "./questions/preview/try-expression.ts";
import { requireAttribute } from "./questions/require-attribute.ts";
import { linkedOf, listLinked, type LinkedAppUser, type LinkedQuery } from "./questions/linked.ts";
import {
  faultsOf,
  wordsOf,
  type ExpressionWord,
  type MappingOf,
  type PlacedFault,
} from "./questions/expressions.ts";
import { gatherFigures } from "./questions/figures.ts";
import { listPushedGroups, type PushedGroupView } from "./questions/pushed-groups.ts";
import { Counts } from "./engine/counts.ts";
import { reportSources, type SourceReport } from "./questions/sources.ts";
import { listUnmatched, type Unmatched } from "./questions/unmatched.ts";
import { viewUser, type UserView } from "./questions/user-view.ts";
import type { Edits } from "./reconciler/decide-edit.ts";
import {
  findGroups,
  groupsOfUser,
  usersInGroup,
  type GroupName,
  type GroupOfUser,
  type GroupsQuery,
  type ListedGroup,
} from "./questions/groups.ts";
import { datedUserOf, findUsersBy, type UserSearchRequest } from "./questions/search-users.ts";
import {
  createToken,
  revokeToken,
  tokenOf,
  type MadeToken,
  type TokenRequest,
} from "./access/tokens.ts";
import {
  consoleUrl,
  createSignInLink,
  endSession,
  sessionOf,
  signIn,
  type MadeSession,
  type SignInLink,
} from "./access/sessions.ts";
import { beginOidc, finishOidc, type OidcBack, type OidcBegun } from "./access/oidc.ts";
import type { Session } from "./model/session.ts";
import type { OidcSettings } from "./model/settings.ts";
import { approveRun, cancelRun } from "./runs/approve.ts";
import { assignByHand, type Assigned } from "./runs/assign.ts";
import type { RunRequest } from "./runs/begin.ts";
import {
  changeStatus,
  createUser,
  editUser,
  removeUser,
  type EditRequest,
  type EditResult,
} from "./runs/edit-user.ts";
import { endExpired, forceSync, type SyncRequest } from "./runs/force-sync.ts";
import { forgetEntry, forgetUser, type Forgotten } from "./runs/forget.ts";
import { importDirectory, type ImportRequest } from "./runs/import.ts";
import {
  linkEntry,
  setEntryAside,
  unlinkEntry,
  type EntryName,
  type LinkRequest,
  type UnlinkRequest,
} from "./runs/link.ts";
import { isHeld, listenTo } from "./runs/listen.ts";
import { approvePush, cancelPush } from "./runs/approve-push.ts";
import { pushApp, requirePush, type PushRequest } from "./runs/push.ts";
import { requireRun } from "./runs/record/notes.ts";
import { resumeRun, resumeRuns } from "./runs/resume.ts";
import { revertPush } from "./runs/revert-push.ts";
import { revertRun } from "./runs/revert.ts";
import {
  activeSessions,
  beginSession,
  bringPeople,
  closeSession,
  sessionOfSource,
  startSession,
  type SessionName,
  type Upload,
} from "./runs/source-sessions.ts";
import type { SourceSession } from "./model/identity-source.ts";
import { dismissTaskOf, retryTask, retryTasksOf, tasksOf } from "./runs/tasks.ts";
import { appUsersOfUsers } from "./store/app-users.ts";
import { openStore, transact, type Store } from "./store/database.ts";
import type { FailingQuery } from "./store/failing.ts";
import { runChanges } from "./store/history.ts";
import type { ChangedFilter } from "./store/changed-people.ts";
import { listAllRuns, recentRuns, type AllRunsQuery, type AnyRun } from "./store/all-runs.ts";
import type { OnceKey } from "./store/started-once.ts";
import { startOnce } from "./runs/start-once.ts";
import { stopRun } from "./runs/stop.ts";
import { progressOf, requireAny } from "./questions/runs.ts";
import { claimSlot } from "./store/leases.ts";
import { RollcallError } from "./model/errors.ts";
import { parseLogFilter } from "./store/filters/log-filter.ts";
import { ping } from "./store/metrics.ts";
import { listPushes, pushChanges, type PushesQuery, type PushPeopleQuery } from "./store/pushes.ts";
import { peopleDays, type PeopleDay } from "./store/people-days.ts";
import { listRuns, type RunsQuery } from "./store/runs.ts";
import { appendEvents, queryLog, settledUntil, type LogQuery } from "./store/system-log.ts";
import type { UnmatchedQuery } from "./store/unmatched.ts";
import { deliverEvents, type Delivering } from "./hooks/deliver.ts";
import { keepHooks } from "./store/hooks.ts";
import { endPauses, keepPause, pauseOf } from "./store/pauses.ts";
import { listTokens } from "./store/api-tokens.ts";
import { listSessions } from "./store/sessions.ts";
import {
  comparedMappings,
  mappingsOfExport,
  renamedMappings,
  variableProblems,
  type ComparedMapping,
} from "./config/okta-mapping.ts";
import { withSources } from "./config/with-sources.ts";
import { ensureSearchIndexes } from "./store/search-indexes.ts";
import type { DatedUser } from "./store/user-search.ts";
import type { ApiToken } from "./model/api-token.ts";
import type { ProfileSchema } from "./model/profile-schema.ts";
import { findUsers, usersAfter, type UsersQuery } from "./store/users.ts";

export { withSources };
export { compileSettings, mappingProblems } from "./engine/compile-settings.ts";
export type { CheckResult } from "./questions/check.ts";
export type { AssignmentView } from "./questions/apps.ts";
export type { LinkedAppUser } from "./questions/linked.ts";
export type { MadeToken } from "./access/tokens.ts";
export type { AnyRun } from "./store/all-runs.ts";
export type { DatedUser } from "./store/user-search.ts";
export { evaluateLine } from "./mapping/evaluate.ts";
export { certificateOf } from "./agent/ldap/certificate.ts";
export { surveyDirectory, type SurveyOf } from "./survey/survey.ts";
export { serverTarget } from "./survey/target.ts";
export { Offers, type Offer, type OfferAsked } from "./offers.ts";
export { tryProposed } from "./survey/trial.ts";

/** A version of the configuration file. */
export interface ConfigurationFacts {
  readonly file: string;
  /** SHA-256 of its text. */
  readonly version: string;
  /** What was changed in it. */
  readonly paths: readonly string[];
}

function configurationChanged({ file, version, paths }: ConfigurationFacts): EventDraft {
  const target = [{ id: version, type: "Configuration", alternateId: file, displayName: file }];
  const outcome = { result: "SUCCESS" } as const;
  const debugData = { version, paths: paths.join(",") };
  return { eventType: "system.configuration.update", severity: "INFO", outcome, target, debugData };
}

/** Whom of a run to show. */
export interface PeopleQuery {
  readonly after: number;
  readonly limit: number;
  readonly action: string | null;
  /** Only people whom the import safeguard counts. */
  readonly counted: boolean;
  readonly only?: ChangedFilter;
}

export interface LogRequest extends Omit<LogQuery, "filter"> {
  readonly filter: string | null;
}

/** A page of users; `next` is where the next one begins, or null. */
export type UserFound = Awaited<ReturnType<typeof findUsersBy>>;

export interface PreviewAsked extends PreviewRequest {
  /** Tried instead of what is configured for the attribute (or else for displayName). */
  readonly expression: string | null;
}

/** An app profile as it is exported. */
export type ExportedAppUser = Omit<AppUser, "setAside" | "byRule">;

/** Imports, force syncs and everything else that is planned, judged and applied. */
export interface RunService {
  /** Runs of directories and pushes to apps, newest first. */
  page(query: AllRunsQuery): Promise<AnyRun[]>;
  /** Those that have not ended, or ended a moment ago; the oldest first. */
  recent(): Promise<AnyRun[]>;
  /** @param id the whole id. @throws RollcallError `run.notFound` */
  one(id: string): Promise<AnyRun>;
  /** How far it is; null: it has ended, or nobody knows. */
  progress(of: AnyRun): Promise<Progress | null>;
  /** Asks whoever works on it, in whatever process, to stop at the next safe point. */
  stop(of: AnyRun, by: AskedBy): Promise<void>;
  /** Starts a run unless the same request did before. @returns the run's id */
  startOnce(key: OnceKey, start: () => Promise<string>): Promise<string>;
  import(directory: string, request: ImportRequest, by: AskedBy): Promise<Run>;
  forceSync(directory: string, request: SyncRequest, by: AskedBy): Promise<Run>;
  revert(id: string, request: RunRequest, by: AskedBy): Promise<Run>;
  approve(id: string, by: AskedBy): Promise<Run>;
  cancel(id: string, by: AskedBy): Promise<Run>;
  resume(id: string, by: AskedBy): Promise<Run>;
  /** Takes up what an interrupted process left of a directory's runs. True if there was anything. */
  resumeLeft(directory: string, by: AskedBy): Promise<boolean>;
  /** Whether a run of the directory waits for a decision. */
  isHeld(directory: string): Promise<boolean>;
  /** Ends the access of whoever has expired, by what is stored. Null if nobody has. */
  endExpired(directory: string, by: AskedBy): Promise<Run | null>;
  /** True for one caller, over all processes: the one that may start what is due then. */
  takeTick(schedule: string, at: Date): Promise<boolean>;
  list(query: RunsQuery): Promise<Run[]>;
  /** @param id of the run, or the beginning of it. @throws RollcallError `run.notFound` */
  get(id: string): Promise<Run>;
  people(id: string, query: PeopleQuery): Promise<(RunChange & { readonly seq: number })[]>;
}

export interface UserService {
  /**
   * Makes the indexes that searches of the API need, if there is one; a while, at many people.
   * @param former what another configuration of this process wanted
   */
  prepareSearch(
    former: readonly string[],
    how: { readonly signal: AbortSignal; readonly waiting: () => void },
  ): Promise<void>;
  /** A page of users, with where the next one begins. @throws RollcallError `user.searchInvalid` */
  search(request: UserSearchRequest): Promise<UserFound>;
  /** @param who a login, an id, or an unambiguous login without its domain */
  dated(who: string): Promise<DatedUser>;
  /** The groups of directories that a user is in, also through others. */
  groups(userId: string): Promise<GroupOfUser[]>;
  list(query: UsersQuery): Promise<User[]>;
  /** All, page by page. */
  after(key: string, limit: number): Promise<{ key: string; user: User }[]>;
  get(who: string): Promise<UserView>;
  appUsersOf(ids: readonly string[]): Promise<ExportedAppUser[]>;
  explain(who: string, request: ExplainRequest): Promise<Explanation>;
  failing(query: FailingQuery, limit: number): Promise<FailingGroup[]>;
  create(values: Edits, status: "active" | "staged", by: AskedBy): Promise<EditResult>;
  edit(who: string, request: EditRequest, by: AskedBy): Promise<EditResult>;
  changeStatus(who: string, step: StatusStep, by: AskedBy): Promise<EditResult>;
  delete(who: string, by: AskedBy): Promise<EditResult>;
  /** Erases everything that is kept of somebody who is in no directory any more. */
  forget(who: string, dryRun: boolean, by: AskedBy): Promise<Forgotten>;
  /** Links an entry to a user, or makes a new one of it. */
  link(entry: EntryName, request: LinkRequest, by: AskedBy): Promise<Run>;
  unlink(directory: string, request: UnlinkRequest, by: AskedBy): Promise<Run>;
  /** How many there were at the end of each of the last days. */
  byDay(days: number): Promise<PeopleDay[]>;
}

export interface DirectoryService {
  freshness(directory: string): Promise<Freshness>;
  /** People with a user, in order of the users' ids. */
  people(directory: string, query: LinkedQuery): Promise<LinkedAppUser[]>;
  /** What a directory shows of a user; null: nothing. */
  person(directory: string, userId: string): Promise<LinkedAppUser | null>;
  sources(): Promise<SourceReport[]>;
  /** Those with people that are not in the configuration any more. */
  former(): Promise<{ readonly directory: string; readonly people: number }[]>;
  /** Entries that belong to no user. */
  unmatched(query: UnmatchedQuery): Promise<Unmatched[]>;
  /** Erases everything that is kept of an entry that left. */
  forget(
    entry: { readonly directory: string; readonly id: string },
    dryRun: boolean,
    by: AskedBy,
  ): Promise<Forgotten>;
  setAside(entry: EntryName, undo: boolean, by: AskedBy): Promise<{ readonly dn: string }>;
  listen(directory: string, listener: ChangeListener, signal: AbortSignal): Promise<void>;
  /** How long a directory is left alone after it failed, as all replicas know it. */
  pause(directory: string): PauseMemory;
  /** When the next account of a directory expires after a moment; milliseconds since 1970, or null. */
  nextExpiry(directory: string, after: number): Promise<number | null>;
}

/** Directories of type `identity-source`: people are brought to them in sessions. */
export interface IdentitySourceService {
  /** Sessions that are still to come to people; the newest first. */
  active(source: string): Promise<SourceSession[]>;
  /** @throws RollcallError `source.sessionNotFound`, as all of these */
  session(source: string, id: string): Promise<SourceSession>;
  begin(source: string, by: AskedBy): Promise<SourceSession>;
  /** @returns names of attributes that were not kept, because they hold credentials */
  bring(session: SessionName, upload: Upload, by: AskedBy): Promise<readonly string[]>;
  start(source: string, id: string, by: AskedBy): Promise<SourceSession>;
  close(source: string, id: string, by: AskedBy): Promise<void>;
}

/** Mappings as Okta exports them (GET /api/v1/mappings/{id}). */
export interface MappingDraft {
  readonly exported: unknown;
  /** Names of directories: there, and here. */
  readonly names: ReadonlyMap<string, string>;
}

export interface MappingDraftPreview {
  readonly mappings: readonly ComparedMapping[];
  /** Why they cannot be the directory's. */
  readonly problems: readonly string[];
  /** What would become of everybody; null: nothing is another, or it cannot be said. */
  readonly difference: DirectoryDiff | null;
}

export interface PreviewService {
  person(directory: string, who: string, request: PreviewAsked): Promise<PersonPreview>;
  all(directory: string, request: PreviewAsked): Promise<SummaryPreview>;
  /** What is wrong with an expression, and where; see `faultsOf`. */
  faults(of: MappingOf, attribute: string, expression: string): readonly PlacedFault[];
  /** What an expression may be made of. */
  words(of: MappingOf): Promise<readonly ExpressionWord[]>;
  /** What another order of the sources would make of the same people. @throws RollcallError `request.invalid` */
  order(
    sources: readonly string[],
    request: Pick<DiffRequest, "signal" | "progress">,
  ): Promise<ConfigurationDiff>;
  /**
   * What mappings that Okta exported would make of the same people, over those that a directory has.
   * @throws RollcallError `mappings.unreadable`, `config.unknownDirectory`
   */
  mappings(
    directory: string,
    draft: MappingDraft,
    request: Pick<DiffRequest, "signal" | "progress">,
  ): Promise<MappingDraftPreview>;
  /** What another configuration would make of the same people. */
  diff(other: Settings, request: DiffRequest): Promise<ConfigurationDiff>;
}

/** Groups of directories; only what is read of them is known. */
export interface GroupService {
  list(query: GroupsQuery): Promise<ListedGroup[]>;
  /** In order of their ids, behind one. */
  users(group: GroupName, after: string | null, limit: number): Promise<DatedUser[]>;
}

/** Who may ask over the network. */
export interface TokenService {
  list(): Promise<ApiToken[]>;
  /** The secret is in the answer, and nowhere else. */
  create(request: TokenRequest, by: AskedBy): Promise<MadeToken>;
  revoke(name: string, by: AskedBy): Promise<ApiToken>;
  /** Whose secret it is; null: nobody's, revoked, or expired. */
  of(secret: string): Promise<ApiToken | null>;
}

/** Who is signed in with a browser. */
export interface SessionService {
  /** Those that have not ended; whoever signed in last comes first. */
  list(): Promise<Session[]>;
  /** A link that signs in once. @throws RollcallError `usage.invalid` */
  link(role: string, by: AskedBy): Promise<SignInLink>;
  /** Uses a link up. @throws RollcallError `signIn.used`, `signIn.expired`, `signIn.unknown` */
  signIn(secret: string, client: EventClient): Promise<MadeSession>;
  /** Whether people sign in by an identity provider. */
  readonly hasProvider: boolean;
  /** Goes to the identity provider. @throws RollcallError `signIn.provider`, `request.notFound` */
  /** @param again for whoever has to show once more who they are */
  beginOidc(redirect: string, again: boolean): Promise<OidcBegun>;
  /** Comes back from it. @throws RollcallError with one of the `signIn.` codes */
  finishOidc(back: OidcBack): Promise<MadeSession>;
  /**
   * Whose secret it is; null: nobody's, or of a session that has ended.
   * @param isUse false for a look that nobody made: it does not keep the session from ending
   */
  of(secret: string, isUse: boolean): Promise<Session | null>;
  /** @throws RollcallError `session.notFound` */
  end(id: string, by: Pick<AskedBy, "actor">): Promise<Session>;
}

/** Apps, who is assigned to them, and what needs a person. */
export interface AppService {
  list(): Promise<AppSummary[]>;
  get(app: string): Promise<AppView>;
  check(app: string): Promise<CheckResult>;
  assign(app: string, people: readonly string[], by: AskedBy): Promise<Assigned>;
  unassign(app: string, people: readonly string[], by: AskedBy): Promise<Assigned>;
  /** A page in order of the users' ids. */
  assignments(query: AssignmentsQuery): Promise<AssignmentView[]>;
  /** A page of whoever is assigned, in order of the users' ids. */
  assigned(app: string, page: LinkedQuery): Promise<AssignmentView[]>;
  /** Of one user; null: not assigned. */
  assignment(app: string, userId: string): Promise<AssignmentView | null>;
  explain(who: string, request: AppExplainRequest): Promise<AppExplanation>;
  preview(app: string, request: AppPreviewRequest, signal: AbortSignal): Promise<AppSummaryPreview>;
  previewPerson(app: string, who: string, request: AppPreviewRequest): Promise<AppPersonPreview>;
  /** Groups that are pushed there. */
  groups(app: string): Promise<PushedGroupView[]>;
  /** Every account that the app shows now, page by page. */
  accounts(app: string, signal: AbortSignal): AsyncGenerator<ListedAccount[]>;
  tasks(app: string | null): Promise<Task[]>;
  retry(task: string, by: AskedBy): Promise<Push>;
  retryAll(app: string, by: AskedBy): Promise<Push>;
  dismiss(task: string, by: AskedBy): Promise<Task>;
}

/** Pushes to apps: planned, judged, sent. */
export interface PushService {
  push(app: string, request: PushAsked, by: AskedBy): Promise<Push>;
  /** Whether a push by itself has something to look at. */
  isDue(app: string): Promise<boolean>;
  list(query: PushesQuery): Promise<Push[]>;
  /** @param id of the push, or the beginning of it. @throws RollcallError `run.notFound` */
  get(id: string): Promise<Push>;
  people(id: string, query: PushPeopleQuery): Promise<PushChange[]>;
  approve(id: string, by: AskedBy): Promise<Push>;
  cancel(id: string, by: AskedBy): Promise<Push>;
  /** Puts accounts back to what the app had acknowledged before, and pauses the app. */
  revert(id: string, dryRun: boolean, by: AskedBy): Promise<Push>;
}

export interface PushAsked extends Omit<PushRequest, "userIds"> {
  /** Logins, or ids of users; null: everybody. */
  readonly people: readonly string[] | null;
}

export interface LogService {
  query(request: LogRequest): Promise<LogEvent[]>;
  /** Forgets how far hooks are that are not configured. */
  keepHooks(): Promise<void>;
  /** Sends events to a hook of the configuration until the signal aborts. @throws `run.busy` */
  deliver(hook: string, told: Delivering["told"], signal: AbortSignal): Promise<void>;
  /** Tells of a new version of the configuration file, and who made it. */
  noteConfiguration(
    facts: ConfigurationFacts,
    by: AskedBy,
    /** Done just before it is there for good; what it throws takes the event back. */
    last: () => void,
  ): Promise<void>;
  /** Until where the System Log is complete: no event with a smaller uuid can still come. */
  settledUntil(): Promise<string>;
}

export interface DatabaseService {
  readonly title: string;
  readonly schema: string;
  readonly migrated: readonly string[];
  /** @throws if it does not answer */
  ping(): Promise<void>;
  figures(): Promise<Figures>;
  /** Tells of every fault of the database from now on, by SQLSTATE or network code. */
  onFault(listener: (code: string) => void): void;
}

export interface Service extends AsyncDisposable {
  readonly settings: Settings;
  /** The same database with another configuration. @throws RollcallError `config.invalid` */
  with(settings: Settings): Service;
  readonly database: DatabaseService;
  readonly runs: RunService;
  readonly users: UserService;
  readonly groups: GroupService;
  readonly tokens: TokenService;
  readonly sessions: SessionService;
  /** What user profiles can have. */
  readonly profile: ProfileSchema;
  readonly directories: DirectoryService;
  readonly identitySources: IdentitySourceService;
  readonly previews: PreviewService;
  readonly apps: AppService;
  readonly pushes: PushService;
  readonly log: LogService;
  /** Tries everything: the configuration, the database, each directory, each app. */
  check(signal: AbortSignal): AsyncGenerator<CheckResult>;
  /** What is wrong now, worst first. */
  doctor(signal: AbortSignal): Promise<Finding[]>;
}

/**
 * Opens the database and puts everything together.
 * @param compiled these settings; nothing is opened for a configuration with a fault
 * @throws RollcallError `config.invalid`, `database.unreachable`, `database.tooNew`
 */
export async function openService(
  settings: Settings,
  compiled: CompiledSettings = compileSettings(settings),
  { mayBeOld = false }: Lasting = {},
): Promise<Service> {
  const store = await openStore(settings.database);
  return serviceOn({ store, counts: new Counts(store.db, mayBeOld) }, settings, compiled);
}

/** What a process that lasts is asked for again and again. */
export interface Lasting {
  /** Whether large counts may be those of a while ago; see `Counts`. */
  readonly mayBeOld?: boolean;
}

interface Opened {
  readonly store: Store;
  readonly counts: Counts;
}

function serviceOn(opened: Opened, settings: Settings, compiled: CompiledSettings): Service {
  const { store, counts } = opened;
  const engine = engineOf(settings, compiled, store, counts);
  const { db } = store;
  const database = `${store.title}, schema ${store.migrated.current}`;
  const about = { file: settings.file, database };
  return {
    settings,
    with: (other) => serviceOn(opened, other, compileSettings(other)),
    database: {
      title: store.title,
      schema: store.migrated.current,
      migrated: store.migrated.applied,
      ping: () => ping(db),
      figures: () => gatherFigures(engine),
      onFault: (listener) => store.onFault(listener),
    },
    runs: runService(engine),
    users: userService(engine, settings.http?.api === true ? settings.http.searchIndexes : null),
    groups: {
      list: (query) => findGroups(engine, query),
      users: (group, after, limit) => usersInGroup(engine, group, after, limit),
    },
    tokens: tokenService(engine),
    sessions: sessionService(engine, settings),
    profile: engine.rules.schema,
    directories: directoryService(engine),
    identitySources: identitySourceService(engine),
    previews: previewService(engine, settings),
    apps: appService(engine),
    pushes: pushService(engine),
    log: {
      query: ({ filter, ...query }) =>
        queryLog(db, { ...query, filter: filter === null ? null : parseLogFilter(filter) }),
      noteConfiguration: async (facts, { actor }, last) =>
        await transact(store, async (trx) => {
          await appendEvents(trx, null, actor, [configurationChanged(facts)]);
          last();
        }),
      settledUntil: () => settledUntil(store),
      keepHooks: () => keepHooks(db, [...settings.hooks.keys()]),
      deliver: async (name, told, signal) => {
        const hook = settings.hooks.get(name);
        const source = `${settings.http?.publicUrl ?? "rollcall"}/api/v1/eventHooks/${name}`;
        if (hook !== undefined) await deliverEvents(engine, hook, { source, told, signal });
      },
    },
    check: (signal) => checkAll(engine, about, signal),
    doctor: (signal) => examine(engine, Date.now(), signal),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function runService(engine: Engine): RunService {
  const { db } = engine.store;
  const get = (id: string): Promise<Run> => requireRun({ engine }, id);
  const whole = async (id: string): Promise<string> => (await get(id)).id;
  return {
    page: (query) => listAllRuns(db, query),
    recent: () => recentRuns(db),
    one: (id) => requireAny(engine, id),
    progress: (of) => progressOf(engine, of),
    stop: (of, by) => stopRun(engine, of, by),
    startOnce: (key, start) => startOnce(engine, key, start),
    import: (name, request, by) => importDirectory(engine, name, request, by),
    forceSync: (name, request, by) => forceSync(engine, name, request, by),
    revert: async (id, request, by) => await revertRun(engine, await whole(id), request, by),
    approve: async (id, by) => await approveRun(engine, await whole(id), by),
    cancel: async (id, by) => await cancelRun(engine, await whole(id), by),
    resume: async (id, by) => await resumeRun(engine, await whole(id), by),
    resumeLeft: (name, by) => resumeRuns(engine, name, by),
    isHeld: (name) => isHeld(engine, name),
    endExpired: (name, by) => endExpired(engine, name, by),
    takeTick: (schedule, at) => claimSlot(db, schedule, at),
    list: (query) => listRuns(db, query),
    get,
    people: async (id, { counted, ...query }) => {
      const { id: runId, held } = await get(id);
      const of = counted ? (held?.of ?? "removals") : null;
      return await runChanges(db, runId, { ...query, counted: of });
    },
  };
}

function userService(engine: Engine, searchIndexes: readonly string[] | null): UserService {
  const { db } = engine.store;
  return {
    list: (query) => findUsers(db, query),
    after: (key, limit) => usersAfter(db, key, limit),
    get: (who) => viewUser(db, who),
    prepareSearch: async (former, how) => {
      if (searchIndexes === null) return;
      await ensureSearchIndexes(engine.store, { paths: searchIndexes, former }, how);
    },
    search: (request) => findUsersBy(engine, request),
    dated: (who) => datedUserOf(engine, who),
    groups: (userId) => groupsOfUser(engine, userId),
    appUsersOf: (ids) => appUsersOfUsers(db, ids),
    explain: (who, request) => explain(engine, who, request),
    failing: (query, limit) => listFailing(engine, query, limit),
    byDay: (days) => peopleDays(db, days),
    create: (values, status, by) => createUser(engine, values, status, by),
    edit: (who, request, by) => editUser(engine, who, request, by),
    changeStatus: (who, step, by) => changeStatus(engine, who, step, by),
    delete: (who, by) => removeUser(engine, who, by),
    forget: (who, dryRun, by) => forgetUser(engine, who, dryRun, by),
    link: (entry, request, by) => linkEntry(engine, entry, request, by),
    unlink: (directory, request, by) => unlinkEntry(engine, directory, request, by),
  };
}

function tokenService(engine: Engine): TokenService {
  return {
    list: () => listTokens(engine.store.db),
    create: (request, by) => createToken(engine, request, by),
    revoke: (name, by) => revokeToken(engine, name, by),
    of: (secret) => tokenOf(engine, secret),
  };
}

function sessionService(engine: Engine, settings: Settings): SessionService {
  const provider = (): OidcSettings => {
    const oidc = settings.http?.oidc ?? null;
    if (oidc !== null) return oidc;
    throw new RollcallError("request.notFound", "http.oidc is not configured.");
  };
  return {
    hasProvider: (settings.http?.oidc ?? null) !== null,
    beginOidc: async (redirect, again) => await beginOidc(provider(), redirect, again),
    finishOidc: async (back) => await finishOidc(engine, provider(), back),
    list: () => listSessions(engine.store.db),
    link: (role, by) => createSignInLink(engine, { role, at: consoleUrl(settings) }, by),
    signIn: (secret, client) => signIn(engine, secret, client),
    of: (secret, isUse) => sessionOf(engine, secret, isUse),
    end: (id, by) => endSession(engine, id, by),
  };
}

function directoryService(engine: Engine): DirectoryService {
  return {
    freshness: (name) => freshnessOf(engine, name, Date.now()),
    people: (name, query) => listLinked(engine, name, query),
    person: (name, userId) => linkedOf(engine, name, userId),
    sources: () => reportSources(engine),
    former: () => formerDirectories(engine),
    unmatched: (query) => listUnmatched(engine, query),
    setAside: (entry, undo, by) => setEntryAside(engine, entry, undo, by),
    forget: (entry, dryRun, by) => forgetEntry(engine, entry, dryRun, by),
    listen: (name, listener, signal) => listenTo(engine, name, listener, signal),
    pause: (name) => {
      const { source } = configuredDirectory(engine, name).settings;
      const { db } = engine.store;
      const reached = reachFingerprint(source);
      return {
        load: () => pauseOf(db, name, reached),
        save: (pause) => keepPause(db, name, reached, pause),
        clear: (begun) => endPauses(db, name, begun),
      };
    },
    nextExpiry: (name, after) => nextExpiry(engine, name, after),
  };
}

function identitySourceService(engine: Engine): IdentitySourceService {
  return {
    active: (source) => activeSessions(engine, source),
    session: (source, id) => sessionOfSource(engine, source, id),
    begin: (source, by) => beginSession(engine, source, by),
    bring: (session, upload, by) => bringPeople(engine, session, upload, by),
    start: (source, id, by) => startSession(engine, source, id, by),
    close: (source, id, by) => closeSession(engine, source, id, by),
  };
}

function previewService(engine: Engine, settings: Settings): PreviewService {
  const prepared = (directory: string, asked: PreviewAsked): [Engine, PreviewRequest] => {
    const { attribute, expression } = asked;
    if (attribute !== null) requireAttribute(engine.rules.schema, attribute);
    if (expression === null) return [engine, asked];
    const name = attribute ?? "displayName";
    return [tryExpression(engine, directory, name, expression), { ...asked, attribute: name }];
  };
  const diff: PreviewService["diff"] = (other, request) => {
    const theirs = engineOf(other, compileSettings(other), engine.store);
    return previewDiff(engine, { file: other.file, engine: theirs }, request);
  };
  return {
    person: async (directory, who, asked) => {
      const [tried, request] = prepared(directory, asked);
      return await previewPerson(tried, directory, who, request);
    },
    all: async (directory, asked) => {
      const [tried, request] = prepared(directory, asked);
      return await previewAll(tried, directory, request);
    },
    faults: (of, attribute, expression) => faultsOf(engine, of, attribute, expression),
    words: (of) => wordsOf(engine, of),
    order: (sources, request) =>
      diff(withSources(settings, sources), { ...request, directory: null, who: null }),
    mappings: async (directory, draft, request) => {
      const { toOkta } = configuredDirectory(engine, directory).settings;
      const given = mappingsOfExport(draft.exported, "The text");
      const read = renamedMappings(given, draft.names);
      const problems = [...variableProblems(read), ...mappingProblems(settings, directory, read)];
      const mappings = comparedMappings(read, toOkta);
      if (problems.length > 0 || mappings.every(({ how }) => how === "same"))
        return { mappings, problems, difference: null };
      const other = settingsWithMappings(settings, directory, read);
      const { directories } = await diff(other, { ...request, directory, who: null });
      return { mappings, problems, difference: directories[0] ?? null };
    },
    diff,
  };
}

function appService(engine: Engine): AppService {
  return {
    list: () => listApps(engine),
    get: (app) => viewApp(engine, app),
    check: (app) => checkApp(engine, app),
    assign: (app, people, by) => assignByHand(engine, app, { people, assigned: true }, by),
    unassign: (app, people, by) => assignByHand(engine, app, { people, assigned: false }, by),
    assignments: (query) => listAssignments(engine, query),
    assigned: (app, page) => listAssigned(engine, app, page),
    assignment: (app, userId) => assignmentOf(engine, app, userId),
    explain: (who, request) => explainApp(engine, who, request),
    preview: (app, request, signal) => previewApp(engine, app, request, signal),
    previewPerson: (app, who, request) => previewAppPerson(engine, app, who, request),
    groups: (app) => listPushedGroups(engine, app),
    accounts: (app, signal) => appAccounts(engine, app, signal),
    tasks: (app) => tasksOf(engine, app),
    retry: (task, by) => retryTask(engine, task, by),
    retryAll: (app, by) => retryTasksOf(engine, app, by),
    dismiss: (task, by) => dismissTaskOf(engine, task, by),
  };
}

function pushService(engine: Engine): PushService {
  const { db } = engine.store;
  const get = (id: string): Promise<Push> => requirePush(engine, id);
  return {
    push: async (app, { people, ...request }, by) => {
      const users =
        people === null ? null : await Promise.all(people.map((who) => findUser(db, who)));
      const userIds = users === null ? null : users.map((user) => user.id);
      return await pushApp(engine, app, { ...request, userIds }, by);
    },
    isDue: (app) => isPushDue(engine, app, Date.now()),
    list: (query) => listPushes(db, query),
    get,
    people: async (id, query) => await pushChanges(db, (await get(id)).id, query),
    approve: async (id, by) => await approvePush(engine, (await get(id)).id, by),
    cancel: async (id, by) => await cancelPush(engine, (await get(id)).id, by),
    revert: async (id, dryRun, by) => await revertPush(engine, (await get(id)).id, { dryRun }, by),
  };
}
