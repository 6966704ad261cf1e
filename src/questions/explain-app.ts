import { configuredApp } from "../engine/apps.ts";
import { Desk, type Looked } from "../engine/accounts/desk.ts";
import { findUser } from "../engine/people/find-user.ts";
import type { Engine } from "../engine/engine.ts";
import { Breath } from "../lib/breath.ts";
import { meantHint } from "../lib/lines.ts";
import type { AppExplanation, MappingShown } from "../model/app-explanation.ts";
import { namespaceOf, placeName } from "../model/attribute-place.ts";
import { RollcallError } from "../model/errors.ts";
import type { User } from "../model/user.ts";
import type { AppRules } from "../reconciler/app-rules.ts";
import { causeOf, stagesOf, type AccountQuestion } from "../reconciler/explain-account.ts";
import { accountTotals } from "../store/accounts.ts";
import { appState } from "../store/app-states.ts";
import { listPushes } from "../store/pushes.ts";
import { inputsOfUser } from "./app-preview.ts";
import { syncStateOf } from "./apps.ts";

export interface AppExplainRequest {
  readonly app: string;
  /** Of the app, or of the user profile; null: the account as a whole. */
  readonly attribute: string | null;
  /** Whether the app is asked what it has now. */
  readonly live: boolean;
}

/** @throws RollcallError `user.notFound`, `config.unknownApp`, `usage.invalid`; AppFailure with `live` */
export async function explainApp(
  engine: Engine,
  who: string,
  request: AppExplainRequest,
): Promise<AppExplanation> {
  const { question, looked } = await gather(engine, who, request);
  const { settings, user, attribute, account, live, mapping } = question;
  return {
    app: settings.name,
    userId: user.id,
    login: user.login,
    attribute,
    assigned: looked.account.assignedBy,
    externalId: account?.externalId ?? null,
    status: account?.state ?? "none",
    syncState: syncStateOf(looked.account, settings, isReassigned(looked)),
    lastPush: account?.lastPush ?? null,
    error: account?.error ?? null,
    mapping,
    ...valuesOf(question),
    ...(live === null ? {} : { live: live.value ?? null }),
    stages: stagesOf(question),
    cause: causeOf(question),
  };
}

/** Whether somebody is assigned, or is not any more, since the last push. */
function isReassigned({ account, facts }: Looked): boolean {
  return (account.assignedBy === null) !== ((facts.account?.assignedBy ?? null) === null);
}

function valuesOf({
  attribute,
  desired,
  account,
}: AccountQuestion): Pick<AppExplanation, "desired" | "acknowledged"> {
  if (attribute === null) return { desired: null, acknowledged: null };
  const wanted = desired === null || "error" in desired ? null : desired.create[attribute];
  return { desired: wanted ?? null, acknowledged: account?.acknowledged?.[attribute] ?? null };
}

/** Everything that is needed to find the cause, read before anything is decided. */
async function gather(
  engine: Engine,
  who: string,
  { app: name, attribute: asked, live }: AppExplainRequest,
): Promise<{ readonly question: AccountQuestion; readonly looked: Looked }> {
  const app = configuredApp(engine.apps, name);
  const { db } = engine.store;
  const user = await findUser(db, who);
  const attribute = asked === null ? null : appAttribute(app, asked);
  const desk = await Desk.open(engine, app, { now: Date.now(), isManual: false });
  const [looked] = await desk.look([user], new Breath(null));
  if (looked === undefined) throw new RollcallError("internal.error", "nobody was looked at");
  const { paused, notBefore } = await appState(db, name);
  const [held] = await listPushes(db, { app: name, status: "held", limit: 1 });
  const totals = await accountTotals(db, name);
  const { assignment, desired, account } = looked.facts;
  const question: AccountQuestion = {
    settings: app.settings,
    user,
    paused,
    heldPush: held?.id ?? null,
    notBefore:
      notBefore !== null && notBefore > Date.now() ? new Date(notBefore).toISOString() : null,
    isAnybodyAssigned: totals.assigned > 0 || app.settings.assign.length > 0,
    assignment,
    desired,
    account,
    decision: looked.decision,
    attribute,
    mapping: attribute === null ? null : mappingShown(app, attribute, user),
    live: live && attribute !== null ? await liveValue(engine, name, looked, attribute) : null,
  };
  return { question, looked };
}

/** An attribute of the app; one of the user profile means the one that it is mapped to. */
function appAttribute({ settings, mappings }: AppRules, name: string): string {
  if (settings.attributes.has(name)) return name;
  const ofUser = [...mappings.values()].find(({ expression }) =>
    expression.source.toLowerCase().includes(`user.${name.toLowerCase()}`),
  );
  if (ofUser !== undefined) return ofUser.attribute;
  const hint = meantHint(name, [...settings.attributes.keys()]);
  throw new RollcallError("usage.invalid", `${settings.name} has no attribute ${name}${hint}`);
}

function mappingShown(
  { settings, mappings }: AppRules,
  attribute: string,
  user: User,
): MappingShown | null {
  const mapping = mappings.get(attribute);
  if (mapping === undefined) return null;
  const place = settings.attributes.get(attribute)?.place ?? null;
  return {
    expression: mapping.expression.source,
    apply: mapping.apply,
    inputs: inputsOfUser(mapping, user),
    externalName: place === null ? null : placeName(place),
    externalNamespace: place === null ? null : namespaceOf(place),
  };
}

async function liveValue(
  engine: Engine,
  name: string,
  { facts }: Looked,
  attribute: string,
): Promise<{ readonly value: unknown } | null> {
  const externalId = facts.account?.externalId ?? null;
  if (externalId === null) return null;
  const { declared, learned } = await appState(engine.store.db, name);
  await using provisioner = await engine.openApp(name, {
    declared,
    learned,
    onPause: () => undefined,
  });
  const remote = await provisioner.read(externalId);
  return { value: remote.profile[attribute] };
}
