export interface ExplainRequest {
  /** Null: the whole profile. */
  readonly attribute: string | null;
  /** Ask the directories now. */
  readonly live: boolean;
  readonly signal: AbortSignal;
}
