/**
 * The public API, as every other client has it: questions, answers, and what went wrong in words.
 *
 * Rollcall's own is asked by Hono's client: what a route takes and answers is what its handler says, so
 * that whatever the daemon changes shows here as an error of types. Okta's is asked by its addresses.
 */
import { hc, type ClientRequestOptions, type InferResponseType } from "hono/client";
import type { RollcallApi } from "../src/api/rollcall/rollcall-api.ts";
import { say } from "./texts.ts";

const OWN = "/api/rollcall/v1";
const OKTA = "/api/v1";

export const rollcall = hc<RollcallApi>(OWN, { fetch: reach });

type Rollcall = typeof rollcall;
type OneRun = Rollcall["runs"][":run"];
type OneApp = Rollcall["apps"][":app"];
type OneDirectory = Rollcall["directories"][":directory"];

export type RunFacts = InferResponseType<OneRun["$get"]>;
/** Of an import or a push. */
export type ChangeFacts = ItemOf<OneRun["people"]["$get"]>;
export type DirectoryFacts = InferResponseType<OneDirectory["$get"]>;
export type MappingDraftFacts = InferResponseType<OneDirectory["mappings"]["preview"]["$post"]>;
export type DirectoryPersonFacts = ItemOf<OneDirectory["people"]["$get"]>;
export type FindingFacts = ItemOf<Rollcall["doctor"]["$get"]>;
export type FailingFacts = ItemOf<Rollcall["failing"]["$get"]>;
export type PersonFacts = InferResponseType<Rollcall["users"][":user"]["$get"]>;
export type AppFacts = InferResponseType<OneApp["$get"]>;
export type AppSummaryFacts = ItemOf<Rollcall["apps"]["$get"]>;
export type AssignmentFacts = ItemOf<OneApp["assignments"]["$get"]>;
export type PushedGroupFacts = ItemOf<OneApp["groups"]["$get"]>;
export type TaskFacts = ItemOf<Rollcall["tasks"]["$get"]>;
export type UnmatchedFacts = ItemOf<Rollcall["unmatched"]["$get"]>;
export type CheckFacts = InferResponseType<Rollcall["check"]["$get"]>;
export type SourceFacts = ItemOf<Rollcall["sources"]["$get"]>;
export type OrderFacts = InferResponseType<Rollcall["sources"]["preview"]["$get"]>;
export type PeopleDayFacts = ItemOf<Rollcall["people-by-day"]["$get"]>;
export type FaultsFacts = InferResponseType<Rollcall["expressions"]["faults"]["$get"]>;
export type WordsFacts = InferResponseType<Rollcall["expressions"]["words"]["$get"]>;
export type SessionFacts = ItemOf<Rollcall["sessions"]["$get"]>;
export type TokenFacts = ItemOf<Rollcall["tokens"]["$get"]>;
/** What was found out about a server. */
export type SurveyFacts = InferResponseType<Rollcall["surveys"]["$post"]>;
export type Me = InferResponseType<Rollcall["me"]["$get"]>;

/** Whose mapping it is. */
export type MappingOf = { readonly directory: string } | { readonly app: string };

type ItemOf<Route> =
  InferResponseType<Route> extends { readonly items: readonly (infer Item)[] } ? Item : never;

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

/** Values of a path's names. */
export function named<Names extends Readonly<Record<string, string>>>(
  names: Names,
): { readonly param: Names } {
  const param = Object.entries(names).map(([name, value]) => [name, encodeURIComponent(value)]);
  return { param: Object.fromEntries(param) as Names };
}

/**
 * What is given of a question: what is not there is not asked for. Filters stand in the address of a page,
 * where anybody can write anything; the API says what it does not take.
 */
export function given<Asked>(query: {
  readonly [name in keyof NoInfer<Asked>]?: Query[string];
}): Asked {
  return Object.fromEntries(filled(query)) as Asked;
}

function filled(query: object): [string, string][] {
  const all = Object.entries(query as Query);
  return all.flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, String(value)]],
  );
}

/** What a response brings, as Hono's client has it. */
interface Coming<Answer> {
  json(): Promise<Answer>;
}

/** What Rollcall's API answers, to a question or when something was done. @throws Refused */
export async function ask<Answer>(asked: Promise<Coming<Answer>>): Promise<Answer> {
  return (await told((await asked) as unknown as Response)) as Answer;
}

/** Has something done by Okta's API. @throws Refused */
export async function actOkta(path: string, body: object): Promise<void> {
  await okta("POST", path, body);
}

/** One thing of Okta's API. @throws Refused */
export async function askOktaOne<Answer>(path: string): Promise<Answer> {
  return (await okta("GET", path)).body as Answer;
}

