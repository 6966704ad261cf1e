import { readsGroups } from "../../model/directory.ts";
import type { AppRules } from "../../reconciler/app-rules.ts";
import { groupKey } from "../../reconciler/assignment.ts";
import { groupsNamed } from "../../store/objects.ts";
import type { Engine } from "../engine.ts";

/**
 * Groups by which somebody is assigned and that cannot be read: gone, renamed, or of a name that
 * several have. Where a directory's groups are not read, membership is what people's entries say.
 * @returns why, by `groupKey`
 */
export async function unreadableGroups(
  engine: Engine,
  { settings }: AppRules,
): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>();
  for (const rule of settings.assign) {
    if (rule.kind !== "group" || !areGroupsRead(engine, rule.directory)) continue;
    const found = await groupsNamed(engine.store.db, rule.directory, rule.name);
    const reason = unreadable(rule, found.length);
    if (reason !== null) reasons.set(groupKey(rule), reason);
  }
  return reasons;
}

/** Why a group cannot be read; null if it can. */
export function unreadable(
  { directory, name }: { readonly directory: string; readonly name: string },
  found: number,
): string | null {
  if (found === 0) return `${directory} has no group ${name}, as far as was imported.`;
  return found > 1 ? `${directory} has several groups of the name ${name}.` : null;
}

function areGroupsRead({ directories }: Engine, name: string): boolean {
  const source = directories.get(name)?.source;
  return source !== undefined && readsGroups(source);
}
