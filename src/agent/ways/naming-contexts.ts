import { dnKey, isWithin } from "../dn.ts";
import { MustReadAll } from "../../model/incremental.ts";
import type { WayContext } from "./way.ts";

/** The naming contexts in which the bases lie, each once. @throws MustReadAll if one is unknown */
export function contextsOf({ bases, server }: WayContext): string[] {
  const found = bases.map((base) => {
    const key = dnKey(base);
    const around = server.namingContexts.filter((name) => isWithin(key, dnKey(name)));
    const [closest] = around.toSorted((a, b) => b.length - a.length);
    if (closest !== undefined) return closest;
    const reason = `${base} lies in no naming context of the server.`;
    throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
  });
  return [...new Set(found)];
}
