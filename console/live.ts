/** Runs as they go on: one stream for the whole page, ended while nobody looks at it. */
import { signal } from "@preact/signals";
import type { RunFacts } from "./api.ts";

/** By id, whatever was told of a run since the page was opened. */
export const told = signal<ReadonlyMap<string, RunFacts>>(new Map());

const MOST = 200;
let stream: EventSource | null = null;

export function listen(): void {
  document.addEventListener("visibilitychange", follow);
  follow();
}

function follow(): void {
  if (document.visibilityState === "hidden") {
    stream?.close();
    stream = null;
    return;
  }
  if (stream !== null) return;
  // The browser opens it again by itself, also after the daemon was started anew.
  stream = new EventSource("/api/rollcall/v1/events");
  stream.addEventListener("message", ({ data }: MessageEvent<string>) => {
    const run = JSON.parse(data) as RunFacts;
    const others = [...told.value].filter(([id]) => id !== run.run).slice(-MOST);
    told.value = new Map([...others, [run.run, run]]);
  });
}
