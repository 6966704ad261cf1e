/** Finds what is responsible for an account's value, from facts that were read before. Pure. */
import { sameJson } from "../lib/same.ts";
import type { Account, AccountError } from "../model/account.ts";
import type { AppCause, AppExplanation, AppStage, MappingShown } from "../model/app-explanation.ts";
import type { AppSettings } from "../model/app.ts";
import type { Remedy } from "../model/remedy.ts";
import type { User } from "../model/user.ts";
import type { Assignment } from "./assignment.ts";
import type { AccountDecision } from "./decide-account.ts";
import type { Desired } from "./desired-account.ts";

export interface AccountQuestion {
  readonly settings: AppSettings;
  readonly user: Pick<User, "id" | "login" | "status">;
  readonly paused: AccountError | null;
  /** A push of the app that waits for a person; null: none does. */
  readonly heldPush: string | null;
  /** Until when the app asked to be left alone; ISO 8601, null: it did not. */
  readonly notBefore: string | null;
  readonly isAnybodyAssigned: boolean;
  readonly assignment: Assignment;
  readonly desired: Desired | null;
  readonly account: Account | null;
  readonly decision: AccountDecision;
  /** Null: the account as a whole. */
  readonly attribute: string | null;
  /** Of the attribute; null: it is not mapped. */
  readonly mapping: MappingShown | null;
  /** What the app has now; null: it was not asked. */
  readonly live: { readonly value: unknown } | null;
}

type Cause = AppExplanation["cause"];

export function causeOf(question: AccountQuestion): Cause {
  return (
    ofAssignment(question) ??
    ofAccount(question) ??
    (question.attribute === null ? ofWhole(question) : ofAttribute(question, question.attribute))
  );
}

function cause(code: AppCause, sentence: string, remedy: Remedy | null = null): Cause {
  return { code, sentence, remedy };
}

/** Something is owed, and was not sent yet; unless there is a reason, the next push does. */
function pending(
  { settings, user, heldPush, notBefore }: AccountQuestion,
  sentence: string,
): Cause {
  const { name, label } = settings;
  if (heldPush !== null)
    return cause(
      "pushHeld",
      `A push to ${label} is held, and nothing is sent until it is decided about. ${sentence}`,
      {
        kind: "showPush",
        push: heldPush,
        counted: true,
      },
    );
  if (notBefore !== null)
    return cause("patience", `${label} asks to be left alone until ${notBefore}. ${sentence}`);
  return cause("pending", sentence, { kind: "push", app: name, user: user.login });
}

/** Whether there is to be an account at all. */
function ofAssignment(question: AccountQuestion): Cause | null {
  const { settings, user, assignment, paused, isAnybodyAssigned } = question;
  const { name, label } = settings;
  if (paused !== null)
    return cause("paused", `${label} is paused, so nothing is sent to it: ${paused.message}`, {
      kind: "retryTasks",
      app: name,
    });
  if (user.status !== "active")
    return cause(
      "userInactive",
      `${user.login} is ${user.status} here, so the account in ${label} is to be switched off.`,
      { kind: "explain", who: user.login },
    );
  if (assignment === null) {
    const remedy = { kind: "assign", app: name, user: user.login } as const;
    return isAnybodyAssigned
      ? cause(
          "notAssigned",
          `${user.login} is not assigned to ${label}: neither by hand nor by any rule of the app.`,
          remedy,
        )
      : cause(
          "nobodyAssigned",
          `Nobody is assigned to ${label}, so it receives no users at all.`,
          remedy,
        );
  }
  if ("unknown" in assignment)
    return cause(
      "assignmentUnknown",
      `Whether ${user.login} is assigned cannot be told: ${assignment.unknown}`,
      { kind: "check" },
    );
  return null;
}

