/** Runs as they go on: one stream for the whole page, ended while nobody looks at it. */
import { signal } from "@preact/signals";
import type { RunFacts } from "./api.ts";

/** By id, whatever was told of a run since the stream was opened. */
export const told = signal<ReadonlyMap<string, RunFacts>>(new Map());
/** Whether pages stay as they are until somebody wants them to go on. */
export const paused = signal(false);
/** How often the stream was opened: between two of them, nobody knows what happened. */
export const opened = signal(0);

const MOST = 200;
const AGAIN_MS = 5000;
let stream: EventSource | null = null;

/** Another text whenever lists and figures may be others; to be part of what they depend on. */
export function news(): string {
  const states = [...told.value.values()].map(({ run, status }) => `${run} ${status}`);
  return `${opened.value} ${states.join()}`;
}

/** What was told of a run is older than what is asked for now. */
export function forget(run: string): void {
  told.value = new Map([...told.value].filter(([id]) => id !== run));
}

export function pause(isPaused: boolean): void {
  paused.value = isPaused;
  follow();
}

export function listen(): void {
  document.addEventListener("visibilitychange", follow);
  follow();
}

function follow(): void {
  if (paused.value || document.visibilityState === "hidden") {
    stream?.close();
    stream = null;
    return;
  }
  if (stream !== null) return;
  const own = new EventSource("/api/rollcall/v1/events");
  stream = own;
  own.addEventListener("open", () => {
    told.value = new Map();
    opened.value++;
  });
  own.addEventListener("error", () => {
    // The browser tries again by itself, unless it was refused, as by a proxy before a daemon that starts.
    if (own.readyState !== EventSource.CLOSED || stream !== own) return;
    stream = null;
    setTimeout(follow, AGAIN_MS);
  });
  own.addEventListener("message", ({ data }: MessageEvent<string>) => {
    const run = JSON.parse(data) as RunFacts;
    const others = [...told.value].filter(([id]) => id !== run.run).slice(-MOST);
    told.value = new Map([...others, [run.run, run]]);
  });
}
