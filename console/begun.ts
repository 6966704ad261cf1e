/** Runs that were begun here, and by what request: a dry run is repeated in earnest exactly as it was asked for. */
import type { InferRequestType } from "hono/client";
import { ask, named, rollcall, type ChangeFacts, type RunFacts } from "./api.ts";
import { say } from "./texts.ts";

/** As the API takes it. */
export type RunRequest = InferRequestType<typeof rollcall.runs.$post>["json"];

const KEY = "rollcall-dry-runs";
const MOST = 50;

export async function begin(request: RunRequest): Promise<RunFacts> {
  const run = await ask(rollcall.runs.$post({ json: request }));
  if (request.dryRun === true) remember(run.run, request);
  return run;
}

/** What a run about one entry would change, and why it would wait for somebody who may approve. */
export interface Foreseen {
  readonly changes: readonly ChangeFacts[];
  /** Null: nobody is asked. */
  readonly held: string | null;
}

/** Of a dry run about one entry; such a run is over when it is answered. @throws Error where it cannot be done */
export async function foreseen(run: RunFacts): Promise<Foreseen> {
  return { changes: await changesOf(run), held: run.held?.reason ?? null };
}

/** @throws Error where a run about one entry did nothing, or waits for somebody who may approve */
export async function requireDone(run: RunFacts): Promise<void> {
  await changesOf(run);
  if (run.status === "held") throw new Error(say().decisions.waits(run.held?.reason ?? ""));
  if (run.status !== "done") throw new Error(run.error?.message ?? run.status);
}

async function changesOf({ run, error }: RunFacts): Promise<readonly ChangeFacts[]> {
  if (error !== null) throw new Error(error.message);
  const one = rollcall.runs[":run"];
  const { items } = await ask(one.people.$get({ ...named({ run }), query: {} }));
  const failed = items.find((change) => change.error !== null)?.error;
  if (failed != null) throw new Error(failed.message);
  return items;
}

/** What a dry run was asked for by; null: it was not begun in this tab. */
export function requestOf(run: string): RunRequest | null {
  return remembered().find(([id]) => id === run)?.[1] ?? null;
}

function remember(run: string, request: RunRequest): void {
  const all = [...remembered(), [run, request] as const].slice(-MOST);
  try {
    sessionStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // A browser that keeps nothing: the dry run is shown, and not repeated from its page.
  }
}

function remembered(): (readonly [string, RunRequest])[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as (readonly [string, RunRequest])[];
  } catch {
    return [];
  }
}
