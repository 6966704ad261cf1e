/**
 * Ranged attributes (MS-ADTS 3.1.1.3.1.3.3). Active Directory sends at most 1,500 values of an
 * attribute, under the name `member;range=0-1499`; the rest has to be asked for, until a range
 * ends in `*`. The pieces are put together into one entry with plain names, which is then treated
 * like any other. The server sends an empty `member` besides, which must not hide the values.
 */
import type { RawEntry } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import { octetString, TAG, tlv } from "./ber.ts";
import type { LdapConnection } from "./connection.ts";
import { scanEntry, SEARCH_RESULT_ENTRY, type EntryRules } from "./decode-entry.ts";
import { rangeOf } from "../range-option.ts";
import { resultError } from "./result-codes.ts";
import { searchAll, type SmallEntry } from "./search-all.ts";
import type { SearchRequest } from "./search-request.ts";

const STAMPS = ["uSNChanged", "modifyTimestamp"];
const OPERATIONS_ERROR = 1;

/**
 * Reads one entry with all values.
 * @param request its base is the entry's DN
 * @returns null if it is not there any more, does not fit the filter any more, or changed meanwhile
 */
export async function readWhole(
  connection: LdapConnection,
  request: SearchRequest,
  rules: EntryRules,
  signal: AbortSignal,
): Promise<RawEntry | null> {
  const before = await stampOf(connection, request, signal);
  const first = await readOne(connection, request, signal, false);
  if (first === null) return null;
  const whole = new Map<string, Buffer[]>();
  for (const name of first.names) {
    const range = rangeOf(name);
    const plain = range?.name ?? name;
    if (range !== null && range.from !== 0) throw elsewhere(plain, 0, range.from);
    const values = whole.get(plain) ?? [];
    values.push(...first.values(name));
    whole.set(plain, values);
    let next = range === null || range.to === null ? null : range.to + 1;
    while (next !== null) {
      const rest = { ...request, attributes: [`${plain};range=${next}-*`] };
      const piece = await readOne(connection, rest, signal, true);
      if (piece === null) return null;
      next = append(piece, plain, next, values);
    }
  }
  // Whoever leaves a list between two of its pieces moves all who come behind.
  if ((await stampOf(connection, request, signal)) !== before) return null;
  const attributes = [...whole].map(([name, values]) =>
    tlv(TAG.sequence, octetString(name), tlv(TAG.set, ...values.map((one) => octetString(one)))),
  );
  const bytes = tlv(SEARCH_RESULT_ENTRY, octetString(first.dn), tlv(TAG.sequence, ...attributes));
  return scanEntry(bytes, 0, bytes.length, rules);
}

/** Adds a piece to the values. @returns where the next piece begins; null after the last */
function append(piece: SmallEntry, name: string, from: number, values: Buffer[]): number | null {
  const lower = name.toLowerCase();
  const written = piece.names.find((one) => rangeOf(one)?.name.toLowerCase() === lower);
  const range = written === undefined ? null : rangeOf(written);
  // No range and no values: the list became shorter meanwhile.
  if (written === undefined || range === null) {
    if (piece.values(name).length > 0) throw elsewhere(name, from, undefined);
    return null;
  }
  if (range.from !== from) throw elsewhere(name, from, range.from);
  for (const value of piece.values(written)) values.push(value);
  return range.to === null ? null : range.to + 1;
}

/** A piece is not where it was asked for. */
function elsewhere(name: string, from: number, came: number | undefined): RollcallError {
  const how = came === undefined ? "without a range" : `from ${came} on`;
  const message = `A part of ${name} was asked for from ${from} on, and came ${how}.`;
  return new RollcallError("ldap.protocol", message);
}

/** By which a change of the entry shows; the same where it cannot be read. */
async function stampOf(
  connection: LdapConnection,
  request: SearchRequest,
  signal: AbortSignal,
): Promise<string> {
  const entry = await readOne(connection, { ...request, attributes: STAMPS }, signal, false);
  return STAMPS.map((name) => entry?.values(name).join() ?? "").join(" ");
}

async function readOne(
  connection: LdapConnection,
  request: SearchRequest,
  signal: AbortSignal,
  isRest: boolean,
): Promise<SmallEntry | null> {
  let found: SmallEntry | null = null;
  const single = { ...request, scope: "base", pageSize: null } as const;
  const entry = (one: SmallEntry): void => void (found = one);
  const result = await searchAll(connection, single, { entry }, signal);
  if (result.code === 32) return null;
  // A list that became shorter than what was asked for next (MS-ADTS 3.1.1.3.1.3.3).
  if (isRest && result.code === OPERATIONS_ERROR) return null;
  if (result.code !== 0) throw resultError(connection, `reading ${request.base}`, result);
  return found;
}
