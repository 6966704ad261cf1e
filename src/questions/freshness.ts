/** How current what is kept of a directory is; a force sync and a preview know nothing newer. */
import { stateOf } from "../engine/directory-state.ts";
import type { Engine } from "../engine/engine.ts";
import type { Remedy } from "../model/remedy.ts";

const DAY = 86_400_000;

export interface Freshness {
  /** When the last import that was applied whole began; null if there was none. */
  readonly readAt: Date | null;
  /** Why what is kept is older than it should be, in a sentence; null if nothing is known. */
  readonly problem: string | null;
  /** What helps. */
  readonly remedy: Remedy | null;
}

/** @param now milliseconds since 1970 */
export async function freshnessOf(engine: Engine, name: string, now: number): Promise<Freshness> {
  const { checkpoint, last, held } = await stateOf(engine, name);
  const readAt = checkpoint?.readAt ?? null;
  const told = (problem: string | null, remedy: Remedy | null): Freshness => {
    return { readAt, problem, remedy };
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
