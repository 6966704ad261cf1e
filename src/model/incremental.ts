/** Ways of reading only what changed, and from where the next read goes on. */

/** Of servers; the configuration may name one. */
export const WAYS = ["contentSync", "dirSync", "usn", "changelog", "timestamp"] as const;
export type ServerWay = (typeof WAYS)[number];
/** `brought`: what was taken up since then, where others bring the entries. */
export type Way = ServerWay | "brought";

export function isServerWay(way: Way): way is ServerWay {
  return way !== "brought";
}

export interface WayFacts {
  /** What to call it. */
  readonly title: string;
  /** What it cannot see until the next full import. */
  readonly blind: string;
  /**
   * Whether it tells of people who were deleted: never, or only to some accounts. Where it may not,
   * identifiers are compared at intervals.
   */
  readonly tellsDeletions: "always" | "sometimes" | "never";
  /** Whether a directory can be listened to by it. */
  readonly listens: boolean;
}

export const WAY_FACTS: Readonly<Record<Way, WayFacts>> = {
  contentSync: {
    title: "content synchronisation (RFC 4533)",
    blind: "values that the server computes, such as memberOf",
    tellsDeletions: "always",
    listens: true,
  },
  dirSync: {
    title: "DirSync",
    blind:
      "memberOf, constructed attributes, and what is not replicated (lastLogon, badPwdCount, logonCount)",
    tellsDeletions: "always",
    listens: false,
  },
  usn: {
    title: "uSNChanged",
    blind:
      "memberOf and constructed attributes; nor deletions, where the account may not read deleted objects, until identifiers are compared",
    tellsDeletions: "sometimes",
    listens: false,
  },
  changelog: {
    title: "the retro changelog",
    blind: "values that the server computes without writing them, such as roles",
    tellsDeletions: "always",
    listens: false,
  },
  timestamp: {
    title: "modification times",
    blind:
      "who was deleted or left the filter, until identifiers are compared; what changes without a new modification time, such as memberOf",
    tellsDeletions: "never",
    listens: false,
  },
  brought: {
    title: "what was brought since",
    blind: "nothing",
    tellsDeletions: "always",
    listens: true,
  },
};

/**
 * From where the next incremental import reads. Taken before the read whose checkpoint it becomes,
 * so that what changes meanwhile is read again and not missed.
 */
export interface Mark {
  readonly way: Way;
  /** By the server, base or naming context that the position belongs to. */
  readonly positions: Readonly<Record<string, string>>;
  /** When identifiers were last compared, for ways that do not tell of deletions; ISO 8601. */
  readonly comparedAt: string;
  /** By which the server is known again; absent where nothing was read, or it stamps nothing. */
  readonly witness?: Witness;
}

/** The entries that a server had changed last, newest first. */
export interface Witness {
  readonly server: string;
  /** The attribute in which it stamps changes. */
  readonly attribute: string;
  /** Stamps as texts whose order is that of the changes. */
  readonly newest: readonly { readonly id: string; readonly stamp: string }[];
}

/** Why an incremental import had to become a full one: the code that stands in its event. */
export type ConversionCode =
  | "no_previous_import"
  | "agent_unable_to_perform_incremental_import"
  | "configuration_changed"
  | "checkpoint_refused"
  | "server_changed"
  | "history_lost"
  | "ou_change_detected"
  | "too_many_changes";

export interface Conversion {
  readonly code: ConversionCode;
  readonly reason: string;
}

/** Thrown where a read cannot go on from its mark: everybody has to be read. */
export class MustReadAll extends Error {
  readonly conversion: Conversion;

  constructor(code: ConversionCode, reason: string) {
    super(reason);
    this.conversion = { code, reason };
  }
}

/** Who listens to a directory. */
export interface ChangeListener {
  /** From now on, changes are told. */
  onReady(): void;
  onChange(): void;
}
