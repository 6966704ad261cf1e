/** What the To-App mappings give, and what would be sent; nothing is. */
import { configuredApp } from "../engine/apps.ts";
import { Desk, type Looked } from "../engine/accounts/desk.ts";
import { findUser } from "../engine/people/find-user.ts";
import type { Engine } from "../engine/engine.ts";
import { Breath } from "../lib/breath.ts";
import { compileExpression, type Mapping } from "../mapping/mapping.ts";
import { caret } from "../mapping/problem.ts";
import { ACCOUNT_REASONS, type AccountError, type AssignedBy } from "../model/account.ts";
import { namespaceOf, placeName } from "../model/attribute-place.ts";
import { RollcallError } from "../model/errors.ts";
import type { User } from "../model/user.ts";
import { requestsOf, type Previewed, type PreviewedRequest } from "../provisioning/scim/preview.ts";
import type { AppRules } from "../reconciler/app-rules.ts";
import { changesOf } from "../reconciler/decide-account.ts";
import type { Desired } from "../reconciler/desired-account.ts";
import { dueUsers } from "../store/accounts.ts";

export interface AppPreviewRequest {
  readonly attribute: string | null;
  /** Tried instead of what is configured for the attribute. */
  readonly expression: string | null;
}

export interface AttributePreview {
  readonly attribute: string;
  readonly expression: string | null;
  readonly inputs: readonly { readonly name: string; readonly value: unknown }[];
  readonly value: unknown;
  readonly externalName: string | null;
  readonly externalNamespace: string | null;
  readonly acknowledged: unknown;
}

export interface AppPersonPreview {
  readonly app: string;
  readonly userId: string;
  readonly login: string;
  readonly assigned: AssignedBy | null;
  readonly decision: string;
  readonly why: string | null;
  readonly error: AccountError | null;
  readonly attributes: readonly AttributePreview[];
  readonly requests: readonly PreviewedRequest[];
}

export interface AppSummaryPreview {
  readonly app: string;
  readonly assigned: number;
  readonly created: number;
  readonly updated: number;
  readonly deactivated: number;
  readonly unchanged: number;
  readonly failed: number;
  /** How many accounts would get another value, by attribute. */
  readonly attributes: Readonly<Record<string, number>>;
  readonly failing: readonly { readonly login: string; readonly error: AccountError }[];
}

const PAGE = 1000;
const MOST_FAILING = 20;

/** @throws RollcallError `user.notFound`, `usage.invalid`, and the expression's own codes */
export async function previewAppPerson(
  engine: Engine,
  name: string,
  who: string,
  request: AppPreviewRequest,
): Promise<AppPersonPreview> {
  const app = tried(configuredApp(engine.apps, name), request);
  const user = await findUser(engine.store.db, who);
  const desk = await Desk.open(engine, app, { now: Date.now(), isManual: true });
  // Also of somebody who is not assigned it is shown what would be.
  const looked = await desk.lookAsIfAssigned(user);
  const { facts, decision } = looked;
  const names =
    request.attribute === null ? [...app.settings.attributes.keys()] : [request.attribute];
  return {
    app: name,
    userId: user.id,
    login: user.login,
    assigned: looked.account.assignedBy,
    decision: decision.do,
    why: decision.reason === null ? null : ACCOUNT_REASONS[decision.reason],
    error: facts.desired !== null && "error" in facts.desired ? facts.desired.error : null,
    attributes: names.flatMap((attribute) => attributePreview(app, attribute, user, looked)),
    requests: requestsOf(app.settings, previewed(looked)),
  };
}

const STEPS = {
  nothing: null,
  fail: null,
  find: "find",
  update: "update",
  reactivate: "activate",
  deactivate: "deactivate",
  delete: "delete",
} as const;

function previewed({ userId, facts, decision }: Looked): Previewed {
  const { desired, account } = facts;
  const isKnown = desired !== null && !("error" in desired);
  return {
    userId,
    externalId: account?.externalId ?? null,
    step: STEPS[decision.do],
    creates: decision.do === "find" && decision.create,
    profile: isKnown ? (decision.do === "find" ? desired.create : desired.update) : {},
  };
}

