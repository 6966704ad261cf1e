/** How long a directory is left alone after it failed, and why. */
export interface Pause {
  /** How often in a row it failed so. */
  readonly failures: number;
  readonly code: string;
  /** Until when, in milliseconds since 1970. */
  readonly until: number;
}

/** Where a pause is kept for other replicas, for the next start, and for a configuration read again. */
export interface PauseMemory {
  load(): Promise<Pause | null>;
  save(pause: Pause): Promise<void>;
  /** It was reached, by what began then; what failed later counts on. */
  clear(begun: Date): Promise<void>;
}
