/** The rows as the database holds them. They do not leave this folder. */
import type { ColumnType, Generated } from "kysely";
import type {
  AccountChange,
  AccountError,
  AccountProfile,
  AssignedBy,
  PushCounts,
  PushHeld,
  Refused,
} from "../model/account.ts";
import type { Progress } from "../model/asked-by.ts";
import type { AssignedValues, CapabilityOverrides } from "../model/app.ts";
import type { AppProfile, ReadEvidence } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import type { EventActor, EventTarget } from "../model/event.ts";
import type { SourceSessionStatus } from "../model/identity-source.ts";
import type { Conversion, Mark } from "../model/incremental.ts";
import type {
  AttributeChange,
  Held,
  GroupCounts,
  PhaseTime,
  RunCounts,
  RunError,
  SearchFacts,
} from "../model/run.ts";
import type { SafeguardLimits } from "../model/settings.ts";
import type { LinkOrigin, UserProfile } from "../model/user.ts";

/** A jsonb column: read as its type, written as text. */
type Json<T> = ColumnType<T, JsonText<T>, JsonText<T>>;
type JsonText<T> = null extends T ? string | null : string;
type Time = Date;

export interface UsersTable {
  id: string;
  login: string;
  login_key: string;
  status: string;
  status_by: string | null;
  profile: Json<UserProfile>;
  sources: Json<Record<string, string>>;
  version: number;
  created_at: Generated<Time>;
  updated_at: Generated<Time>;
  /** When the user got access last, and when the status changed last; null: not known. */
  activated_at: Time | null;
  status_changed_at: Time | null;
}

export interface AppUsersTable {
  directory: string;
  external_id: string;
  user_id: string | null;
  dn: string;
  status: string;
  profile: Json<AppProfile>;
  hash: string;
  error: Json<Problem | null>;
  imported_at: Generated<Time>;
  link: Json<LinkOrigin | null>;
  error_since: Time | null;
  /** Since when it has left the scope; null: it has not. */
  removed_at: Time | null;
}

export interface DirectoryPausesTable {
  directory: string;
  /** By which servers and account it was tried. */
  reached: string;
  failures: number;
  code: string;
  until: Time;
  /** When the last failure was. */
  since: Time;
}

export interface RunsTable {
  id: string;
  kind: string;
  directory: string | null;
  /** Of a push; then there is no directory. */
  app: string | null;
  type: string;
  trigger: string;
  actor: Json<EventActor>;
  dry_run: boolean;
  status: string;
  phase: string;
  counts: Json<RunCounts | PushCounts>;
  phases: Json<PhaseTime[]>;
  held: Json<Held | PushHeld | null>;
  error: Json<RunError | null>;
  decided_by: string | null;
  fingerprint: string;
  server: string | null;
  plan_size: number;
  scope: string;
  way: string | null;
  mark: Json<Mark | null>;
  converted: Json<Conversion | null>;
  objects: Json<GroupCounts | null>;
  evidence: Json<ReadEvidence | null>;
  search: Json<SearchFacts | null>;
  replaces: string | null;
  reverts: string | null;
  plan_table: Generated<string>;
  /** Whether nothing is told any more of whom a dry or cancelled run concerned. */
  thinned: Generated<boolean>;
  started_at: Generated<Time>;
  finished_at: Time | null;
}

export interface RunChangesTable {
  run_id: string;
  seq: number;
  action: string;
  external_id: string | null;
  dn: string;
  user_id: string | null;
  login: string | null;
  changes: Json<AttributeChange[]>;
  error: Json<Problem | null>;
  applied: boolean;
  /** Why somebody is no longer in the scope, or was left out. */
  reason: string | null;
  /** Counted by the safeguard. */
  lost: boolean;
  /** Of the user, after the change. */
  user_version: number | null;
}

/** A person before a run; null where there was none. */
export interface RunUndoTable {
  run_id: string;
  seq: number;
  user_before: Json<UserImage | null>;
  app_user_before: Json<AppUserImage | null>;
}

/** A row of `users` as `to_jsonb` writes it. */
export type UserImage = Pick<UsersTable, "id" | "login" | "status" | "status_by" | "version"> & {
  readonly profile: UserProfile;
  readonly sources: Record<string, string>;
};

/** A row of `app_users` as `to_jsonb` writes it. */
export type AppUserImage = Pick<AppUsersTable, "external_id" | "user_id" | "dn" | "status"> & {
  readonly profile: AppProfile;
  readonly error: Problem | null;
  /** Images of before the column was there have none. */
  readonly link?: LinkOrigin | null;
};