/** Whether there is an account, and nothing is wrong with it as a whole. */
function ofAccount(question: AccountQuestion): Cause | null {
  const { settings, user, desired, account, decision } = question;
  const { name, label } = settings;
  if (desired !== null && "error" in desired) {
    const { field, message } = desired.error;
    return cause("mappingFails", `The mapping of ${field} fails: ${message}`, {
      kind: "previewApp",
      app: name,
      user: user.login,
    });
  }
  if (account?.error != null) {
    const { what, error } = { what: account.refused?.what ?? "push", error: account.error };
    const again =
      account.refused === null
        ? "It is tried again by itself."
        : "It is not sent again before something changes or somebody retries.";
    return cause("failing", `The last ${what} failed: ${error.message} ${again}`, {
      kind: "listTasks",
      app: name,
    });
  }
  if (account?.externalId == null) return withoutAccount(question);
  if (decision.do === "nothing" && decision.reason === "deactivateOff")
    return cause(
      "deactivateOff",
      `The account in ${label} is switched off, and Deactivate Users is off, so it is not switched on either.`,
    );
  return null;
}

function withoutAccount(question: AccountQuestion): Cause {
  const { settings, user, account, decision } = question;
  const { name, label } = settings;
  const push: Remedy = { kind: "push", app: name, user: user.login };
  if (account?.state === "attempted")
    return cause(
      "attempted",
      `An account was asked for in ${label}, and no answer was heard; the next push looks for it.`,
      push,
    );
  const isFind = decision.do === "find" && decision.create;
  if (!isFind)
    return cause(
      "createOff",
      `${user.login} is assigned, but has no external id: Create Users is off, and ${label} has no account that matches.`,
      { kind: "forceSyncApp", app: name },
    );
  const sentence = `${user.login} is assigned and has no external id yet: nothing was pushed since.`;
  return pending(question, sentence);
}

function ofWhole(question: AccountQuestion): Cause {
  const { settings, user, account, decision } = question;
  const { label } = settings;
  switch (decision.do) {
    case "nothing":
      if (decision.reason === "updateOff") return updateOff(settings);
      return cause(
        "inStep",
        `The account of ${user.login} in ${label} is as the app acknowledged it${lastPush(account)}.`,
      );
    case "fail":
    case "find":
    case "update":
    case "reactivate":
    case "deactivate":
    case "delete":
      return pending(question, `The account differs from what ${label} acknowledged.`);
  }
}

function lastPush(account: Account | null): string {
  return account?.lastPush == null ? "" : ` at ${account.lastPush}`;
}

function updateOff({ name, label }: AppSettings): Cause {
  return cause(
    "updateOff",
    `Update User Attributes is off for ${label}, so nothing that changes here is sent.`,
    { kind: "showApp", app: name },
  );
}

/** Servers write numbers and truth values as text. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Along the way of one value: mapped, sent, acknowledged, kept. */
function ofAttribute(question: AccountQuestion, attribute: string): Cause {
  return (
    ofMapping(question, attribute) ?? ofPush(question, attribute) ?? ofAnswer(question, attribute)
  );
}

function ofMapping(
  { settings, user, desired, mapping, account }: AccountQuestion,
  attribute: string,
): Cause | null {
  const { name } = settings;
  const isGiven = account !== null && attribute in account.values;
  if (mapping === null && !isGiven)
    return cause("notMapped", `${attribute} is not mapped for ${name}, so it is never sent.`, {
      kind: "showApp",
      app: name,
    });
  if (settings.attributes.get(attribute)?.place === null)
    return cause(
      "noPlace",
      `${attribute} has no external name and namespace, so it is never sent.`,
      { kind: "showApp", app: name },
    );
  if (desired === null || "error" in desired || attribute in desired.create) return null;
  const preview: Remedy = { kind: "previewApp", app: name, user: user.login, attribute };
  return desired.unresolved.includes(attribute)
    ? cause(
        "noAccountOfReferred",
        `${attribute} names somebody who has no account in the app, so it cannot be sent.`,
        preview,
      )
    : cause(
        "noValue",
        `The mapping of ${attribute} (${mapping?.expression ?? ""}) gives ${user.login} no value.`,
        preview,
      );
}

