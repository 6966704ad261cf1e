/** Faults of our own: written down where operators look, and told to clients without their inside. */
import { randomUUID } from "node:crypto";
import type { ApiCall, ApiContext } from "./context.ts";

/** @returns what is told; the log has the rest under its number */
export function logFault({ log }: Pick<ApiContext, "log">, c: ApiCall, thrown: unknown): string {
  const fault = randomUUID();
  const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  log.error({ fault, method: c.req.method, path: c.req.path, error }, "a request failed");
  return `Something failed here; the daemon's log has it under ${fault}.`;
}
