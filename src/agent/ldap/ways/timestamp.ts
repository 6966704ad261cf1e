/**
 * modifyTimestamp (whenChanged in Active Directory): what every directory has. It tells who was
 * added or changed since the greatest time seen, to the second and by the server's own clock; an
 * overlap covers replicas whose clocks differ. Whoever was read before is recognised by the hash.
 * It cannot tell who was deleted; for that, identifiers are compared at intervals.
 */
import { MustReadAll } from "../../../model/incremental.ts";
import { generalizedTime, toGeneralizedTime } from "../../../model/times.ts";
import { externalId } from "../../identity.ts";
import { resultError } from "../result-codes.ts";
import { isAd } from "../root-dse.ts";
import { searchAll } from "../search-all.ts";
import { positionAt, type EntryClock, type IncrementalWay } from "./way.ts";

export const timestamp: IncrementalWay = {
  offered: () => true,
  // The greatest time is found while everybody is read.
  begin: () => Promise.resolve({}),
  clock: (server) => new TimeWatch(server),
  changes: async (context, since, notes) => {
    const { connection, server, signal, timeAttribute } = context;
    // Another server may lag behind, and have had nothing to tell of what changed since.
    const position = positionAt(since, connection.url);
    const from = Date.parse(position);
    if (Number.isNaN(from)) throw new MustReadAll("checkpoint_refused", `${position} is no time.`);
    const earliest = toGeneralizedTime(from - context.overlapSeconds * 1000, isAd(server));
    const watch = new TimeWatch(connection.url, from);
    for (const { base, scope, filter, idAttribute, ofPeople } of context.scans) {
      const changed = {
        kind: "greater",
        attribute: timeAttribute,
        value: Buffer.from(earliest),
      } as const;
      const narrowed = { kind: "and", items: [filter, changed] } as const;
      const request = {
        ...context.request(base, narrowed, [idAttribute, timeAttribute]),
        scope,
      };
      const result = await searchAll(
        connection,
        request,
        {
          entry: (entry) => {
            for (const value of entry.values(timeAttribute)) watch.note(value);
            const [value] = entry.values(idAttribute);
            const id = value === undefined ? null : externalId(idAttribute, value);
            if (id === null) return;
            notes.touch(id);
            if (ofPeople) notes.somebody ??= id;
          },
        },
        signal,
      );
      if (result.code !== 0) throw resultError(connection, `searching ${base}`, result);
    }
    notes.sawDeletions = false;
    return watch.positions();
  },
};

/** A server's clock may be ahead of ours; a time further ahead is somebody's mistake. */
const AHEAD_MS = 10 * 60_000;

/**
 * Remembers the greatest modification time of all entries that pass. What was changed while they
 * were being read may have been missed although something later was seen, so the position lies
 * before the read by as long as the read took.
 */
class TimeWatch implements EntryClock {
  readonly #server: string;
  readonly #from: number;
  readonly #startedAt = Date.now();
  #greatest: number;

  constructor(server: string, from = Number.NEGATIVE_INFINITY) {
    this.#server = server;
    this.#from = from;
    this.#greatest = from;
  }

  note(value: Buffer): void {
    const time = generalizedTime(value.toString("latin1"));
    if (time === null || time > Date.now() + AHEAD_MS) return;
    if (time > this.#greatest) this.#greatest = time;
  }

  /** @throws MustReadAll if no entry had a time */
  positions(): Record<string, string> {
    if (!Number.isFinite(this.#greatest)) {
      const reason = "No entry has a modification time that the account may read.";
      throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
    }
    const since = Math.max(this.#from, this.#greatest - (Date.now() - this.#startedAt));
    return { [this.#server]: new Date(since).toISOString() };
  }
}
