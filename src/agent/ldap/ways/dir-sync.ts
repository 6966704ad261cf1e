/**
 * DirSync (MS-ADTS 3.1.1.3.4.1.3): Active Directory and Samba tell what changed in a naming
 * context since a cookie, deletions included. The account needs the right "Replicating Directory
 * Changes"; without it, `uSNChanged` is used. With the flag OBJECT_SECURITY it would work for
 * anybody, but hide deletions without a word, so it is not used.
 */
import { MustReadAll } from "../../../model/incremental.ts";
import { parseFilter } from "../../filter.ts";
import { guidText } from "../../values.ts";
import { BerCursor, BerError, integer, octetString, TAG, tlv } from "../ber.ts";
import { resultError } from "../result-codes.ts";
import { DIR_SYNC } from "../oids.ts";
import { searchAll } from "../search-all.ts";
import type { SearchResult } from "../search-channel.ts";
import { control } from "../search-request.ts";
import { contextsOf } from "./naming-contexts.ts";
import { positionAt, type ChangeNotes, type IncrementalWay, type WayContext } from "./way.ts";

/** INCREMENTAL_VALUES: of a long list only what changed. A negative number, as the wire has it. */
const FLAGS = tlv(TAG.integer, Buffer.from([0x80, 0, 0, 0]));
const MAX_BYTES = 1024 * 1024;
const EVERYTHING = parseFilter("(objectClass=*)");
/** Fits nothing: a cookie of now costs no list of all entries. */
const NOTHING = parseFilter("(objectGUID=\\00)");
/** One answer may take MaxDirSyncDuration, 60 seconds, and a walk over a large domain several. */
const DIR_SYNC_PATIENCE = 180;
/** A server that always says "more" will never end. */
const MAX_ROUNDS = 100_000;

export const dirSync: IncrementalWay = {
  offered: (server, idAttribute) =>
    server.controls.has(DIR_SYNC) && idAttribute.toLowerCase() === "objectguid",
  begin: async (context) => {
    const positions: Record<string, string> = {};
    for (const base of contextsOf(context)) positions[base] = await rounds(context, base, "", null);
    return positions;
  },
  changes: async (context, since, notes) => {
    const positions: Record<string, string> = {};
    for (const base of contextsOf(context)) {
      positions[base] = await rounds(context, base, positionAt(since, base), notes);
    }
    return positions;
  },
};

/** The server answers in pieces, each with a cookie for the next one. */
async function rounds(
  context: WayContext,
  base: string,
  since: string,
  notes: ChangeNotes | null,
): Promise<string> {
  let cookie: Buffer = Buffer.from(since, "base64");
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = await oneRound(context, base, cookie, notes);
    cookie = next.cookie;
    if (!next.more) return cookie.toString("base64");
  }
  throw new MustReadAll("checkpoint_refused", `DirSync of ${base} does not end.`);
}

async function oneRound(
  context: WayContext,
  base: string,
  cookie: Buffer,
  notes: ChangeNotes | null,
): Promise<{ cookie: Buffer; more: boolean }> {
  const { connection, signal } = context;
  const value = tlv(TAG.sequence, FLAGS, integer(MAX_BYTES), octetString(cookie));
  const request = {
    ...context.request(base, notes === null ? NOTHING : EVERYTHING, []),
    pageSize: null,
    domainScope: false,
    controls: [control(DIR_SYNC, true, value)],
  };
  const result = await searchAll(
    connection,
    request,
    {
      // Heads of other naming contexts; whatever changed in this one comes as entries.
      ignoreReferences: true,
      patience: Math.max(connection.patience, DIR_SYNC_PATIENCE),
      entry: (entry) => {
        const [guid] = entry.values("objectGUID");
        if (guid?.length !== 16) return;
        const deleted = entry.values("isDeleted")[0]?.toString().toUpperCase() === "TRUE";
        if (deleted) notes?.remove(guidText(guid));
        else notes?.touch(guidText(guid));
      },
    },
    signal,
  );
  if (result.code !== 0) {
    const error = resultError(connection, `DirSync of ${base}`, result);
    // A position is taken by another way then; who asks what changed, asks again later.
    if (error.code === "ldap.busy" && notes !== null) throw error;
    const right =
      error.code === "ldap.insufficientAccess"
        ? " Grant the account Replicating Directory Changes on the domain."
        : "";
    throw new MustReadAll("checkpoint_refused", `${error.message}.${right}`);
  }
  return positionOf(result, connection.url);
}

/** The cookie of the answer. @throws MustReadAll if there is none, or it cannot be made out */
function positionOf(result: SearchResult, url: string): { cookie: Buffer; more: boolean } {
  try {
    const answer = result.controls.get(DIR_SYNC);
    if (answer === undefined)
      throw new MustReadAll("checkpoint_refused", `${url} does not know DirSync.`);
    const cursor = new BerCursor(answer).enter(TAG.sequence);
    const more = cursor.integer() !== 0;
    cursor.take(TAG.integer);
    const cookie = Buffer.from(cursor.octets());
    if (cookie.length === 0)
      throw new MustReadAll("checkpoint_refused", `${url} gave no cookie to go on from.`);
    return { more, cookie };
  } catch (error) {
    if (!(error instanceof BerError)) throw error;
    throw new MustReadAll(
      "checkpoint_refused",
      `The answer to DirSync is unclear: ${error.message}.`,
    );
  }
}
