import { spawn } from "node:child_process";
import { once } from "node:events";
import { startByteProxy, type ProxyFault } from "../../support/byte-proxy.ts";
import { PROGRAM } from "../../support/program.ts";
import type { Workplace } from "../../support/rollcall.ts";
import { query, type World } from "./world.ts";

/** How the import with the fault ended. */
export interface Outcome {
  /** done, failed, held, or how it was stopped. */
  readonly ended: string;
  readonly code: string | null;
  /** Where it was: starting, reading, judging, applying, ended. */
  readonly stage: string;
}

export interface Fault {
  readonly name: string;
  /** Puts the fault into the import of a workplace, and takes it away after. */
  readonly run: (world: World, place: Workplace) => Promise<Outcome>;
  /** How it must end; null: by the point that it hits. */
  readonly expected: { readonly ended: string; readonly code?: string } | null;
  /** People who look different afterwards, by what the fault itself is. */
  readonly except?: readonly string[];
}

/** What the database says about the import of the day after. */
export async function outcomeOf(place: Workplace, otherwise: string): Promise<Outcome> {
  const [run] = await query<{
    status: string;
    phase: string;
    error: { code: string; phase: string } | null;
    full: boolean;
  }>(
    place,
    `select status, phase, error, scope <> '' as full from runs order by id desc limit 1 offset 0`,
  );
  const count = await query<{ n: number }>(place, "select count(*)::int as n from runs");
  if (run === undefined || count[0]?.n === 1)
    return { ended: otherwise, code: null, stage: "starting" };
  if (run.status === "running") return { ended: otherwise, code: null, stage: run.phase };
  const stage = run.error?.phase ?? "ended";
  return { ended: run.status, code: run.error?.code ?? null, stage };
}

/** An import in this process. */
export async function importHere(place: Workplace): Promise<Outcome> {
  const { err } = await place.run("import", "corp", "--full", "--json");
  const code = /\[([\w.]+)\]\s*$/.exec(err)?.[1] ?? null;
  const outcome = await outcomeOf(place, "failed");
  return { ...outcome, code: outcome.code ?? code };
}

/** An import in a process of its own. */
export function importApart(place: Workplace): {
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<{ status: number | null; err: string }>;
} {
  const child = spawn(
    process.execPath,
    [PROGRAM, "import", "corp", "--full", "--config", place.config],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let err = "";
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const ended = once(child, "close").then(([status]) => ({ status: status as number | null, err }));
  return { pid: child.pid ?? 0, kill: (signal) => child.kill(signal), ended };
}

export async function behindProxy<T>(
  port: number,
  fault: ProxyFault,
  work: (proxyPort: number, passed: () => number) => Promise<T>,
): Promise<T> {
  await using proxy = await startByteProxy({ host: "127.0.0.1", port }, fault);
  return await work(proxy.port, () => proxy.passed());
}