function attributePreview(
  { settings, mappings }: AppRules,
  attribute: string,
  user: User,
  { facts }: Looked,
): AttributePreview[] {
  const mapping = mappings.get(attribute);
  const { account } = facts;
  const value = desiredValue(facts.desired, attribute);
  if (mapping === undefined && value === null) return [];
  const place = settings.attributes.get(attribute)?.place ?? null;
  return [
    {
      attribute,
      expression: mapping?.expression.source ?? null,
      inputs: mapping === undefined ? [] : inputsOfUser(mapping, user),
      value,
      externalName: place === null ? null : placeName(place),
      externalNamespace: place === null ? null : namespaceOf(place),
      acknowledged: account?.acknowledged?.[attribute] ?? null,
    },
  ];
}

function desiredValue(desired: Desired | null, attribute: string): unknown {
  if (desired === null || "error" in desired) return null;
  return desired.create[attribute] ?? null;
}

/** The attributes of the user profile that stand in an expression, with their values. */
export function inputsOfUser(
  { expression }: Mapping,
  { profile }: Pick<User, "profile">,
): { readonly name: string; readonly value: unknown }[] {
  const names = [...expression.source.matchAll(/\buser\.(\w+)\b(?!\()/gi)].map(
    (one) => one[1] ?? "",
  );
  return [...new Set(names)].map((name) => ({
    name: `user.${name}`,
    value: profile[name] ?? null,
  }));
}

/** For everybody: who would be created, changed, switched off, and who would fail. */
export async function previewApp(
  engine: Engine,
  name: string,
  request: AppPreviewRequest,
  signal: AbortSignal,
): Promise<AppSummaryPreview> {
  const app = tried(configuredApp(engine.apps, name), request);
  const desk = await Desk.open(engine, app, { now: Date.now(), isManual: true });
  const counts = { assigned: 0, created: 0, updated: 0, deactivated: 0, unchanged: 0, failed: 0 };
  const attributes: Record<string, number> = {};
  const failing: { login: string; error: AccountError }[] = [];
  const query = { app: name, fingerprint: "", everybody: true, userIds: null };
  const breath = new Breath(signal);
  for (let after: string | null = null; ;) {
    signal.throwIfAborted();
    const users: User[] = await dueUsers(engine.store.db, query, after, PAGE);
    const last = users.at(-1);
    if (last === undefined) return { app: name, ...counts, attributes, failing };
    after = last.id;
    const looked = await desk.look(users, breath);
    for (const { login, facts, decision, account } of looked) {
      if (account.assignedBy !== null) counts.assigned++;
      counts[COUNTED[decision.do]] +=
        decision.do === "nothing" && account.assignedBy === null ? 0 : 1;
      if (decision.do === "fail" && failing.length < MOST_FAILING)
        failing.push({ login, error: decision.error });
      if (!("desired" in decision) || decision.desired === null) continue;
      for (const { attribute } of changesOf(facts.account, decision.desired))
        attributes[attribute] = (attributes[attribute] ?? 0) + 1;
    }
  }
}

const COUNTED = {
  nothing: "unchanged",
  fail: "failed",
  find: "created",
  update: "updated",
  reactivate: "updated",
  deactivate: "deactivated",
  delete: "deactivated",
} as const;

/** The app with another expression for one attribute. */
function tried(app: AppRules, { attribute, expression }: AppPreviewRequest): AppRules {
  const name = attribute ?? "displayName";
  if (attribute !== null && !app.settings.attributes.has(attribute))
    throw new RollcallError("usage.invalid", `${app.settings.name} has no attribute ${attribute}.`);
  if (expression === null) return app;
  const compiled = compileExpression(expression, app.environment);
  if ("problems" in compiled) {
    const [problem] = compiled.problems;
    const details = problem === undefined ? [] : caret(expression, problem).split("\n");
    throw new RollcallError(problem?.code ?? "usage.invalid", problem?.message ?? "", { details });
  }
  const mapping: Mapping = { attribute: name, apply: "update", expression: compiled.expression };
  return { ...app, mappings: new Map(app.mappings).set(name, mapping) };
}
