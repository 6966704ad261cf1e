import { dnKey, isWithin } from "../../../model/dn.ts";
import { MustReadAll } from "../../../model/incremental.ts";
import type { WayContext } from "./way.ts";

/** The naming context in which a DN lies; undefined if the server tells of none. */
export function contextOf(namingContexts: readonly string[], dn: string): string | undefined {
  const key = dnKey(dn);
  const around = namingContexts.filter((name) => isWithin(key, dnKey(name)));
  return around.toSorted((a, b) => b.length - a.length)[0];
}

/** The naming contexts in which the bases lie, each once. @throws MustReadAll if one is unknown */
export function contextsOf({ bases, server }: WayContext): string[] {
  const found = bases.map((base) => {
    const closest = contextOf(server.namingContexts, base);
    if (closest !== undefined) return closest;
    const reason = `${base} lies in no naming context of the server.`;
    throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
  });
  return [...new Set(found)];
}
