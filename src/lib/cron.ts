import { createTask } from "node-cron";

const LOOKED_AT = 20;

/**
 * The longest time between two of the next runs of a schedule.
 * @param cron a cron expression that is valid. @returns milliseconds
 */
export function longestPause(cron: string, timezone: string): number {
  const task = createTask(cron, () => undefined, { timezone });
  try {
    const times = task.getNextRuns(LOOKED_AT).map((time) => time.getTime());
    return Math.max(0, ...times.slice(1).map((time, i) => time - (times[i] ?? time)));
  } finally {
    void task.destroy();
  }
}
