import type { Engine } from "../engine/engine.ts";
import type { Figures } from "../model/figures.ts";
import { countPeople, gatherMetrics } from "../store/metrics.ts";

/** How much of everything there is, for metrics. Of very many people, as they were counted last. */
export async function gatherFigures({ store, counts }: Engine): Promise<Figures> {
  const { value: people } = await counts.of("people", () => countPeople(store.db));
  return await gatherMetrics(store.db, people);
}
