/** How the apps are: what is assigned, in step, pending, failing, and what each can do. */
import { configuredApp } from "../engine/apps.ts";
import type { Engine } from "../engine/engine.ts";
import {
  newAccount,
  type Account,
  type AccountError,
  type AssignedBy,
  type Push,
  type SyncState,
} from "../model/account.ts";
import type { AppSettings, Capabilities, CapabilityOverrides } from "../model/app.ts";
import { namespaceOf, placeName } from "../model/attribute-place.ts";
import { capabilitiesOf, presetOf } from "../provisioning/scim/capabilities.ts";
import type { AppRules } from "../reconciler/app-rules.ts";
import {
  accountsOf,
  assignedIds,
  accountTotals,
  listAccounts,
  type AccountsQuery,
  type AccountTotals,
} from "../store/accounts.ts";
import { assignmentsByHand } from "../store/assignments.ts";
import { appState } from "../store/app-states.ts";
import { listPushes } from "../store/pushes.ts";
import { countTasks } from "../store/tasks.ts";
import { usersByIds } from "../store/users.ts";

export interface AppSummary extends AccountTotals {
  readonly app: string;
  readonly label: string;
  readonly url: string;
  readonly provisioning: AppSettings["provisioning"];
  readonly paused: AccountError | null;
  /** Until when the app asked to be left alone; ISO 8601. */
  readonly notBefore: string | null;
  readonly tasks: number;
  /** A push that waits for a decision. */
  readonly heldPush: Pick<Push, "id" | "held"> | null;
}

export interface AppView extends AppSummary {
  readonly preset: string;
  readonly capabilities: Capabilities;
  readonly declared: CapabilityOverrides | null;
  readonly byPreset: CapabilityOverrides;
  readonly learned: CapabilityOverrides;
  readonly configured: CapabilityOverrides;
  readonly onUnassign: AppSettings["onUnassign"];
  readonly matching: AppSettings["matching"];
  readonly assign: readonly AssignedBy[];
  readonly mappings: readonly {
    readonly attribute: string;
    readonly expression: string;
    readonly apply: "create" | "update";
    readonly externalName: string | null;
    readonly externalNamespace: string | null;
  }[];
  readonly pushGroups: AppSettings["pushGroups"];
  readonly safeguard: AppSettings["safeguard"];
  readonly rateLimit: number | null;
}

export async function listApps(engine: Engine): Promise<AppSummary[]> {
  const summaries: AppSummary[] = [];
  for (const app of engine.apps.values()) summaries.push(await summaryOf(engine, app));
  return summaries;
}

async function summaryOf(engine: Engine, { settings }: AppRules): Promise<AppSummary> {
  const { db } = engine.store;
  const { name: app, label, target, provisioning } = settings;
  const { paused, notBefore } = await appState(db, app);
  const [held] = await listPushes(db, { app, status: "held", limit: 1 });
  return {
    app,
    label,
    url: target.url,
    provisioning,
    ...(await accountTotals(db, app)),
    paused,
    notBefore:
      notBefore !== null && notBefore > Date.now() ? new Date(notBefore).toISOString() : null,
    tasks: await countTasks(db, app),
    heldPush: held === undefined ? null : { id: held.id, held: held.held },
  };
}

/** @throws RollcallError `config.unknownApp` */
export async function viewApp(engine: Engine, name: string): Promise<AppView> {
  const rules = configuredApp(engine.apps, name);
  const { settings } = rules;
  const { declared, learned } = await appState(engine.store.db, name);
  const { target } = settings;
  return {
    ...(await summaryOf(engine, rules)),
    preset: target.preset,
    capabilities: capabilitiesOf(target, { declared, learned }),
    declared,
    byPreset: presetOf(target.preset),
    learned,
    configured: target.capabilities,
    onUnassign: settings.onUnassign,
    matching: settings.matching,
    assign: settings.assign.map((rule): AssignedBy => {
      if (rule.kind === "group") return { kind: "group", name: rule.name };
      if (rule.kind === "condition") return { kind: "condition", name: rule.expression };
      return { kind: "everyone", name: "everyone" };
    }),
    mappings: [...rules.mappings.values()].map(({ attribute, apply, expression }) => {
      const place = settings.attributes.get(attribute)?.place ?? null;
      return {
        attribute,
        expression: expression.source,
        apply,
        externalName: place === null ? null : placeName(place),
        externalNamespace: place === null ? null : namespaceOf(place),
      };
    }),
    pushGroups: settings.pushGroups,
    safeguard: settings.safeguard,
    rateLimit: target.requestsPerSecond,
  };
}

