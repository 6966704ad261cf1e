/**
 * Who needs no look, because the entry is known as it is. Of a whole directory that is held in memory, in
 * 16 to 32 bytes a person: asking the database for each batch would take most of the time of a read that
 * finds nothing new. It is what stood there when the read began; what others did to a person meanwhile, the
 * next import sees.
 */
import { IdSet } from "../../lib/id-set.ts";
import type { RawEntry } from "../../model/entry.ts";
import { eachSettledEntry } from "../../store/app-users.ts";
import type { RunContext } from "../record/context.ts";

type Identified = Pick<RawEntry, "id" | "hash">;

export class SettledEntries {
  readonly #keys: IdSet;

  private constructor(expected: number) {
    this.#keys = new IdSet(expected);
  }

  /** @param expected how many people the directory has */
  static async load(
    { engine, directory, run }: RunContext,
    expected: number,
  ): Promise<SettledEntries> {
    const settled = new SettledEntries(expected);
    await eachSettledEntry(engine.store.db, directory.name, run.fingerprint, (id, hash) =>
      settled.#keys.add(keyOf({ id, hash })),
    );
    return settled;
  }

  has(entry: Identified): boolean {
    return this.#keys.has(keyOf(entry));
  }
}

function keyOf({ id, hash }: Identified): string {
  return `${hash} ${id ?? ""}`;
}
