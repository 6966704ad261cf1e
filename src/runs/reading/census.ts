import type { Replacement } from "../../engine/people/known.ts";
import { MovedPeople } from "../../engine/people/moved-people.ts";
import { IdSet } from "../../lib/id-set.ts";
import { parentOf } from "../../model/dn.ts";
import type { Problem } from "../../model/errors.ts";
import type { AppUser } from "../../model/user.ts";
import type { Known, Sighting } from "../../reconciler/decide.ts";
import { Peopled } from "./peopled.ts";

/** An entry that cannot be used; who it is, is found out when everybody was seen. */
export interface Unusable {
  readonly id: string | null;
  /** All identifiers, where it has several. */
  readonly claims?: readonly string[];
  readonly dn: string;
  readonly problem: Problem;
  /** Whether it says clearly that the account is disabled, and whose it is. */
  readonly disabled: boolean;
  /** Of one without an identifier: by what it looks like somebody; see `likenessOf`. */
  readonly likeness?: readonly string[];
}

/** Where somebody, or a group or container, was and is not any more. */
export interface LeftPlace {
  readonly id: string;
  readonly dn: string;
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
  readonly #seen = new IdSet();
  readonly #exact: IdSet | null;
  readonly #unusable: Unusable[] = [];
  readonly #deferred: Deferred[] = [];
  readonly #leftPlaces: LeftPlace[] = [];
  readonly #movedPlaces: LeftPlace[] = [];
  /** Where those are now whose DN is another one, or who are back. */
  readonly moved = new MovedPeople();
  readonly #contested = new Set<string>();
  /** Of these, those of whom no entry was taken for known as it is. */
  readonly #neverCounted = new Set<string>();
  /** Identifiers of entries that have several. */
  readonly #claimed = new Set<string>();
  /** New identifiers, and whose they may be who is known by another spelling. */
  readonly #respelled = new Map<string, string>();
  /** Where people are. */
  readonly peopled = new Peopled();
  #known = 0;

  /** @param overlaps whether the same entry may rightly come twice, because bases overlap */
  constructor(overlaps: boolean) {
    this.#exact = overlaps ? new IdSet() : null;
  }

