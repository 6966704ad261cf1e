/** How times are shown: how long ago, or when, here or in UTC. The browser remembers it. */
import { signal } from "@preact/signals";

export const TIMES = { ago: "how long ago", local: "local time", utc: "UTC" } as const;
export type Times = keyof typeof TIMES;

const KEY = "rollcall.times";

export const times = signal<Times>(remembered());

function remembered(): Times {
  try {
    const kept = localStorage.getItem(KEY) ?? "";
    return Object.hasOwn(TIMES, kept) ? (kept as Times) : "ago";
  } catch {
    // A browser that keeps nothing.
    return "ago";
  }
}

export function showTimes(as: string): void {
  if (!Object.hasOwn(TIMES, as)) return;
  times.value = as as Times;
  try {
    localStorage.setItem(KEY, as);
  } catch {
    // It holds until the page is closed.
  }
}
