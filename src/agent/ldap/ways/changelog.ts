/**
 * The retro changelog of 389 (draft-good-ldap-changelog): every change under a number. A change
 * names the entry by its DN; the stable identifier stands beside it only if the plugin is told to
 * write it (nsslapd-attribute), without which this way is not used: a DN may have another owner by
 * the time it is looked at.
 */
import { hash } from "node:crypto";
import { dnKey, isWithin } from "../../../model/dn.ts";
import { MustReadAll } from "../../../model/incremental.ts";
import { parseFilter } from "../../filter.ts";
import { resultError } from "../result-codes.ts";
import { readRootDse } from "../root-dse.ts";
import { searchAll, type SmallEntry } from "../search-all.ts";
import {
  numberAt,
  type ChangeNotes,
  type IncrementalWay,
  type Positions,
  type WayContext,
} from "./way.ts";

const ATTRIBUTES = [
  "changeNumber",
  "changeTime",
  "changeType",
  "targetDn",
  "targetUniqueId",
  "targetEntryUUID",
];
const ID_ATTRIBUTES: Readonly<Record<string, string>> = {
  nsuniqueid: "targetUniqueId",
  entryuuid: "targetEntryUUID",
};

export const changelog: IncrementalWay = {
  offered: (server, idAttribute) =>
    server.changelog !== null && ID_ATTRIBUTES[idAttribute.toLowerCase()] !== undefined,
  begin: async (context) => {
    const { last } = requireChangelog(context);
    // Whoever may not read it gets no error but nothing.
    const content = await readNumbers(context, last, last, null);
    return positionsOf(context, last, content);
  },
  changes: async (context, since, notes) => {
    // Every server numbers its own changes.
    const from = numberAt(since, context.connection.url);
    const { first, last } = requireChangelog(context);
    if (last < from) {
      const reason = `The changelog ends at ${last}, before ${from}: the server was set up anew.`;
      throw new MustReadAll("server_changed", reason);
    }
    refuseGap(first, from);
    // From the last one that was read on, to see whether it is still the same change.
    const start = Math.max(from, first);
    const read =
      start > last ? NOTHING_LEFT : await readNumbers(context, start, last, { from, notes });
    const before = since[recordKey(context)];
    const now = read.get(from);
    if (before !== undefined && now !== undefined && now !== before) {
      const reason = `Change ${from} of ${context.connection.url} is another one now: the server was set back or set up anew.`;
      throw new MustReadAll("server_changed", reason);
    }
    if (last > from) {
      // Trimming goes on while it is being read.
      const after = (await readRootDse(context.connection, context.signal)).changelog;
      refuseGap(after?.first ?? Number.POSITIVE_INFINITY, from);
    }
    // Of this server alone: what is stored is as this one says, which may lag behind others.
    return positionsOf(context, last, read);
  },
};

/** By which the content of the last change that was read stands beside its number. */
function recordKey({ connection }: WayContext): string {
  return `${connection.url} content`;
}

function positionsOf(
  context: WayContext,
  last: number,
  contents: ReadonlyMap<number, string>,
): Positions {
  const content = contents.get(last);
  const position = { [context.connection.url]: String(last) };
  return content === undefined ? position : { ...position, [recordKey(context)]: content };
}

/** All that there was is trimmed. */
const NOTHING_LEFT: ReadonlyMap<number, string> = new Map();

function refuseGap(first: number, from: number): void {
  if (first <= from + 1) return;
  const reason = `The changelog begins at ${first}; changes from ${from + 1} on were trimmed.`;
  throw new MustReadAll("history_lost", reason);
}

function requireChangelog({ server, connection }: WayContext): { first: number; last: number } {
  if (server.changelog !== null) return server.changelog;
  const reason = `${connection.url} has no retro changelog.`;
  throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
}

/**
 * Reads changes by number; the last one must come, or the read was not whole.
 * @param told who is told of those after a number
 * @returns what each of the first and the last number is, as a hash
 */
async function readNumbers(
  context: WayContext,
  from: number,
  to: number,
  told: { readonly from: number; readonly notes: ChangeNotes } | null,
): Promise<ReadonlyMap<number, string>> {
  const contents = new Map<number, string>();
  if (to === 0) return contents;
  const { connection, server, signal } = context;
  const base = server.changelog?.base ?? "cn=changelog";
  const filter = parseFilter(`(&(changeNumber>=${from})(changeNumber<=${to}))`);
  const request = { ...context.request(base, filter, ATTRIBUTES), scope: "one" as const };
  let greatest = 0;
  const entry = (change: SmallEntry): void => {
    const number = Number(change.values("changeNumber")[0] ?? 0);
    greatest = Math.max(greatest, number);
    if (number === from || number === to) contents.set(number, contentOf(change));
    if (told !== null && number > told.from) note(context, change, told.notes);
  };
  const result = await searchAll(connection, request, { entry }, signal);
  if (result.code !== 0) {
    const error = resultError(connection, `reading ${base}`, result);
    if (error.code === "ldap.busy") throw error;
    throw new MustReadAll("checkpoint_refused", error.message);
  }
  if (greatest < to) {
    const reason = `Of ${base}, only changes up to ${greatest} of ${to} can be read; the account may lack the right.`;
    throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
  }
  return contents;
}

/** What a change is: when, of what kind and of which entry. */
function contentOf(change: SmallEntry): string {
  const parts = ATTRIBUTES.map((name) => change.values(name).map(String).join(" "));
  return hash("sha1", parts.join("\n"), "hex");
}

function note(context: WayContext, change: SmallEntry, notes: ChangeNotes): void {
  const text = (name: string): string => change.values(name)[0]?.toString() ?? "";
  const type = text("changeType").toLowerCase();
  const target = dnKey(text("targetDn"));
  const inside = context.bases.some((base) => isWithin(target, dnKey(base)));
  // A move may come from outside; everything else out there is nobody of ours.
  if (!inside && type !== "modrdn") return;
  const id = text(ID_ATTRIBUTES[context.idAttribute.toLowerCase()] ?? "");
  if (id === "") {
    const reason =
      "The retro changelog does not name identifiers. Set nsslapd-attribute: nsuniqueid:targetUniqueId in its plugin.";
    throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
  }
  if (type === "delete") notes.remove(id);
  else notes.touch(id);
}
