/**
 * uSNChanged: every domain controller numbers its own changes. The numbers of two controllers
 * cannot be compared, so each has its own position, kept by its invocation id: a controller that
 * was restored from a backup gets a new one. Deleted objects are seen only where the account may
 * read them, which shows in whether it sees any.
 */
import { RollcallError } from "../../../model/errors.ts";
import { MustReadAll } from "../../../model/incremental.ts";
import { parseFilter } from "../../filter.ts";
import { guidText } from "../../values.ts";
import { resultError, SIZE_LIMIT_EXCEEDED } from "../result-codes.ts";
import { SHOW_DELETED, SHOW_RECYCLED } from "../oids.ts";
import { searchAll, type SmallEntry } from "../search-all.ts";
import { control, type SearchRequest } from "../search-request.ts";
import { contextsOf } from "./naming-contexts.ts";
import { numberAt, requireStamps, type IncrementalWay, type WayContext } from "./way.ts";

export const usn: IncrementalWay = {
  offered: (server, idAttribute) =>
    server.highestUsn !== null && idAttribute.toLowerCase() === "objectguid",
  begin: async (context) => {
    const { highestUsn } = context.server;
    contextsOf(context);
    await requireStamps(context, "uSNChanged");
    return { [await invocationId(context)]: String(highestUsn ?? 0) };
  },
  changes: async (context, since, notes) => {
    const controller = await invocationId(context);
    const from = numberAt(since, controller);
    // Read before the search: what changes meanwhile is read again by the next one.
    const to = context.server.highestUsn ?? 0;
    if (to < from) {
      const reason = `The numbers of ${context.connection.url} went back from ${from} to ${to}.`;
      throw new MustReadAll("server_changed", reason);
    }
    for (const base of to === from ? [] : contextsOf(context)) {
      await search(context, base, { filter: `(uSNChanged>=${from + 1})` }, (entry) => {
        const [guid] = entry.values("objectGUID");
        if (guid?.length !== 16) return;
        if (isGone(entry)) notes.remove(guidText(guid));
        else notes.touch(guidText(guid));
      });
    }
    notes.sawDeletions = await seesDeleted(context);
    // Of this controller alone: what is stored is as this one says, which may lag behind others.
    return { [controller]: String(to) };
  },
  blindness: async (context) =>
    (await seesDeleted(context))
      ? null
      : "no deleted object is visible to the account, so deletions show only when identifiers are compared",
};

/** Deleted, or recycled after that, which takes `isDeleted` away on some versions. */
function isGone(entry: SmallEntry): boolean {
  const states = [...entry.values("isDeleted"), ...entry.values("isRecycled")];
  return states.some((value) => value.toString().toUpperCase() === "TRUE");
}

/** Who sees a deleted computer, which is a user to Active Directory, may not see deleted people. */
const DELETED_PERSON = "(&(isDeleted=TRUE)(objectClass=user)(!(objectClass=computer)))";

/** Whether the account sees deleted people everywhere. False also where nobody was ever deleted. */
async function seesDeleted(context: WayContext): Promise<boolean> {
  for (const base of contextsOf(context)) {
    let seen = false;
    const deleted = { filter: DELETED_PERSON, first: true };
    const isTold = await search(context, base, deleted, () => (seen = true)).then(
      () => true,
      // The search for the first of them may walk through everybody, and be given up.
      (error: unknown) => {
        if (error instanceof RollcallError && error.code === "ldap.limitExceeded") return false;
        throw error;
      },
    );
    if (!isTold || !seen) return false;
  }
  return true;
}

async function invocationId(context: WayContext): Promise<string> {
  const { server, connection, signal } = context;
  const settings = server.dsServiceName;
  let found: Buffer | undefined;
  if (settings !== null) {
    const own: SearchRequest = {
      ...context.request(settings, parseFilter("(objectClass=*)"), ["invocationId"]),
      scope: "base",
      pageSize: null,
    };
    const entry = (one: SmallEntry): void => void (found = one.values("invocationId")[0]);
    await searchAll(connection, own, { entry }, signal);
  }
  if (found?.length === 16) return guidText(found);
  const reason = `${connection.url} does not tell which domain controller it is.`;
  throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
}

async function search(
  context: WayContext,
  base: string,
  { filter, first = false }: { readonly filter: string; readonly first?: boolean },
  entry: (entry: SmallEntry) => void,
): Promise<void> {
  const { connection, server, signal } = context;
  const request: SearchRequest = {
    ...context.request(base, parseFilter(filter), ["objectGUID", "isDeleted", "isRecycled"]),
    controls: [control(server.controls.has(SHOW_RECYCLED) ? SHOW_RECYCLED : SHOW_DELETED, true)],
    ...(first ? { pageSize: null, sizeLimit: 1 } : {}),
  };
  const result = await searchAll(connection, request, { entry }, signal);
  if (result.code === SIZE_LIMIT_EXCEEDED && first) return;
  if (result.code !== 0) throw resultError(connection, `searching ${base}`, result);
}
