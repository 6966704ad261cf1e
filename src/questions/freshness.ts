/** How current what is kept of a directory is; a force sync and a preview know nothing newer. */
import { claimedBy } from "../engine/claim.ts";
import { configuredDirectory } from "../engine/directories.ts";
import { stateOf } from "../engine/directory-state.ts";
import type { Engine } from "../engine/engine.ts";
import { longestPause } from "../lib/cron.ts";
import type { Remedy } from "../model/remedy.ts";

const DAY = 86_400_000;

export interface Freshness {
  /** When the last import that was applied whole began; null if there was none. */
  readonly readAt: Date | null;
  /** Why what is kept is older than it should be, in a sentence; null if nothing is known. */
  readonly problem: string | null;
  /** What helps. */
  readonly remedy: Remedy | null;
  /** The longest time between two imports, as it is scheduled; null: it is not. */
  readonly everySeconds: number | null;
  /** Which server or file gave the last import. */
  readonly server: string | null;
  /** Which process works on it now. */
  readonly claimedBy: string | null;
}

/** @param now milliseconds since 1970 */
export async function freshnessOf(engine: Engine, name: string, now: number): Promise<Freshness> {
  const { checkpoint, last, held } = await stateOf(engine, name);
  const readAt = checkpoint?.readAt ?? null;
  const beside = {
    readAt,
    everySeconds: everySeconds(engine, name),
    server: last?.server ?? null,
    claimedBy: await claimedBy(engine, name),
  };
  const told = (problem: string | null, remedy: Remedy | null): Freshness => {
    return { ...beside, problem, remedy };
  };
  if (held !== null) {
    const what = held.kind === "import" ? "An import" : "A run";
    const problem = `${what} of ${name} is held by the safeguard since ${held.startedAt}; nothing of it is applied.`;
    return told(problem, { kind: "showRun", run: held.id });
  }
  if (last?.status === "failed") {
    const problem = `The last import of ${name} failed (${last.error?.code ?? "unknown"}); what changed there since is not here.`;
    return told(problem, { kind: "check" });
  }
  if (readAt === null)
    return told(`${name} was never imported.`, { kind: "import", directory: name });
  const days = Math.floor((now - readAt.getTime()) / DAY);
  if (days < 1) return told(null, null);
  const age = days === 1 ? "a day" : `${days} days`;
  const problem = `${name} was last imported more than ${age} ago; what changed there since is not here.`;
  return told(problem, { kind: "import", directory: name });
}

function everySeconds(engine: Engine, name: string): number | null {
  const { incremental, full, timezone } = configuredDirectory(engine, name).settings.schedule;
  const pauses = [incremental, full].flatMap((cron) =>
    cron === null ? [] : [longestPause(cron, timezone)],
  );
  return pauses.length === 0 ? null : Math.min(...pauses) / 1000;
}
