/** A proposal tried as a configuration: whether it holds, and how changes will be read. */
import { createDirectory } from "../agent/agent.ts";
import { compileSettings } from "../engine/compile-settings.ts";
import { RollcallError } from "../model/errors.ts";
import { WAY_FACTS } from "../model/incremental.ts";
import type { Settings } from "../model/settings.ts";

/** @throws RollcallError if the configuration does not hold, or the directory cannot be read by it */
export async function tryProposed(
  settings: Settings,
  name: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { rules } = compileSettings(settings);
  const source = settings.directories.get(name)?.source;
  if (source === undefined || source.type === "identity-source")
    throw new Error(`no directory ${name}`);
  const reads = [...(rules.directories.get(name)?.mappings.values() ?? [])].flatMap(
    ({ expression }) => expression.reads.map(({ attribute }) => attribute),
  );
  const directory = await createDirectory(source, [...new Set(reads)]);
  const { way, remarks, problem, hasPeople, server } = await directory.probe(signal);
  if (problem !== null) throw new RollcallError(problem.code, problem.message);
  if (!hasPeople)
    throw new RollcallError("directory.empty", `${server}: nobody is in the scope that was found.`);
  const how =
    way === null
      ? "only full imports are possible"
      : `incremental imports by ${WAY_FACTS[way].title}; not seen that way: ${WAY_FACTS[way].blind}`;
  return [how, ...remarks];
}
