/**
 * People who name somebody who moved in the same read. A report may be read before its manager, and the
 * store knows the manager at the place of before: the report would lose the manager. So whoever was
 * decided about without one of these people is decided about again.
 */
import { decideOne } from "../../engine/people/decide-one.ts";
import { looksAgain } from "../../engine/fingerprint.ts";
import { loadKnown } from "../../engine/people/known.ts";
import { Breath } from "../../lib/breath.ts";
import type { MovedPeople } from "../../engine/people/moved-people.ts";
import type { Sighting } from "../../reconciler/decide.ts";
import { plannedNaming, planRows, replacePlanRows, type PlanRow } from "../../store/plan.ts";
import type { RunContext } from "../record/context.ts";
import type { PlanBuilder } from "./builder.ts";

const BATCH = 500;
/** DNs of one question; each is a walk through the plan. */
const AT_ONCE = 100_000;

/** Decides again. The plan is written. */
export async function settleReferrers(
  context: RunContext,
  plan: PlanBuilder,
  moved: MovedPeople,
): Promise<void> {
  const { engine, directory, run } = context;
  const attributes = engine.rules.needs.related
    .filter((one) => one.directory === directory.name)
    .map((one) => one.attribute.toLowerCase());
  if (attributes.length === 0) return;
  const { db } = engine.store;
  for (let at = 0; at < moved.dns.length; at += AT_ONCE) {
    const dns = moved.dns.slice(at, at + AT_ONCE);
    const seqs = await plannedNaming(db, run.id, attributes, dns);
    for (let from = 0; from < seqs.length; from += BATCH) {
      const rows = await planRows(db, "plan", run.id, seqs.slice(from, from + BATCH));
      await decideAgain(context, plan, rows, moved);
    }
  }
}

async function decideAgain(
  { engine, directory, run, signal }: RunContext,
  plan: PlanBuilder,
  rows: readonly PlanRow[],
  moved: MovedPeople,
): Promise<void> {
  const seen = rows.flatMap((row) => {
    const sighting = sightingOf(row);
    return sighting === null ? [] : [{ row, sighting }];
  });
  const sightings = seen.map(({ sighting }) => sighting);
  const batch = { directory: directory.rules, sightings, moved };
  const known = await loadKnown(engine, run.now, batch);
  const decisions = { rules: engine.rules, directory: directory.rules };
  const changed: PlanRow[] = [];
  const breath = new Breath(signal);
  for (const { row, sighting } of seen) {
    if (breath.isDue) await breath.take();
    const person = known.of(sighting);
    // Of an entry that had no user before, there is nothing to lose, and the next import looks again.
    if (person.replaces !== null || person.appUser?.userId == null) continue;
    const planned = decideOne(decisions, sighting, person);
    plan.recount(row.planned, planned);
    changed.push({ ...row, planned });
  }
  await replacePlanRows(engine.store.db, "plan", run.id, changed);
}

/** The entry of a row as it was read; null if it was not, or nobody was missing. */
function sightingOf({ planned: { externalId: id, dn, appUser } }: PlanRow): Sighting | null {
  if (id === null || appUser === null || !looksAgain(appUser.hash)) return null;
  const { profile, hash, status } = appUser;
  return { id, dn, hash, profile, disabled: status === "disabled" };
}