export type AssignmentView = Account & { readonly syncState: SyncState };

export type AssignmentsQuery = AccountsQuery;

/** A page of who is assigned, or has an account. */
export async function listAssignments(
  engine: Engine,
  query: AssignmentsQuery,
): Promise<AssignmentView[]> {
  const { settings } = configuredApp(engine.apps, query.app);
  const { db } = engine.store;
  const accounts = await listAccounts(db, query);
  const ids = accounts.map((account) => account.userId);
  const byHand = await assignmentsByHand(db, query.app, ids);
  return accounts.map((known) => viewOf(known, assignedSince(known, byHand), settings));
}

/**
 * What assigns somebody: by hand, that is so at once, and not any more at once; else what the last push
 * found. Whether a rule assigns whoever was assigned by hand until now, the next one finds.
 */
function assignedSince(
  { userId, assignedBy }: Account,
  byHand: ReadonlyMap<string, string>,
): AssignedBy | null {
  const name = byHand.get(userId);
  if (name !== undefined) return { kind: "person", name };
  return assignedBy?.kind === "person" ? null : assignedBy;
}

/** An account beside what assigns the person by now, of which the next push makes the account. */
function viewOf(
  known: Account,
  assignedBy: AssignedBy | null,
  settings: AppSettings,
): AssignmentView {
  const account = { ...known, assignedBy };
  const isOwed = (assignedBy === null) !== (known.assignedBy === null);
  return { ...account, syncState: syncStateOf(account, settings, isOwed) };
}

/** The account of one user who is assigned; null: the user is not. */
export async function assignmentOf(
  engine: Engine,
  app: string,
  userId: string,
): Promise<AssignmentView | null> {
  return (await assignmentsOf(engine, app, [userId])).get(userId) ?? null;
}

/** Whoever is assigned by hand has the assignment before the next push makes the account. */
async function assignmentsOf(
  engine: Engine,
  app: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, AssignmentView>> {
  const { settings } = configuredApp(engine.apps, app);
  const { db } = engine.store;
  const accounts = await accountsOf(db, app, userIds);
  const byHand = await assignmentsByHand(db, app, userIds);
  const users = new Map((await usersByIds(db, userIds)).map((user) => [user.id, user.login]));
  const found = new Map<string, AssignmentView>();
  for (const id of userIds) {
    const known = accounts.get(id) ?? newAccount(app, id, users.get(id) ?? "");
    const assignedBy = assignedSince(known, byHand);
    if (assignedBy === null) continue;
    found.set(id, viewOf(known, assignedBy, settings));
  }
  return found;
}

/** A page of whoever is assigned, in order of the users' ids. */
export async function listAssigned(
  engine: Engine,
  app: string,
  page: { readonly after: string | null; readonly prefix: string | null; readonly limit: number },
): Promise<AssignmentView[]> {
  const ids = await assignedIds(engine.store.db, app, page);
  const found = await assignmentsOf(engine, app, ids);
  return ids.flatMap((id) => found.get(id) ?? []);
}

/**
 * As Okta names how far an account is.
 * @param isOwed whether the next push has something to do for it that no push knows of yet
 */
export function syncStateOf(
  account: Account,
  { provisioning }: AppSettings,
  isOwed: boolean,
): SyncState {
  const { create, update, deactivate } = provisioning;
  if (account.error !== null) return "ERROR";
  if (!create && !update && !deactivate) return "DISABLED";
  if (account.state === "attempted") return "SYNCING";
  if (account.state === "none")
    return account.reason === null && account.assignedBy === null ? "DISABLED" : "OUT_OF_SYNC";
  if (isOwed) return "OUT_OF_SYNC";
  return account.reason === null || account.reason === "kept" ? "SYNCHRONIZED" : "OUT_OF_SYNC";
}
