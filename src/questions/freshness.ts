/** How current what is kept of a directory is; a force sync and a preview know nothing newer. */
import { stateOf } from "../engine/directory-state.ts";
import type { Engine } from "../engine/engine.ts";

const DAY = 86_400_000;

export interface Freshness {
  /** When the last import that was applied whole began; null if there was none. */
  readonly readAt: Date | null;
  /** Why what is kept is older than it should be, in a sentence; null if nothing is known. */
  readonly problem: string | null;
  /** The command that helps. */
  readonly command: string | null;
}

/** @param now milliseconds since 1970 */
export async function freshnessOf(engine: Engine, name: string, now: number): Promise<Freshness> {
  const { checkpoint, last, held } = await stateOf(engine, name);
  const readAt = checkpoint?.readAt ?? null;
  const told = (problem: string | null, command: string | null): Freshness => {
    return { readAt, problem, command };
  };
  if (held !== null) {
    const what = held.kind === "import" ? "An import" : "A run";
    const problem = `${what} of ${name} is held by the safeguard since ${held.startedAt}; nothing of it is applied.`;
    return told(problem, `rollcall imports show ${held.id}`);
  }
  if (last?.status === "failed") {
    const problem = `The last import of ${name} failed (${last.error?.code ?? "unknown"}); what changed there since is not here.`;
    return told(problem, "rollcall check");
  }
  if (readAt === null) return told(`${name} was never imported.`, `rollcall import ${name}`);
  const days = Math.floor((now - readAt.getTime()) / DAY);
  if (days < 1) return told(null, null);
  const age = days === 1 ? "a day" : `${days} days`;
  const problem = `${name} was last imported more than ${age} ago; what changed there since is not here.`;
  return told(problem, `rollcall import ${name}`);
}