function ofPush(question: AccountQuestion, attribute: string): Cause | null {
  const { settings, desired, account, mapping } = question;
  if (desired === null || "error" in desired) return null;
  const wanted = desired.create[attribute] ?? null;
  const acknowledged = account?.acknowledged?.[attribute] ?? null;
  if (sameJson(wanted, acknowledged) && account?.unsure.includes(attribute) !== true) return null;
  if (mapping?.apply === "create" && !(attribute in desired.update))
    return cause(
      "createOnly",
      `${attribute} is given on creation only (apply: create), so the change is not sent.`,
      { kind: "showApp", app: settings.name },
    );
  if (!settings.provisioning.update) return updateOff(settings);
  return pending(question, `${attribute} changed since the last push, and was not sent yet.`);
}

function ofAnswer(
  { settings, user, account, mapping, live, desired }: AccountQuestion,
  attribute: string,
): Cause {
  const { label, name } = settings;
  const where =
    mapping?.externalName == null
      ? ""
      : ` It is sent as ${mapping.externalName} in ${mapping.externalNamespace}.`;
  if (account?.notKept.includes(attribute) === true)
    return cause(
      "notKept",
      `${label} acknowledged ${attribute}, but did not keep it: its answer has another value, or none.${where} If the app expects it elsewhere, correct the external name or namespace, then force sync.`,
      { kind: "forceSyncApp", app: name },
    );
  const wanted =
    desired === null || "error" in desired ? null : (desired.create[attribute] ?? null);
  if (live !== null && textOf(live.value) !== textOf(wanted))
    return cause(
      "changedThere",
      `${label} has another value now than the one that it acknowledged${lastPush(account)}: somebody or something changed it there.${where}`,
      { kind: "events", target: user.id },
    );
  return cause(
    "inStep",
    `${attribute} is unchanged since the last push: ${label} acknowledged this value${lastPush(account)}, and what was acknowledged is not sent again.${where}`,
  );
}

type Stage = AppExplanation["stages"][number];

/** The stages that a value passes, up to where it stands. */
export function stagesOf(question: AccountQuestion): readonly Stage[] {
  const { settings, account, attribute } = question;
  const { update } = settings.provisioning;
  const id = account?.externalId ?? null;
  const there = id === null ? "none (no external id)" : `${id}, ${account?.state ?? ""}`;
  return [
    assignmentStage(question.assignment),
    stage("account", id !== null, there),
    ...(attribute === null ? [] : valueStages(question, attribute)),
    stage("toggle", update, `Update User Attributes is ${update ? "on" : "off"}`),
    stage("pushed", account?.lastPush != null, account?.lastPush ?? "never"),
    ...(attribute === null ? [] : keptStages(account, attribute)),
  ];
}

function stage(name: AppStage, ok: boolean | null, text: string): Stage {
  return { stage: name, ok, text };
}

function assignmentStage(assignment: Assignment): Stage {
  if (assignment === null) return stage("assignment", false, "no");
  if ("unknown" in assignment) return stage("assignment", null, assignment.unknown);
  return stage("assignment", true, `by ${assignment.by.kind}: ${assignment.by.name}`);
}

function valueStages({ desired, mapping }: AccountQuestion, attribute: string): Stage[] {
  const hasValue = desired !== null && !("error" in desired) && attribute in desired.create;
  const mapped = stage("mapping", hasValue, mapping?.expression ?? "none");
  if (mapping === null) return [mapped];
  const { externalName, externalNamespace } = mapping;
  if (externalName === null) return [mapped, stage("place", false, "nowhere")];
  return [mapped, stage("place", true, `${externalName} in ${externalNamespace ?? ""}`)];
}

function keptStages(account: Account | null, attribute: string): Stage[] {
  if (account === null || account.acknowledged === null) return [];
  const isKept = !account.notKept.includes(attribute);
  return [
    stage("kept", isKept, isKept ? "as far as its answer showed" : "no, as its answer showed"),
  ];
}