/** A page of a list of Okta's API, whose next page is in a header. @throws Refused */
export async function askOkta<Item>(path: string, query: Query): Promise<PageOf<Item>> {
  const { body, headers } = await okta("GET", path + search(query));
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
  const text = new URLSearchParams(filled(query)).toString();
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

/** @throws Refused where nobody answers */
async function reach(to: RequestInfo | URL, how: RequestInit = {}): Promise<Response> {
  const headers = new Headers(how.headers);
  if (isUnattended) headers.set("rollcall-unattended", "true");
  return await fetch(to, { ...how, headers }).catch(() => {
    throw new Refused(0, say().refused.noAnswer, { cure: say().refused.isItRunning });
  });
}

async function okta(
  method: string,
  path: string,
  body?: object,
): Promise<{ body: unknown; headers: Headers }> {
  const json = { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await reach(OKTA + path, { method, ...(body === undefined ? {} : json) });
  return { body: await told(response), headers: response.headers };
}

/** What was answered. @throws Refused */
async function told(response: Response): Promise<unknown> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  const answer: unknown = isJson && text !== "" ? JSON.parse(text) : null;
  if (response.ok) return answer;
  const { detail, errorSummary, errorCauses = [], ...more } = (answer ?? {}) as Refusal;
  const causes = errorCauses.map((one) => one.errorSummary).filter((one) => one !== errorSummary);
  const summary = errorSummary === undefined ? undefined : [errorSummary, ...causes].join(". ");
  const message = detail ?? summary ?? say().refused.status(response.status);
  throw new Refused(response.status, message, more);
}

// One address each, whose answer is of what was asked for.

type AnyPreview = InferResponseType<Rollcall["preview"]["$get"]>;
type OfApp = Extract<AnyPreview, { readonly app: string }>;
export type PreviewFacts = Exclude<AnyPreview, OfApp>;
export type AppPreviewFacts = Extract<OfApp, { readonly login: string }>;
type AnyExplanation = InferResponseType<Rollcall["explain"]["$get"]>;
export type AppExplanationFacts = Extract<AnyExplanation, { readonly app: string }>;
export type ExplanationFacts = Exclude<AnyExplanation, AppExplanationFacts>;

/** What a directory's mappings give, for one person or for all. @param until ends it @throws Refused */
export async function askPreview(
  directory: string,
  query: { readonly [name in "attribute" | "expression" | "user"]?: string },
  until: ClientRequestOptions,
): Promise<PreviewFacts> {
  const asked = given<{ directory?: string }>({ ...query, directory });
  return (await ask(rollcall.preview.$get({ query: asked }, until))) as PreviewFacts;
}

/** What an app would be sent for one person. @throws Refused */
export async function askAppPreview(
  app: string,
  query: { readonly [name in "attribute" | "expression" | "user"]?: string },
  until: ClientRequestOptions,
): Promise<AppPreviewFacts> {
  const asked = given<{ app?: string }>({ ...query, app });
  return (await ask(rollcall.preview.$get({ query: asked }, until))) as AppPreviewFacts;
}

/** Where a value of a profile comes from. @throws Refused */
export async function askWhy(
  who: string,
  asked: { readonly attribute: string; readonly live: boolean },
): Promise<ExplanationFacts> {
  const query = given<{ who: string }>({ who, ...asked });
  return (await ask(rollcall.explain.$get({ query }))) as ExplanationFacts;
}

/** Why an account has a value, or has it not. @throws Refused */
export async function askWhyInApp(
  who: string,
  asked: { readonly app: string; readonly attribute: string; readonly live: boolean },
): Promise<AppExplanationFacts> {
  const query = given<{ who: string }>({ who, ...asked });
  return (await ask(rollcall.explain.$get({ query }))) as AppExplanationFacts;
}

type Mapping = Pick<DirectoryFacts["toOkta"][number], "attribute" | "expression" | "apply">;
type SeenMapping = Pick<MappingDraftFacts["mappings"][number], "attribute" | "before">;

/**
 * Into the configuration, where it may be written.
 * @param seen what stood there when they were made @throws Refused, which says so where not
 */
export async function saveMappings(
  directory: string,
  mappings: readonly Mapping[],
  seen: readonly SeenMapping[],
): Promise<void> {
  await requireUnchanged(directory, seen);
  const { items } = await askOkta<{ id: string }>("/mappings", { sourceId: directory });
  const properties = mappings.map(({ attribute, expression, apply }) => [
    attribute,
    { expression, pushStatus: apply === "create" ? "DONT_PUSH" : "PUSH" },
  ]);
  await actOkta(`/mappings/${items[0]?.id ?? ""}`, { properties: Object.fromEntries(properties) });
}

/** @throws Error where somebody has changed them since */
async function requireUnchanged(directory: string, seen: readonly SeenMapping[]): Promise<void> {
  const { toOkta } = await ask(rollcall.directories[":directory"].$get(named({ directory })));
  const isAsSeen = seen.every(({ attribute, before }) => {
    const now = toOkta.find((one) => one.attribute === attribute);
    return now?.expression === before?.expression && now?.apply === before?.apply;
  });
  if (!isAsSeen) throw new Error(say().mappings.changedMeanwhile);
}
