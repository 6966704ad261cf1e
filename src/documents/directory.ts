import type { Remedy } from "../model/remedy.ts";
import type { DirectorySettings } from "../model/settings.ts";
import type { SayRemedy } from "./explanation.ts";

/** How current what is kept of a directory is. */
export interface DirectoryState {
  readonly readAt: Date | null;
  readonly problem: string | null;
  readonly remedy: Remedy | null;
  /** The longest time between two imports, as it is scheduled; null: it is not. */
  readonly everySeconds: number | null;
  /** Which server or file gave the last import. */
  readonly server: string | null;
  /** Which process works on it now; only for whoever may do something about it. */
  readonly claimedBy: string | null;
  readonly isClaimed: boolean;
  readonly isHeld: boolean;
  /** Null: there was none. */
  readonly lastRun: string | null;
}

/** A directory: how it is read and how current it is; nothing of how one logs in there. */
export function directoryDocument(
  { name, source, ...settings }: DirectorySettings,
  { readAt, remedy, ...state }: DirectoryState,
  say: SayRemedy,
) {
  const { schedule, watch, onRemoval, onNoMatch, importSafeguard, toOkta } = settings;
  return {
    directory: name,
    type: source.type,
    readAt: readAt?.toISOString() ?? null,
    ...state,
    command: remedy === null ? null : say(remedy),
    remedy,
    schedule,
    watch,
    onRemoval,
    onNoMatch,
    importSafeguard,
    mappings: toOkta.size,
    toOkta: [...toOkta].map(([attribute, { expression, apply }]) => {
      return { attribute, expression, apply };
    }),
  };
}
