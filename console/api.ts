/** The public API, as every other client has it: questions, answers, and what went wrong in words. */
import type { AnyRunDocument } from "../src/api/rollcall/runs.ts";
import type { directoryDocument } from "../src/documents/directory.ts";
import type { explanationDocument } from "../src/documents/explanation.ts";
import type { assignmentDocument, taskDocument } from "../src/documents/push.ts";
import type { AppSummary, AppView } from "../src/questions/apps.ts";
import type { PeopleDay } from "../src/store/people-days.ts";
import type { AppPersonPreview } from "../src/questions/app-preview.ts";
import type { PushedGroupView } from "../src/questions/pushed-groups.ts";
import type { ExpressionWord, MappingOf, PlacedFault } from "../src/questions/expressions.ts";
import type { PersonPreview, SummaryPreview } from "../src/questions/preview/preview.ts";
import type { ConfigurationDiff } from "../src/questions/preview/diff.ts";
import type { CheckResult } from "../src/questions/check.ts";
import type { SourceReport } from "../src/questions/sources.ts";
import type { Unmatched } from "../src/questions/unmatched.ts";
import type { findingDocument } from "../src/documents/finding.ts";
import type { Proposal } from "../src/model/proposal.ts";
import type { PushChange } from "../src/model/account.ts";
import type { RunChange } from "../src/model/run.ts";
import type { Permission, Role } from "../src/model/role.ts";
import type { Session as SessionFacts } from "../src/model/session.ts";
import type { UserView } from "../src/questions/user-view.ts";
import { say } from "./texts.ts";

export type RunFacts = AnyRunDocument;
/** Of an import or a push. */
export type ChangeFacts = (RunChange & { readonly seq: number }) | PushChange;
export type DirectoryFacts = ReturnType<typeof directoryDocument>;
export type FindingFacts = ReturnType<typeof findingDocument>;
export type ExplanationFacts = ReturnType<typeof explanationDocument>;
export type PersonFacts = UserView;
export type AppFacts = AppView;
export type AppSummaryFacts = AppSummary;
export type AssignmentFacts = ReturnType<typeof assignmentDocument>;
export type TaskFacts = ReturnType<typeof taskDocument>;
export type UnmatchedFacts = Unmatched;
export type { MappingOf };
export interface CheckFacts {
  readonly checks: readonly CheckResult[];
}
export type SourceFacts = SourceReport;
export type OrderFacts = Pick<ConfigurationDiff, "directories">;
export type PeopleDayFacts = PeopleDay;
export type AppPreviewFacts = AppPersonPreview;
export type PushedGroupFacts = PushedGroupView;

export interface FaultsFacts {
  readonly faults: readonly PlacedFault[];
}
export interface WordsFacts {
  readonly words: readonly ExpressionWord[];
}
export type PreviewFacts = PersonPreview | SummaryPreview;
export type { SessionFacts };

export interface TokenFacts {
  readonly name: string;
  readonly role: Role;
  /** Identity sources that it is good for; null: all. */
  readonly sources: readonly string[] | null;
  readonly createdBy: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
}

/** What was found out about a server. */
export interface SurveyFacts extends Proposal {
  readonly survey: string;
  readonly name: string;
  /** What the configuration would get. */
  readonly text: string;
}

export interface Me {
  readonly kind: "token" | "session";
  readonly name: string;
  readonly role: Role;
  readonly permissions: readonly Permission[];
  readonly expiresAt: string | null;
}

/** A page of a list; `next` is where the following one begins. */
export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** A user as Okta's API shows one. */
export interface ListedUser {
  readonly id: string;
  readonly status: string;
  readonly profile: Readonly<Record<string, unknown>>;
  readonly credentials?: { readonly provider?: { readonly name: string } };
}

