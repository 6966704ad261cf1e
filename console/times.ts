/** How times are shown: how long ago, or when, here or in UTC. The browser remembers it. */
import { signal } from "@preact/signals";

export const TIMES = ["ago", "local", "utc"] as const;
export type Times = (typeof TIMES)[number];

const KEY = "rollcall.times";

export const times = signal<Times>(remembered());

function remembered(): Times {
  try {
    const kept = localStorage.getItem(KEY) ?? "";
    return TIMES.find((one) => one === kept) ?? "ago";
  } catch {
    // A browser that keeps nothing.
    return "ago";
  }
}

const TICK_MS = 30_000;

/** The time by which ages are told; it goes on by itself. */
export const now = signal(Date.now());

export function tick(): void {
  setInterval(() => {
    now.value = Date.now();
  }, TICK_MS);
}

export function showTimes(as: string): void {
  const found = TIMES.find((one) => one === as);
  if (found === undefined) return;
  times.value = found;
  try {
    localStorage.setItem(KEY, as);
  } catch {
    // It holds until the page is closed.
  }
}
