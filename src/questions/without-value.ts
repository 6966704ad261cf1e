import type { Engine } from "../engine/engine.ts";
import { attributesWithoutValue } from "../store/mapped.ts";

/**
 * Those of the attributes that nobody in a directory's scope has a value of. Only of those a walk through
 * everybody shows it, so the answer is kept as long as nothing changes.
 * @param names in lower case
 */
export async function withoutValue(
  { counts, store }: Pick<Engine, "counts" | "store">,
  directory: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const asked = names.toSorted();
  const name = `without a value in ${directory}: ${asked.join(" ")}`;
  const ask = (): Promise<string[]> => attributesWithoutValue(store.db, directory, asked);
  return (await counts.of(name, ask, true)).value;
}
