import type { Secret } from "./secret.ts";

/** Where events are sent to, as they come. */
export interface HookSettings {
  readonly name: string;
  readonly url: string;
  /** Which events; null: all. */
  readonly filter: string | null;
  /** Sent as the Authorization header; null: nothing is. */
  readonly secret: Secret | null;
  /** Whether the address has to prove that it wants events, as Okta asks it to. */
  readonly verify: boolean;
  readonly line: number;
}

/** How far a hook is. */
export interface HookState {
  /** Everything up to this event is delivered, or did not fit; null: nothing was looked at yet. */
  readonly cursor: string | null;
  /** The address that proved that it wants events; null: none did. */
  readonly verified: string | null;
  /** Deliveries in turn that failed. */
  readonly failures: number;
  /** ISO 8601, as all of these; null: nothing failed. */
  readonly failingSince: string | null;
  /** Not tried again before. */
  readonly notBefore: string | null;
  readonly error: string | null;
  readonly lastDelivery: string | null;
}

export const NEW_HOOK: HookState = {
  cursor: null,
  verified: null,
  failures: 0,
  failingSince: null,
  notBefore: null,
  error: null,
  lastDelivery: null,
};
