/** What is known about somebody who is no user. */
import { formerDirectories } from "../../engine/directories.ts";
import { stateOf } from "../../engine/directory-state.ts";
import type { Engine } from "../../engine/engine.ts";
import { livePeople } from "../../engine/people/sightings.ts";
import { dnKey } from "../../model/dn.ts";
import { RollcallError } from "../../model/errors.ts";
import { loginKey, type AppUser, type User } from "../../model/user.ts";
import { mappedLogin } from "../../reconciler/explain/entries.ts";
import type {
  AnswerAboutNobody,
  AskedDirectory,
  UnknownFacts,
} from "../../reconciler/explain/unknown.ts";
import { appUsersByIds, findAppUser } from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import { failingEntries } from "../../store/failing.ts";
import { queryLog } from "../../store/system-log.ts";
import { entriesWithoutUser } from "../../store/unmatched.ts";
import { usersByIds } from "../../store/users.ts";
import type { ExplainRequest } from "./request.ts";
import { configuredOf } from "./gather.ts";
import { gatherEntry } from "./loose-entry.ts";

/** The user whom an external id or a DN belongs to; or the entry, if it has none. */
export async function findByEntry(
  engine: Engine,
  who: string,
): Promise<{ readonly user: User | null; readonly entry: AppUser | null }> {
  const { db } = engine.store;
  const former = (await formerDirectories(engine)).map((one) => one.directory);
  let entry: AppUser | null = null;
  for (const name of [...engine.rules.directories.keys(), ...former]) {
    // A name may be written in other ways than the directory writes it, an identifier in other case.
    for (const text of new Set([who, dnKey(who), who.toLowerCase()])) {
      const found = await findAppUser(db, name, text);
      if (found === null) continue;
      const [user = null] = found.userId === null ? [] : await usersByIds(db, [found.userId]);
      if (user !== null) return { user, entry: found };
      if (found.status !== "removed") entry ??= found;
    }
  }
  return { user: null, entry };
}

/** @param entry an app user that is known to be meant, but has no user */
export async function gatherUnknown(
  engine: Engine,
  who: string,
  entry: AppUser | null,
  { live, signal }: ExplainRequest,
): Promise<UnknownFacts> {
  const nothing = { entry: null, former: null, unkept: null, asked: [] } as const;
  const base = { ...configuredOf(engine), who, live, ...nothing };
  const meant = entry ?? (await entryByLogin(engine, who));
  if (meant !== null) return { ...base, entry: await gatherEntry(engine, meant, null) };
  const former = await formerUser(engine, who);
  const unkept = former === null ? await unkeptEntry(engine, who) : null;
  if ((former !== null || unkept !== null) && !live) return { ...base, former, unkept };
  return { ...base, former, unkept, asked: await askAll(engine, who, live, signal) };
}

/** Every directory, up to the first that shows the person. */
async function askAll(
  engine: Engine,
  who: string,
  live: boolean,
  signal: AbortSignal,
): Promise<AskedDirectory[]> {
  const asked: AskedDirectory[] = [];
  for (const directory of engine.rules.directories.keys()) {
    const answer = live ? await askNow(engine, directory, who, signal) : null;
    asked.push({ directory, state: await stateOf(engine, directory), answer });
    if (answer?.kind === "found") break;
  }
  return asked;
}

/** Asks a directory whether it shows somebody who would get this login, or has this name. */
async function askNow(
  engine: Engine,
  directory: string,
  who: string,
  signal: AbortSignal,
): Promise<AnswerAboutNobody> {
  const [login, place] = [loginKey(who), dnKey(who)];
  let people = 0;
  try {
    for await (const { sightings, unusable } of livePeople(engine, directory, signal)) {
      people += sightings.length + unusable.length;
      const found = sightings.find(
        ({ id, dn, profile }) =>
          id === who ||
          dnKey(dn) === place ||
          mappedLogin(engine.rules, directory, profile) === login,
      );
      if (found === undefined) continue;
      const { id, dn } = found;
      return { kind: "found", id, dn, belongsTo: await ownerOf(engine, directory, id) };
    }
    return { kind: "none", people };
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
    const { code, message } = thrown;
    return { kind: "failed", code, message };
  }
}

/** The login of the user whom an entry belongs to; null if it was not imported, or has none. */
async function ownerOf(
  { store: { db } }: Engine,
  directory: string,
  id: string,
): Promise<string | null> {
  const [stored] = await appUsersByIds(db, directory, [id]);
  const [user] = stored?.userId == null ? [] : await usersByIds(db, [stored.userId]);
  return user?.login ?? null;
}

const MOST = 10_000;

/** An entry that could not be kept at all: it has no identifier, or none of its own. */
async function unkeptEntry(
  { store: { db }, directories }: Engine,
  who: string,
): Promise<UnknownFacts["unkept"]> {
  for (const directory of directories.keys()) {
    const checkpoint = await readCheckpoint(db, directory);
    if (checkpoint === null) continue;
    const entries = await failingEntries(db, directory, checkpoint.runId, MOST);
    const found = entries.find((one) => dnKey(one.dn) === dnKey(who));
    if (found !== undefined) return { directory, dn: found.dn, error: found.error };
  }
  return null;
}

/** An imported entry without a user whose mapping gives this login. */
async function entryByLogin({ rules, store }: Engine, who: string): Promise<AppUser | null> {
  const wanted = loginKey(who);
  for (const directory of rules.directories.keys()) {
    for await (const page of entriesWithoutUser(store.db, directory)) {
      const entry = page.find((one) => mappedLogin(rules, directory, one.profile) === wanted);
      if (entry !== undefined) return entry;
    }
  }
  return null;
}

/** Somebody who had this login once, written as it was then or in small letters. */
async function formerUser({ store: { db } }: Engine, who: string): Promise<UnknownFacts["former"]> {
  const items = [...new Set([who, loginKey(who)])].map((value) => {
    return { kind: "compare", path: "target.alternateId", operator: "eq", value } as const;
  });
  const events = await queryLog(db, {
    filter: { kind: "or", items },
    since: null,
    until: null,
    words: [],
    limit: 20,
    newestFirst: true,
    after: null,
  });
  const target = events
    .flatMap((event) => event.target)
    .find((one) => one.type === "User" && loginKey(one.alternateId) === loginKey(who));
  if (target === undefined) return null;
  const [user] = await usersByIds(db, [target.id]);
  if (user !== undefined) return { kind: "renamed", login: user.login };
  return { kind: "deleted", id: target.id, at: events[0]?.published ?? "unknown" };
}
