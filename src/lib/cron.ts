import { createTask } from "node-cron";

/** A schedule may rest over a weekend; one that rests longer rests in this time as well. */
const HORIZON = 9 * 86_400_000;
/** More runs are not looked at: whoever runs that often rests for no longer than seconds. */
const MOST = 3000;

/**
 * The longest time between two of the next runs of a schedule: over the next nine days, or over the
 * next two runs if they are further apart.
 * @param cron a cron expression that is valid. @returns milliseconds
 */
export function longestPause(cron: string, timezone: string): number {
  const key = `${timezone} ${cron}`;
  const known = pauses.get(key);
  const day = Math.floor(Date.now() / 86_400_000);
  if (known?.day === day) return known.pause;
  const pause = findLongestPause(cron, timezone);
  pauses.set(key, { day, pause });
  return pause;
}

/** By schedule, as it was found on a day: of a busy one it takes a tenth of a second. */
const pauses = new Map<string, { readonly day: number; readonly pause: number }>();

function findLongestPause(cron: string, timezone: string): number {
  const task = createTask(cron, () => undefined, { timezone });
  try {
    const times: number[] = [];
    for (let runs = 3; ; runs = Math.min(runs * 8, MOST)) {
      const next = task.getNextRuns(runs).map((time) => time.getTime());
      times.splice(0, times.length, ...next);
      const [first = 0] = times;
      if ((times.at(-1) ?? 0) - first >= HORIZON || next.length < runs || runs >= MOST) break;
    }
    const [first = 0] = times;
    const pauses = times.slice(1).map((time, i) => {
      const before = times[i] ?? time;
      return i === 0 || before <= first + HORIZON ? time - before : 0;
    });
    return Math.max(0, ...pauses);
  } finally {
    void task.destroy();
  }
}
