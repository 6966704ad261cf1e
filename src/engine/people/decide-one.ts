import { uuidV7 } from "../../lib/uuid.ts";
import { RollcallError } from "../../model/errors.ts";
import type { PlannedChange } from "../../model/plan.ts";
import type { AppUser } from "../../model/user.ts";
import { decideUnusable } from "../../reconciler/decide-failure.ts";
import {
  decideSighting,
  type DecisionContext,
  type Known,
  type Sighting,
} from "../../reconciler/decide.ts";
import { decidedHash } from "../fingerprint.ts";

/** Decides about one entry. A fault of ours in it is that person's failure, and nobody else's. */
export function decideOne(context: DecisionContext, seen: Sighting, known: Known): PlannedChange {
  // Whoever names somebody who is not known yet is looked at again, until that one is.
  const hash = decidedHash(seen.hash, known.relations.incomplete);
  const sighting = hash === seen.hash ? seen : { ...seen, hash };
  return guarded(context, seen, known, () => decideSighting(context, sighting, known, uuidV7()));
}

/**
 * Whether a decision writes nothing: an ignored person, or one who is the same and was decided on
 * the same facts. @param hash as it was kept
 */
export function writesNothing(
  { action, appUser, user }: PlannedChange,
  hash: string | null,
): boolean {
  if (user !== null) return false;
  if (action === "ignored") return appUser === null;
  return action === "unchanged" && appUser?.hash === hash;
}

/** As `decide`; if it throws, the person fails and keeps everything. */
export function guarded(
  { directory }: DecisionContext,
  who: { readonly id: string; readonly dn: string },
  known: { readonly appUser: AppUser | null; readonly user: { readonly login: string } | null },
  decide: () => PlannedChange,
): PlannedChange {
  try {
    return decide();
  } catch (thrown) {
    if (thrown instanceof RollcallError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `Nothing could be decided about this person: ${reason}`;
    const problem = { code: "internal.error", field: "entry", message } as const;
    const { appUser, user } = known;
    const person = appUser === null ? null : { appUser, login: user?.login ?? null };
    return decideUnusable(directory.name, { ...who, problem, person, told: false });
  }
}
