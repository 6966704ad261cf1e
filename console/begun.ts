/** Runs that were begun here, and by what request: a dry run is repeated in earnest exactly as it was asked for. */
import type { InferRequestType } from "hono/client";
import { ask, named, rollcall, type ChangeFacts, type RunFacts } from "./api.ts";

/** As the API takes it. */
export type RunRequest = InferRequestType<typeof rollcall.runs.$post>["json"];

const KEY = "rollcall-dry-runs";
const MOST = 50;

export async function begin(request: RunRequest): Promise<RunFacts> {
  const run = await ask(rollcall.runs.$post({ json: request }));
  if (request.dryRun === true) remember(run.run, request);
  return run;
}

/**
 * What a run about one entry changed, or would change; such a run is over when it is answered.
 * @throws Error where it could not be done
 */
export async function changesOf({ run }: RunFacts): Promise<readonly ChangeFacts[]> {
  const one = rollcall.runs[":run"];
  const { items } = await ask(one.people.$get({ ...named({ run }), query: {} }));
  const error = items.find((change) => change.error !== null)?.error;
  if (error != null) throw new Error(error.message);
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
