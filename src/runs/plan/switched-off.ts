/**
 * Whoever cannot be decided about as usual and loses access all the same: because the entry says clearly
 * that the account is disabled, or because the day has come that it told when it could be read. That
 * something else is unreadable or ambiguous makes neither of them uncertain.
 */
import { Breath, mapBreathing } from "../../lib/breath.ts";
import { guarded } from "../../engine/people/decide-one.ts";
import { loadKnown } from "../../engine/people/known.ts";
import { storedSighting } from "../../engine/people/sightings.ts";
import type { Problem } from "../../model/errors.ts";
import { hasExpired } from "../../model/expiry.ts";
import type { PlannedChange } from "../../model/plan.ts";
import { decideSwitchedOff } from "../../reconciler/decide.ts";
import type { StoredAppUser } from "../../store/app-users.ts";
import type { RunContext } from "../record/context.ts";

/** Somebody who is kept as before, but for that. */
export interface KeptPerson {
  readonly appUser: StoredAppUser;
  /** Why nothing else can be decided. */
  readonly problem: Problem;
  /** Whether the entry says that the account is disabled, and whose it is. */
  readonly saysDisabled?: boolean;
}

/** @returns by identifier, what is planned for those of them who lose access */
export async function switchedOff(
  { engine, directory, run, signal }: RunContext,
  people: readonly KeptPerson[],
): Promise<ReadonlyMap<string, PlannedChange>> {
  const rules = directory.settings?.source.users.disabled ?? [];
  const those = people.filter(({ appUser, saysDisabled = false }) => {
    const isOver = saysDisabled || hasExpired(rules, appUser.profile, run.now);
    return isOver && appUser.status === "active";
  });
  if (those.length === 0) return new Map();
  const stored = those.map(({ appUser }) => appUser);
  const sightings = stored.map((appUser) => ({ ...storedSighting(appUser), disabled: true }));
  const linkedOnly = { ...directory.rules, matching: [] };
  const known = await loadKnown(engine, run.now, { directory: linkedOnly, sightings, stored });
  const decisions = { rules: engine.rules, directory: directory.rules };
  const decided = await mapBreathing(sightings, new Breath(signal), (sighting, at) => {
    const person = known.of(sighting);
    const planned = guarded(decisions, sighting, person, () =>
      decideSwitchedOff(decisions, sighting, person, those[at]?.problem ?? null),
    );
    return [sighting.id, planned] as const;
  });
  return new Map(decided);
}
