import { decideOne } from "../../engine/people/decide-one.ts";
import type { KnownPeople } from "../../engine/people/known.ts";
import type { Breath } from "../../lib/breath.ts";
import type { PlannedChange } from "../../model/plan.ts";
import type { DecisionContext, Known, Sighting } from "../../reconciler/decide.ts";

/** What would become of a person, and what is known of them. */
export interface Decided {
  readonly planned: PlannedChange;
  readonly known: Known;
}

/** What would become of people, in their order: expressions that take long hold nobody else up. */
export async function decideBatch(
  context: DecisionContext,
  sightings: readonly Sighting[],
  people: KnownPeople,
  breath: Breath,
): Promise<Decided[]> {
  const decided: Decided[] = [];
  for (const sighting of sightings) {
    if (breath.isDue) await breath.take();
    const known = people.of(sighting);
    decided.push({ planned: decideOne(context, sighting, known), known });
  }
  return decided;
}