  /** Whether the entry is new to this read; "again" if it is the very same as one before. */
  note(id: string, hash: string): "new" | "again" | "duplicate" {
    const exact = this.#exact?.add(id, hash) ?? true;
    if (this.#seen.add(id)) {
      if (!this.#claimed.has(id)) return "new";
      this.#contested.add(id);
      this.#neverCounted.add(id);
      return "duplicate";
    }
    if (!exact) return "again";
    this.#contested.add(id);
    return "duplicate";
  }

  /** An entry has this identifier and others, so it is no other entry's for certain. */
  noteClaim(id: string): void {
    this.#claimed.add(id);
    if (this.#seen.has(id)) this.#contested.add(id);
  }

  /** A new identifier is that of somebody who is known elsewhere, but for its spelling. */
  noteRespelled(id: string, known: string): void {
    this.#respelled.set(id, known);
  }

  /** Somebody is at this place, whoever it is. */
  notePlace(dn: string): void {
    const parent = parentOf(dn);
    if (parent !== null) this.peopled.add(parent);
  }

  /** Counts people as seen who were in the scope before and are as they were. */
  noteUnchanged(people: number): void {
    this.#known += people;
  }

  /** A person was seen whose app user was like this before; null if there was none. */
  noteSeen({ dn }: Sighting, before: AppUser | null): void {
    if (before === null) return;
    if (before.status !== "removed") this.#known++;
    const place = { id: before.externalId, dn: before.dn };
    if (before.dn !== dn) this.#leftPlaces.push(place);
    if (before.dn !== dn && before.status !== "removed") this.#movedPlaces.push(place);
    if (before.dn !== dn || before.status === "removed") this.moved.add(before.externalId, dn);
  }

  noteUnusable({ id, claims = [], dn, problem, disabled, likeness = [] }: Unusable): void {
    this.#unusable.push({ id, claims, dn, problem, disabled, likeness });
  }

  /** Until the end of the read. Its values are parts of the whole entry's text, which shall not stay. */
  defer(one: Deferred): void {
    const { sighting } = one;
    const profile = structuredClone(sighting.profile);
    this.#deferred.push({ ...one, sighting: { ...sighting, profile } });
  }

  /** The read has ended. @param isGone where absence alone does not show who is gone */
  close(isGone: (id: string) => boolean = (id) => !this.#seen.has(id)): ClosedCensus {
    return new ClosedCensus({
      seen: this.#seen,
      known: this.#known,
      unusable: this.#unusable,
      deferred: this.#deferred,
      leftPlaces: this.#leftPlaces,
      movedPlaces: this.#movedPlaces,
      contested: this.#contested,
      neverCounted: new Set([
        ...this.#neverCounted,
        ...this.#deferred.map(({ sighting }) => sighting.id),
      ]),
      respelled: this.#respelled,
      isGone,
    });
  }

  isSeen(id: string): boolean {
    return this.#seen.has(id);
  }

  /** People who were seen so far and were in the scope before. */
  get known(): number {
    return this.#known;
  }
}

interface Counted {
  readonly seen: IdSet;
  readonly known: number;
  readonly unusable: readonly Unusable[];
  readonly deferred: readonly Deferred[];
  readonly leftPlaces: readonly LeftPlace[];
  readonly movedPlaces: readonly LeftPlace[];
  readonly contested: ReadonlySet<string>;
  readonly neverCounted: ReadonlySet<string>;
  readonly respelled: ReadonlyMap<string, string>;
  readonly isGone: (id: string) => boolean;
}

/** An entry of which nobody knows whose it is. */
export interface Stranger {
  readonly dn: string;
  /** Whether it was not there before. */
  readonly isNew: boolean;
}

/** That somebody who is not shown may be another entry. */
export interface Contention {
  readonly problem: Problem;
  /** Whether an entry was not there before; one that was there beside the person is nobody else now. */
  readonly isNew: boolean;
}

/** A read that has ended: now it can be said who is gone. */
export class ClosedCensus {
  readonly #counted: Counted;
  #recognised = 0;
  #strangers = 0;
  /** Those who look like this. */
  readonly #likeness = new Map<string, Stranger>();
  readonly #contended = new Map<string, Contention>();

  constructor(counted: Counted) {
    this.#counted = counted;
  }

  get unusable(): readonly Unusable[] {
    return this.#counted.unusable;
  }

  /** Without those whose identifier does not tell who they are. */
  get deferred(): readonly Deferred[] {
    const { deferred, contested } = this.#counted;
    return deferred.filter(({ sighting }) => !contested.has(sighting.id));
  }

  /** Identifiers that two entries have. */
  get contested(): ReadonlySet<string> {
    return this.#counted.contested;
  }

  /** Of these, those of whom no entry was taken for known as it is. */
  get neverCounted(): ReadonlySet<string> {
    return this.#counted.neverCounted;
  }

  /** Entries with such an identifier that would have taken somebody's place. */
  get contestedHeirs(): readonly Deferred[] {
    const { deferred, contested } = this.#counted;
    return deferred.filter(({ sighting }) => contested.has(sighting.id));
  }

  /** Where those entries stand, of which one has such an identifier, and which would have been linked. */
  get contestedPlaces(): readonly string[] {
    const { deferred, contested } = this.#counted;
    return deferred.flatMap(({ sighting }) => (contested.has(sighting.id) ? [sighting.dn] : []));
  }

  /** New identifiers that are those of somebody else but for their spelling, by that person's. */
  get respelled(): ReadonlyMap<string, string> {
    return this.#counted.respelled;
  }

  /** Where people were who were in the scope, and are elsewhere in it now. */
  get movedPlaces(): readonly LeftPlace[] {
    return this.#counted.movedPlaces;
  }

  /** Where people were whose DN is another one now, also those who are back. */
  get leftPlaces(): readonly LeftPlace[] {
    return this.#counted.leftPlaces;
  }

  /** People who are there and were in the scope before. */
  get known(): number {
    return this.#counted.known + this.#recognised;
  }

  /** Whether an entry of before is certainly not there any more. */
  isGone(id: string): boolean {
    return this.#counted.isGone(id);
  }

  /** Somebody who is not shown may be another entry, or one of several. */
  contend(id: string, contention: Contention): void {
    const before = this.#contended.get(id);
    this.#contended.set(id, { ...contention, isNew: contention.isNew || before?.isNew === true });
  }

  /** Why somebody may be another entry; null: nothing speaks for it. */
  contentionOf(id: string): Contention | null {
    return this.#contended.get(id) ?? null;
  }

  /** Somebody is there, and nobody knows who it is. @param isNew whether it was not there before */
  noteStranger({ dn, likeness = [] }: Unusable, isNew: boolean): void {
    if (isNew) this.#strangers++;
    for (const one of likeness)
      if (isNew || !this.#likeness.has(one)) this.#likeness.set(one, { dn, isNew });
  }

  /** Somebody of whom nobody knows who it is, and who looks like this; null: nobody does. */
  strangerLike(likeness: readonly string[]): Stranger | null {
    const alike = likeness.flatMap((one) => this.#likeness.get(one) ?? []);
    return alike.find(({ isNew }) => isNew) ?? alike[0] ?? null;
  }

  /** How many of those who are new may be anybody. */
  get strangers(): number {
    return this.#strangers;
  }

  /**
   * Takes an unusable entry for somebody who stood at its place, and so is not gone.
   * @returns false if that person was seen elsewhere: then the entry is another one
   */
  recognise({ externalId, status }: AppUser, byPlace: boolean): boolean {
    if (byPlace && !this.#counted.seen.add(externalId)) return false;
    if (status !== "removed") this.#recognised++;
    return true;
  }
}
