/** Hooks whose events do not arrive. */
import type { Engine } from "../engine/engine.ts";
import { verifyHook } from "../hooks/send.ts";
import type { Finding } from "../model/finding.ts";
import { hookState } from "../store/hooks.ts";
import type { CheckResult } from "./check.ts";

/** Less is a moment's disturbance. */
const DEAD_AFTER = 3;

export async function hookFindings(engine: Engine): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, url } of engine.hooks.values()) {
    const { failures, failingSince, error } = await hookState(engine.store.db, name);
    if (failures < DEAD_AFTER) continue;
    const message = `The hook ${name} (${new URL(url).origin}) takes no events since ${failingSince ?? ""}: ${error ?? ""}. They are kept for it.`;
    findings.push({ severity: "error", directory: null, message, remedy: { kind: "check" } });
  }
  return findings;
}

/** Asks each whether it wants events. */
export async function* checkHooks(
  engine: Engine,
  signal: AbortSignal,
): AsyncGenerator<CheckResult> {
  for (const hook of engine.hooks.values()) {
    const { name, url, verify } = hook;
    const error = verify ? await verifyHook(hook, signal) : null;
    signal.throwIfAborted();
    const answer = verify ? "proves that it wants events" : "is not asked (verify: false)";
    const message = error ?? `${new URL(url).origin} ${answer}`;
    const cure = error === null ? null : "Correct hooks.NAME.url or secret, or the endpoint.";
    const code = error === null ? null : "hook.refused";
    yield { name: `hook ${name}`, ok: error === null, message, code, cure, remarks: [] };
  }
}