/** One person of a plan that is not applied yet. JSON stays text until it reaches its table. */
export interface PlanTable {
  run_id: string;
  step: number;
  seq: number;
  action: string;
  external_id: string | null;
  dn: string;
  lost: boolean;
  app_status: string | null;
  app_profile: string | null;
  app_hash: string | null;
  app_user_id: string | null;
  app_error: string | null;
  user_id: string | null;
  user_login: string | null;
  write_user: boolean;
  user_new: boolean;
  base_version: number;
  claims_login: boolean;
  login: string | null;
  login_key: string | null;
  user_profile: string | null;
  user_sources: string | null;
  user_status: string | null;
  status_by: string | null;
  changes: string;
  error: string | null;
  events: string;
  reason: string | null;
  deletes: string | null;
  app_link: string | null;
  look_again: boolean;
}

/** One account in a push's history; what is not applied yet is its plan. */
export interface PushChangesTable {
  run_id: string;
  seq: number;
  step: number;
  action: string;
  user_id: string | null;
  login: string | null;
  external_id: string | null;
  reason: string | null;
  changes: Json<AccountChange[]>;
  error: Json<AccountError | null>;
  applied: boolean;
  lost: boolean;
}

/** Of persons, by hand. */
export interface AssignmentsTable {
  app: string;
  user_id: string;
  assigned_by: string;
  created_at: Generated<Time>;
}

export interface AccountsTable {
  app: string;
  user_id: string;
  login: string;
  assigned_by: Json<AssignedBy | null>;
  assigned_values: Json<AssignedValues>;
  external_id: string | null;
  state: string;
  acknowledged: Json<AccountProfile | null>;
  acknowledged_places: string;
  attempted: Json<AccountProfile | null>;
  unsure: Json<string[]>;
  not_kept: Json<string[]>;
  user_version: number;
  fingerprint: string;
  settled: boolean;
  reason: string | null;
  error: Json<AccountError | null>;
  attempts: number;
  refused: Json<Refused | null>;
  retry_at: Time | null;
  last_push: Time | null;
  /** Since when something is owed; null: nothing is. */
  pending_since: Time | null;
  touched: Generated<number>;
}

export interface TasksTable {
  id: string;
  app: string;
  /** A user's id, `app`, or a group; one task each. */
  subject: string;
  user_id: string | null;
  login: string | null;
  what: string;
  error: Json<AccountError>;
  since: Time;
  attempts: number;
}

export interface AppStatesTable {
  app: string;
  /** Why nothing is sent until a person acts; null: it is not paused. */
  paused: Json<AccountError | null>;
  /** Nothing is asked of it before. */
  not_before: Time | null;
  /** Pushes in turn that could not go on. */
  failures: Generated<number>;
  /** Its address when it was pushed to last. */
  target: string | null;
  declared: Json<CapabilityOverrides | null>;
  learned: ColumnType<CapabilityOverrides, string | undefined, string>;
  /** Which changes of users were seen by the last push by itself. */
  seen: string | null;
  full_at: Time | null;
}

export interface PushedGroupsTable {
  app: string;
  directory: string;
  group_id: string;
  /** Its name in the configuration. */
  configured: string;
  /** As it was sent. */
  name: string;
  external_id: string | null;
  state: string;
}

export interface PushedMembersTable {
  app: string;
  directory: string;
  group_id: string;
  user_id: string;
  external_id: string;
  /** Whether the app acknowledged it; else it was sent, and what the app has is not known. */
  confirmed: boolean;
}

export interface UniqueValuesTable {
  attribute: string;
  value_key: string;
  user_id: string;
}

export interface CheckpointsTable {
  directory: string;
  run_id: string;
  fingerprint: string;
  entries: number;
  full_at: Time;
  scope: string;
  mark: Json<Mark | null>;
  read_at: Time | null;
  search: Json<SearchFacts | null>;
  full_reason: string | null;
  full_reason_at: Time | null;
}

export interface SafeguardSettingsTable {
  directory: string;
  settings: Json<SafeguardLimits>;
}

export interface TotalsTable {
  name: string;
  /** JSON, with its keys in order. */
  labels: string;
  value: number;
}

export interface DirectoryObjectsTable {
  directory: string;
  external_id: string;
  kind: string;
  dn: string;
  dn_key: string;
  name: string;
  sid: string | null;
  hash: string;
}

export interface GroupMembersTable {
  directory: string;
  group_id: string;
  member: string;
}

/** An object as a run found it; without a kind, it is gone. */
export interface ObjectPlanTable {
  run_id: string;
  external_id: string;
  kind: string | null;
  dn: string | null;
  dn_key: string | null;
  name: string | null;
  sid: string | null;
  hash: string | null;
  members: Json<string[] | null>;
}

export interface SystemLogTable {
  id: string;
  published: Time;
  event_type: string;
  severity: string;
  outcome: string;
  reason: string | null;
  actor: Json<EventActor>;
  target: Json<EventTarget[]>;
  transaction_id: string;
  debug_data: Json<Record<string, unknown>>;
}

export interface ApiTokensTable {
  id: string;
  name: string;
  role: string;
  /** SHA-256 of the secret, in hexadecimal digits. */
  hash: string;
  created_by: string;
  created_at: Generated<Time>;
  expires_at: Time | null;
  used_at: Time | null;
  /** Identity sources that it is good for; null: all. */
  sources: Json<string[] | null>;
}

