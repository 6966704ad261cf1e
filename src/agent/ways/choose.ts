import { MustReadAll, WAY_TEXTS, WAYS, type Mark, type Way } from "../../model/incremental.ts";
import { changelog } from "./changelog.ts";
import { contentSync } from "./content-sync.ts";
import { dirSync } from "./dir-sync.ts";
import { timestamp } from "./timestamp.ts";
import { usn } from "./usn.ts";
import type { IncrementalWay, Positions, WayContext } from "./way.ts";

export const WAY_LIST: Readonly<Record<Way, IncrementalWay>> = {
  contentSync,
  dirSync,
  usn,
  changelog,
  timestamp,
};

export interface Begun {
  readonly way: Way | null;
  readonly positions: Positions;
  /** Why better ways are not used. */
  readonly remarks: readonly string[];
}

/**
 * Takes a position by the best way that the server offers and the account may use.
 * @param wanted `off`: none; a way: this one or none
 */
export async function beginWay(
  context: WayContext,
  wanted: Way | "auto" | "off",
  before: Mark | null,
): Promise<Begun> {
  const remarks: string[] = [];
  const candidates = wanted === "off" ? [] : wanted === "auto" ? WAYS : [wanted];
  for (const way of candidates) {
    if (!WAY_LIST[way].offered(context.server, context.idAttribute)) {
      if (wanted !== "auto") remarks.push(`${WAY_TEXTS[way].title} is not offered here`);
      continue;
    }
    try {
      const known = before?.way === way ? before.positions : null;
      const positions = await WAY_LIST[way].begin(context, known);
      return { way, positions, remarks };
    } catch (error) {
      if (!(error instanceof MustReadAll)) throw error;
      remarks.push(`${WAY_TEXTS[way].title} is not used: ${error.message}`);
    }
  }
  return { way: null, positions: {}, remarks };
}
