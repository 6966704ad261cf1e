/** Finds the account that an app has of a person already. Of several, none is chosen. */
import type { Account, AccountError } from "../../model/account.ts";
import type { MatchKey } from "../../model/app.ts";
import type { RemoteAccount, Wanted } from "../../provisioning/provisioner.ts";
import type { DesiredAccount } from "../../reconciler/desired-account.ts";
import { holderOf } from "../../store/accounts.ts";
import { usersByIds } from "../../store/users.ts";
import { isUuid } from "../../lib/uuid.ts";
import type { PushContext } from "./context.ts";

export type Found =
  | { readonly kind: "none" }
  | { readonly kind: "one"; readonly remote: RemoteAccount }
  | { readonly kind: "several"; readonly error: AccountError };

/** Accounts that this push has linked, so that no second person gets one of them. */
export type Claimed = Map<string, string>;

export interface MatchAsked {
  readonly account: Account;
  readonly desired: DesiredAccount | null;
  /** Whether the app may have made the account for us: then ours is found whatever `matching` says. */
  readonly mayBeOurs: boolean;
  readonly claimed: Claimed;
}

/** @throws AppFailure if the app cannot be asked, or what it answers is no list */
export async function findAccount(context: PushContext, asked: MatchAsked): Promise<Found> {
  const { matching } = context.app.settings;
  const { account, mayBeOurs } = asked;
  const keys: readonly MatchKey[] = mayBeOurs
    ? [...new Set([...matching, "externalId" as const, "userName" as const])]
    : matching;
  for (const wanted of wantedOf(asked, keys)) {
    const found = await context.provisioner.find(wanted);
    const own = found.filter((remote) => remote.ownId === account.userId);
    // Found by a key that is not to be matched by, only what we made ourselves counts.
    const eligible = matching.includes(wanted.key) ? (own.length > 0 ? own : found) : own;
    const [remote, other] = eligible;
    if (remote === undefined) continue;
    if (other !== undefined) return { kind: "several", error: ambiguous(wanted, eligible.length) };
    const error = await heldByAnother(context, remote, asked);
    return error === null ? { kind: "one", remote } : { kind: "several", error };
  }
  return { kind: "none" };
}

function wantedOf({ account, desired }: MatchAsked, keys: readonly MatchKey[]): Wanted[] {
  return keys.flatMap((key): Wanted[] => {
    if (key === "externalId") return [{ key, value: account.userId }];
    // A person who is not assigned any more has no values; what was last known counts.
    const profile = desired?.create ?? account.acknowledged ?? {};
    const value = profile[key] ?? (key === "userName" ? account.login : undefined);
    return typeof value === "string" && value !== "" ? [{ key, value }] : [];
  });
}

function ambiguous({ key, value }: Wanted, count: number): AccountError {
  const message = `${count} accounts of the app have the ${key} ${value}; none was chosen.`;
  return { code: "app.ambiguous", field: key, message, appSaid: null };
}

/** Why a found account is not for this person; null if it is. */
async function heldByAnother(
  { engine, app }: PushContext,
  { externalId, ownId }: RemoteAccount,
  { account, claimed }: MatchAsked,
): Promise<AccountError | null> {
  const { db } = engine.store;
  const { name } = app.settings;
  const inThisPush = claimed.get(externalId);
  const holder = await holderOf(db, name, externalId);
  const other =
    inThisPush !== undefined && inThisPush !== account.userId
      ? "somebody else of this push"
      : holder !== null && holder.userId !== account.userId
        ? holder.login
        : null;
  if (other !== null) {
    const message = `The account that matches (${externalId}) belongs to ${other}.`;
    return { code: "app.ambiguous", field: "externalId", message, appSaid: null };
  }
  // Taken before anything else can be awaited.
  claimed.set(externalId, account.userId);
  if (ownId === null || ownId === account.userId) return null;
  return (await usersByIds(db, isUuid(ownId) ? [ownId] : [])).length > 0
    ? {
        code: "app.ambiguous",
        field: "externalId",
        message: `The account that matches (${externalId}) was made for another user of Rollcall (${ownId}).`,
        appSaid: null,
      }
    : null;
}
