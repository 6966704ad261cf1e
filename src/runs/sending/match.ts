/** Finds the account that an app has of a person already. Of several, none is chosen. */
import type { Account, AccountError } from "../../model/account.ts";
import type { MatchKey } from "../../model/app.ts";
import type { RemoteAccount, Wanted } from "../../provisioning/provisioner.ts";
import type { DesiredAccount } from "../../reconciler/desired-account.ts";
import type { Connection } from "../../store/connection.ts";
import { usersByIds } from "../../store/users.ts";
import { isUuid } from "../../lib/uuid.ts";
import type { PushContext } from "./context.ts";
import type { Owners } from "./owners.ts";

export type Found =
  | { readonly kind: "none" }
  | { readonly kind: "one"; readonly remote: RemoteAccount }
  | { readonly kind: "several"; readonly error: AccountError };

export interface MatchAsked {
  readonly account: Account;
  readonly desired: DesiredAccount | null;
  /** Whether the app may have made the account for us: then ours is found whatever `matching` says. */
  readonly mayBeOurs: boolean;
  readonly owners: Owners;
  /** The id under which the app had it before it was not found any more. */
  readonly before?: string | null;
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
    const known = account.externalId ?? asked.before ?? null;
    const own = found.filter(
      ({ ownId, externalId }) => ownId === account.userId || externalId === known,
    );
    // Of somebody who is not to have an account, and by keys that are not to be matched by, only
    // what we made ourselves counts.
    const onlyOwn = asked.desired === null || own.length > 0 || !matching.includes(wanted.key);
    const eligible = onlyOwn ? own : found;
    const [remote, other] = eligible;
    const unproven = onlyOwn ? found.find((one) => mayBeOurs && hasOurName(one, asked)) : undefined;
    if (remote === undefined && unproven !== undefined)
      return { kind: "several", error: notProven(wanted, unproven) };
    if (remote === undefined) continue;
    if (other !== undefined) return { kind: "several", error: ambiguous(wanted, eligible.length) };
    const error = await heldByAnother(context, remote, asked);
    return error === null ? { kind: "one", remote } : { kind: "several", error };
  }
  return { kind: "none" };
}

/**
 * Whether an account of which the app does not say whose it is has the name that ours has: of somebody
 * who is not to have one, that it is not ours may not be concluded.
 */
function hasOurName({ ownId, userName }: RemoteAccount, { account, desired }: MatchAsked): boolean {
  if (desired !== null || ownId !== null || userName === null) return false;
  return [account.acknowledged, account.attempted].some((profile) => {
    const ours = profile?.["userName"];
    return typeof ours === "string" && ours.toLowerCase() === userName.toLowerCase();
  });
}

function notProven({ key, value }: Wanted, { externalId }: RemoteAccount): AccountError {
  const message = `The app has an account (${externalId}) with the ${key} ${value}, and does not say whose it is.`;
  return { code: "app.ambiguous", field: key, message, appSaid: null };
}

function wantedOf({ account, desired }: MatchAsked, keys: readonly MatchKey[]): Wanted[] {
  // Also by what a creation was attempted with, of which nothing was heard.
  const profiles = [desired?.create, account.attempted, account.acknowledged];
  return keys.flatMap((key): Wanted[] => {
    if (key === "externalId") return [{ key, value: account.userId }];
    const values = profiles.flatMap((profile) => profile?.[key] ?? []);
    const texts = [
      ...values,
      ...(key === "userName" && values.length === 0 ? [account.login] : []),
    ];
    const known = new Set(texts.filter((one) => typeof one === "string" && one !== ""));
    return [...known].map((value) => ({ key, value: String(value) }));
  });
}

function ambiguous({ key, value }: Wanted, count: number): AccountError {
  const message = `${count} accounts of the app have the ${key} ${value}; none was chosen.`;
  return { code: "app.ambiguous", field: key, message, appSaid: null };
}

/** Why a found account is not for this person; null if it is. */
async function heldByAnother(
  { engine }: PushContext,
  { externalId, ownId }: RemoteAccount,
  { account, owners }: MatchAsked,
): Promise<AccountError | null> {
  const { db } = engine.store;
  const refuse = (message: string): AccountError => {
    return { code: "app.ambiguous", field: "externalId", message, appSaid: null };
  };
  if (ownId !== null && ownId !== account.userId && (await isUser(db, ownId)))
    return refuse(
      `The account that matches (${externalId}) was made for another user of Rollcall (${ownId}).`,
    );
  const holder = await owners.holderOf(externalId);
  if (holder !== null && holder.userId !== account.userId)
    return refuse(`The account that matches (${externalId}) belongs to ${holder.login}.`);
  if (owners.claim(externalId, account.userId) !== account.userId)
    return refuse(
      `The account that matches (${externalId}) belongs to somebody else of this push.`,
    );
  return null;
}

async function isUser(db: Connection, id: string): Promise<boolean> {
  return isUuid(id) && (await usersByIds(db, [id])).length > 0;
}
