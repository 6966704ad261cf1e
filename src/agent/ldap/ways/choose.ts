import {
  MustReadAll,
  WAY_FACTS,
  WAYS,
  type Mark,
  type ServerWay,
} from "../../../model/incremental.ts";
import { DEFAULT_ID, type ServerKind } from "../root-dse.ts";
import { changelog } from "./changelog.ts";
import { contentSync } from "./content-sync.ts";
import { dirSync } from "./dir-sync.ts";
import { timestamp } from "./timestamp.ts";
import { usn } from "./usn.ts";
import type { IncrementalWay, Positions, WayContext } from "./way.ts";

export const WAY_LIST: Readonly<Record<ServerWay, IncrementalWay>> = {
  contentSync,
  dirSync,
  usn,
  changelog,
  timestamp,
};

/** What each kind of server could offer, and an administrator might want to switch on. */
const EXPECTED: Partial<Record<ServerKind, readonly ServerWay[]>> = {
  openldap: ["contentSync"],
  "389": ["contentSync", "changelog"],
  "active-directory": ["dirSync"],
  "ad-lds": ["dirSync"],
  samba: ["dirSync"],
};

function notOffered({ server, idAttribute }: WayContext, way: ServerWay): string {
  const byNative = WAY_LIST[way].offered(server, DEFAULT_ID[server.kind]);
  return byNative
    ? `people are identified by ${idAttribute}, and it knows them by ${DEFAULT_ID[server.kind]}`
    : "the server does not offer it";
}

export interface Begun {
  readonly way: ServerWay | null;
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
  wanted: ServerWay | "auto" | "off",
  before: Mark | null,
): Promise<Begun> {
  const remarks: string[] = [];
  const candidates = wanted === "off" ? [] : wanted === "auto" ? WAYS : [wanted];
  for (const way of candidates) {
    if (!WAY_LIST[way].offered(context.server, context.idAttribute)) {
      if (wanted !== "auto" || EXPECTED[context.server.kind]?.includes(way) === true)
        remarks.push(`${WAY_FACTS[way].title} is not used: ${notOffered(context, way)}`);
      continue;
    }
    try {
      const known = before?.way === way ? before.positions : null;
      const positions = await WAY_LIST[way].begin(context, known);
      return { way, positions, remarks };
    } catch (error) {
      if (!(error instanceof MustReadAll)) throw error;
      remarks.push(`${WAY_FACTS[way].title} is not used: ${error.message}`);
    }
  }
  return { way: null, positions: {}, remarks };
}
