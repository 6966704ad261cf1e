/** Who is signed in, and what they may do. */
import { signal } from "@preact/signals";
import type { Permission } from "../src/model/role.ts";
import { ask, Refused, rollcall, type Me } from "./api.ts";
import { say } from "./texts.ts";

/** Undefined: not known yet; null: nobody. */
export const me = signal<Me | null | undefined>(undefined);
/** Why nobody is, where there is something to say. */
export const farewell = signal<(() => string) | null>(null);

/** Whether there is an identity provider to sign in by. */
export const hasProvider = signal(false);

/** By the link that stands in the address, or the session that the browser has. */
export async function begin(): Promise<void> {
  const [, secret] = /^#sign-in=(.+)$/.exec(location.hash) ?? [];
  // Neither the history nor a screenshot keeps it.
  const [, refused] = /^#refused=(.+)$/.exec(location.hash) ?? [];
  if (secret !== undefined || refused !== undefined)
    history.replaceState(null, "", location.pathname + location.search);
  if (refused !== undefined)
    farewell.value = () => say().signIn.refusals[refused] ?? say().signIn.notSignedIn;
  try {
    if (secret !== undefined) await ask(rollcall["sign-in"].$post({ json: { secret } }));
    me.value = await ask(rollcall.me.$get());
  } catch (error) {
    if (error instanceof Refused && (secret !== undefined || error.status !== 401))
      farewell.value = () => `${error.message} ${error.cure}`;
    me.value = null;
    const ways = await ask(rollcall["sign-in"].$get()).catch(() => null);
    hasProvider.value = ways?.oidc === true;
  }
}

export async function signOut(): Promise<void> {
  await ask(rollcall["sign-out"].$post()).catch((error: unknown) => {
    // Whose session has ended is out; else nobody should believe to be.
    if (!(error instanceof Refused) || error.status !== 401) throw error;
  });
  farewell.value = () => say().signIn.signedOut;
  me.value = null;
}

/** What somebody may not do is not offered; the API refuses it all the same. */
export function may(permission: Permission): boolean {
  return me.value?.permissions.includes(permission) === true;
}

/** The session ended while a page was open. */
export function noteRefusal(error: unknown): void {
  if (!(error instanceof Refused) || error.status !== 401) return;
  farewell.value = () => say().signIn.ended;
  me.value = null;
}
