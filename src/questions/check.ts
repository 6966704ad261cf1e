import type { Probe } from "../agent/directory.ts";
import type { Engine } from "../engine/engine.ts";
import { mayBeEmpty } from "../model/directory.ts";
import { asRollcallError, RollcallError } from "../model/errors.ts";
import { WAY_FACTS } from "../model/incremental.ts";
import { mappingRemarks } from "./check-mappings.ts";
import { groupRemarks } from "./check-groups.ts";
import { connectionRisks } from "./security.ts";

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  readonly code: string | null;
  readonly cure: string | null;
  /** What to know besides: how changes are read, and what that does not see. */
  readonly remarks: readonly string[];
}

/** Tries every directory: reachable, login accepted, somebody in the scope. */
export async function* checkDirectories(
  engine: Engine,
  signal: AbortSignal,
): AsyncGenerator<CheckResult> {
  for (const [name, settings] of engine.directories) {
    signal.throwIfAborted();
    try {
      const probe = await (await engine.openDirectory(name)).probe(signal);
      const mappings = settings.toOkta.size;
      if (!probe.hasPeople && !mayBeEmpty(settings.source)) {
        const { code, message, cure } = new RollcallError(
          "directory.empty",
          `${probe.server}: nobody is in the scope`,
        );
        yield { name, ok: false, message, code, cure, remarks: connectionRisks(settings.source) };
      } else if (probe.problem !== null) {
        const { code, message } = probe.problem;
        const { cure } = new RollcallError(code, message);
        yield { name, ok: false, message, code, cure, remarks: connectionRisks(settings.source) };
      } else if (probe.way === null && probe.wanted !== "auto" && probe.wanted !== "off") {
        const reasons = probe.remarks.join("; ");
        const { code, message, cure } = new RollcallError(
          "ldap.wayUnavailable",
          `${probe.server}: ${reasons}`,
        );
        yield { name, ok: false, message, code, cure, remarks: connectionRisks(settings.source) };
      } else {
        const message = `${probe.server}, people are identified by ${probe.idAttribute}, ${mappings} mappings`;
        yield {
          name,
          ok: true,
          message,
          code: null,
          cure: null,
          remarks: [
            ...connectionRisks(settings.source),
            ...(probe.hasPeople ? [] : ["nobody was brought yet"]),
            ...remarksOf(probe, settings.watch),
            ...(await mappingRemarks(engine, name, probe.attributes)),
            ...(await groupRemarks(engine, name)),
          ],
        };
      }
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const { code, message, cure } = asRollcallError(thrown);
      yield { name, ok: false, message, code, cure, remarks: connectionRisks(settings.source) };
    }
  }
}

function remarksOf({ way, wanted, listens, remarks }: Probe, watch: boolean): string[] {
  const deaf =
    watch && !listens
      ? ["watch: true has no effect, because this directory cannot be listened to"]
      : [];
  if (wanted === "off") return ["incremental imports are switched off", ...remarks];
  if (way === null) return ["only full imports are possible", ...remarks, ...deaf];
  const { title, blind } = WAY_FACTS[way];
  return [`incremental imports by ${title}; not seen that way: ${blind}`, ...remarks, ...deaf];
}