export interface SignInLinksTable {
  id: string;
  /** SHA-256 of the secret, in hexadecimal digits. */
  hash: string;
  role: string;
  created_by: string;
  created_at: Generated<Time>;
  expires_at: Time;
  used_at: Time | null;
}

export interface SessionsTable {
  id: string;
  /** As of a link. */
  hash: string;
  /** Of an identity provider: the issuer and the person's name there; null: by a link. */
  subject: string | null;
  name: string;
  role: string;
  ip_address: string | null;
  user_agent: string | null;
  created_at: Generated<Time>;
  /** When somebody showed who they are; null: nobody said. */
  authenticated_at: Time | null;
  used_at: Generated<Time>;
  expires_at: Time;
}

export interface LeasesTable {
  name: string;
  owner: string;
  holder: string;
  fence: number;
  expires_at: Time;
  /** Which run the holder works on; null: none yet. */
  run_id: string | null;
  /** How far it is, as it was told last. */
  progress: Json<Progress | null>;
  /** Who wants the holder to stop; null: nobody. */
  stop_by: string | null;
}

export interface HooksTable {
  name: string;
  cursor: string | null;
  verified: string | null;
  failures: number;
  failing_since: Time | null;
  not_before: Time | null;
  error: string | null;
  last_delivery: Time | null;
}

/** Of requests that must start a run only once. */
export interface StartedOnceTable {
  token_id: string;
  key: string;
  /** Hash of what was asked for. */
  request: string;
  /** Null while it begins. */
  run_id: string | null;
  created_at: Generated<Time>;
}

export interface IdentitySourcesTable {
  directory: string;
  /** How many sessions were taken up. */
  position: Generated<string>;
  /** Up to which position those who left are not remembered. */
  forgotten: Generated<string>;
  /** Whether anything was taken up since it began, or began anew. */
  known: Generated<boolean>;
}

export interface IdentitySourceEntriesTable {
  directory: string;
  external_id: string;
  /** Null: the person left. */
  profile: Record<string, string | string[]> | null;
  position: string;
  changed_at: Generated<Time>;
}

export interface IdentitySourceSessionsTable {
  id: string;
  directory: string;
  status: Exclude<SourceSessionStatus, "COMPLETED">;
  /** How many requests brought people. */
  uploads: Generated<number>;
  /** Of the source when it was taken up; null: it was not. */
  position: string | null;
  created_at: Generated<Time>;
  updated_at: Generated<Time>;
}

export interface IdentitySourceUploadsTable {
  session_id: string;
  external_id: string;
  profile: Record<string, string | string[] | null> | null;
  /** Whether nothing stays of what was known of the person. */
  anew: Generated<boolean>;
}

export interface ScheduleSlotsTable {
  name: string;
  slot: Time;
}

export interface KeptCountsTable {
  name: string;
  database: string;
  /** A `pg_snapshot`. */
  seen: string;
  counted_at: Time;
  milliseconds: number;
  value: Json<unknown>;
}

export interface DataChangesForgottenTable {
  only_one: Generated<boolean>;
  /** An `xid8`. */
  xid: string;
}

export interface PeopleDaysTable {
  /** YYYY-MM-DD */
  day: string;
  active: number;
  others: number;
}

export interface DataChangesTable {
  /** An `xid8`. */
  xid: string;
  at: Time;
}

export interface Tables {
  users: UsersTable;
  app_users: AppUsersTable;
  runs: RunsTable;
  run_changes: RunChangesTable;
  run_undo: RunUndoTable;
  safeguard_settings: SafeguardSettingsTable;
  totals: TotalsTable;
  unique_values: UniqueValuesTable;
  plan: PlanTable;
  held_plan: PlanTable;
  checkpoints: CheckpointsTable;
  directory_objects: DirectoryObjectsTable;
  directory_pauses: DirectoryPausesTable;
  group_members: GroupMembersTable;
  object_plan: ObjectPlanTable;
  system_log: SystemLogTable;
  leases: LeasesTable;
  schedule_slots: ScheduleSlotsTable;
  push_changes: PushChangesTable;
  assignments: AssignmentsTable;
  accounts: AccountsTable;
  tasks: TasksTable;
  app_states: AppStatesTable;
  pushed_groups: PushedGroupsTable;
  pushed_members: PushedMembersTable;
  api_tokens: ApiTokensTable;
  sign_in_links: SignInLinksTable;
  sessions: SessionsTable;
  started_once: StartedOnceTable;
  identity_sources: IdentitySourcesTable;
  identity_source_entries: IdentitySourceEntriesTable;
  identity_source_sessions: IdentitySourceSessionsTable;
  identity_source_uploads: IdentitySourceUploadsTable;
  hooks: HooksTable;
  kept_counts: KeptCountsTable;
  data_changes: DataChangesTable;
  data_changes_forgotten: DataChangesForgottenTable;
  people_days: PeopleDaysTable;
}
