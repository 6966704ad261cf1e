import type { Replacement } from "../../engine/people/known.ts";
import { IdSet } from "../../lib/id-set.ts";
import type { MemberKey } from "../../model/directory-object.ts";
import type { Problem } from "../../model/errors.ts";
import type { Known, Sighting } from "../../reconciler/decide.ts";

/** An entry that cannot be used; who it is, is found out when everybody was seen. */
export interface Unusable {
  readonly id: string | null;
  readonly dn: string;
  readonly problem: Problem;
}

/** An entry whose user is linked to another entry; whether that one is gone, shows the read's end. */
export interface Deferred {
  readonly sighting: Sighting;
  /** What is decided if the other entry is still there. */
  readonly refused: Known;
  readonly replaces: Replacement;
}

/** Who was seen in a read, and what can be decided only at its end. */
export class Census {
  readonly seen = new IdSet(Date.now());
  readonly #exact: IdSet | null;
  readonly unusable: Unusable[] = [];
  readonly deferred: Deferred[] = [];
  /** People seen who were in the scope before. */
  known = 0;
  /** Whether an entry of before is certainly not there any more; asked when the read has ended. */
  isGone: (id: string) => boolean = (id) => !this.seen.has(id);
  /** By what groups may have named people whose DN is another one now. */
  readonly leftPlaces: MemberKey[] = [];
  /** Whether nobody of the directory is known, so that nobody needs to be looked up. */
  readonly first: boolean;

  /** @param overlaps whether the same entry may rightly come twice, because bases overlap */
  constructor(first: boolean, overlaps: boolean) {
    this.first = first;
    this.#exact = overlaps ? new IdSet(Date.now() + 1) : null;
  }

  /** Whether the entry is new to this read; "again" if it is the very same as one before. */
  note(id: string, hash: string): "new" | "again" | "duplicate" {
    const exact = this.#exact?.add(`${id} ${hash}`) ?? true;
    if (this.seen.add(id)) return "new";
    return exact ? "duplicate" : "again";
  }
}