/** An event as Okta's API shows one. */
export interface ListedEvent {
  readonly uuid: string;
  readonly published: string;
  readonly eventType: string;
  readonly severity: string;
  readonly displayMessage: string;
  readonly actor: { readonly displayName: string | null };
  readonly outcome: { readonly result: string; readonly reason: string | null };
  readonly target: readonly { readonly type: string; readonly displayName: string | null }[] | null;
  readonly transaction: { readonly id: string };
  readonly debugContext: { readonly debugData: Readonly<Record<string, unknown>> };
}

const OWN = "/api/rollcall/v1";
const OKTA = "/api/v1";

/** Why the API did not do what was asked; `cure` is what helps. */
export class Refused extends Error {
  readonly status: number;
  readonly cure: string;
  /** Each of several, such as where an expression is wrong. */
  readonly problems: readonly string[];
  /** Of the catalogue; empty where the answer is in Okta's form. */
  readonly code: string;

  constructor(
    status: number,
    message: string,
    { cure = "", problems = [], code = "" }: Pick<Refusal, "cure" | "problems" | "code">,
  ) {
    super(message);
    this.name = "Refused";
    this.status = status;
    this.cure = cure;
    this.problems = problems;
    this.code = code;
  }
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Asks Rollcall's API. @throws Refused */
export async function ask<Answer>(path: string, query: Query = {}): Promise<Answer> {
  return (await send("GET", `${OWN}${path}${search(query)}`)).body as Answer;
}

/** Has something done. @throws Refused */
export async function act<Answer>(
  method: "POST" | "DELETE",
  path: string,
  body?: object,
): Promise<Answer> {
  return (await send(method, `${OWN}${path}`, body)).body as Answer;
}

/** Has something done by Okta's API. @throws Refused */
export async function actOkta(path: string, body: object): Promise<void> {
  await send("POST", `${OKTA}${path}`, body);
}

/** One thing of Okta's API. @throws Refused */
export async function askOktaOne<Answer>(path: string): Promise<Answer> {
  return (await send("GET", `${OKTA}${path}`)).body as Answer;
}

/** A page of a list of Okta's API, whose next page is in a header. @throws Refused */
export async function askOkta<Item>(path: string, query: Query): Promise<PageOf<Item>> {
  const { body, headers } = await send("GET", `${OKTA}${path}${search(query)}`);
  const [, next] = /<([^>]*)>;\s*rel="next"/.exec(headers.get("link") ?? "") ?? [];
  const after = next === undefined ? null : new URL(next).searchParams.get("after");
  return { items: body as Item[], next: after };
}

/** What both APIs say of a refusal, in the form of either. */
interface Refusal {
  readonly detail?: string;
  readonly errorSummary?: string;
  readonly errorCauses?: readonly { readonly errorSummary: string }[];
  readonly cure?: string;
  readonly problems?: readonly string[];
  readonly code?: string;
}

function search(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

let isUnattended = false;

/** What is asked for meanwhile was asked for by nobody: it does not keep a session from ending. */
export function unattended<Answer>(work: () => Answer): Answer {
  isUnattended = true;
  try {
    return work();
  } finally {
    isUnattended = false;
  }
}

async function send(
  method: string,
  path: string,
  body?: object,
): Promise<{ body: unknown; headers: Headers }> {
  const response = await fetch(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(isUnattended ? { "rollcall-unattended": "true" } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Refused(0, say().refused.noAnswer, {
      cure: say().refused.isItRunning,
    });
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  const told: unknown = isJson && text !== "" ? JSON.parse(text) : null;
  if (response.ok) return { body: told, headers: response.headers };
  const { detail, errorSummary, errorCauses = [], ...more } = (told ?? {}) as Refusal;
  const causes = errorCauses.map((one) => one.errorSummary).filter((one) => one !== errorSummary);
  const okta = errorSummary === undefined ? undefined : [errorSummary, ...causes].join(". ");
  const message = detail ?? okta ?? say().refused.status(response.status);
  throw new Refused(response.status, message, more);
}
