/** Who is signed in, and what they may do. */
import { signal } from "@preact/signals";
import type { Permission } from "../src/model/role.ts";
import { act, ask, Refused, type Me } from "./api.ts";

/** Undefined: not known yet; null: nobody. */
export const me = signal<Me | null | undefined>(undefined);
/** Why nobody is, where there is something to say. */
export const farewell = signal<string | null>(null);

/** By the link that stands in the address, or the session that the browser has. */
export async function begin(): Promise<void> {
  const [, secret] = /^#sign-in=(.+)$/.exec(location.hash) ?? [];
  // Neither the history nor a screenshot keeps it.
  if (secret !== undefined) history.replaceState(null, "", location.pathname + location.search);
  try {
    if (secret !== undefined) await act("POST", "/sign-in", { secret });
    me.value = await ask<Me>("/me");
  } catch (error) {
    if (error instanceof Refused && (secret !== undefined || error.status !== 401))
      farewell.value = `${error.message} ${error.cure}`;
    me.value = null;
  }
}

export async function signOut(): Promise<void> {
  await act("POST", "/sign-out").catch(() => undefined);
  farewell.value = "You are signed out.";
  me.value = null;
}

/** What somebody may not do is not offered; the API refuses it all the same. */
export function may(permission: Permission): boolean {
  return me.value?.permissions.includes(permission) === true;
}

/** The session ended while a page was open. */
export function noteRefusal(error: unknown): void {
  if (!(error instanceof Refused) || error.status !== 401) return;
  farewell.value = "Your session has ended.";
  me.value = null;
}
