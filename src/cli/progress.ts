import type { Progress } from "../model/asked-by.ts";
import type { Console } from "./console.ts";

const LIVE_EVERY = 100;
const LINE_EVERY = 10_000;

/** Shows how far a run is: a live line on a terminal, a line now and then elsewhere. */
export function progressReporter(console: Console): (progress: Progress) => void {
  const startedAt = Date.now();
  let next = console.isTerminal ? 0 : startedAt + LINE_EVERY;
  return ({ directory, phase, done, total }) => {
    const now = Date.now();
    if (now < next) return;
    next = now + (console.isTerminal ? LIVE_EVERY : LINE_EVERY);
    const seconds = (now - startedAt) / 1000;
    const of = total === null || total < done ? "" : ` of ${total.toLocaleString("en-US")}`;
    const text = `${directory}: ${phase}, ${done.toLocaleString("en-US")}${of} people, ${seconds.toFixed(1)} s`;
    if (console.isTerminal) console.live(text);
    else console.note(text);
  };
}
