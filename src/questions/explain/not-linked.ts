/** What is known about the directories that count for a user, but are not linked to it. */
import { stateOf } from "../../engine/directory-state.ts";
import type { Engine } from "../../engine/engine.ts";
import { livePeople } from "../../engine/people/sightings.ts";
import type { AppProfile } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import type { CutLink } from "../../model/history.ts";
import { loginKey, type AppUser, type User } from "../../model/user.ts";
import { mappedLogin, maybeOf, rankOf } from "../../reconciler/explain/entries.ts";
import type { NotLinkedFacts } from "../../reconciler/explain/facts.ts";
import { appUsersByIds } from "../../store/app-users.ts";
import { lastCutOf } from "../../store/history.ts";
import { entriesWithoutUser } from "../../store/unmatched.ts";
import type { ExplainRequest } from "./request.ts";
import { gatherEntry, matchedUsers } from "./loose-entry.ts";

/** A user with the app profiles that count, by directory. */
interface Linked {
  readonly user: User;
  readonly links: ReadonlyMap<string, AppProfile>;
}

export async function gatherNotLinked(
  engine: Engine,
  linked: Linked,
  request: ExplainRequest,
): Promise<ReadonlyMap<string, NotLinkedFacts>> {
  const { sources, overrides, directories } = engine.rules;
  const orders = [...overrides.values()].flatMap((order) => (order === "okta" ? [] : order));
  const found = new Map<string, NotLinkedFacts>();
  for (const name of new Set([...sources, ...orders])) {
    if (linked.links.has(name) || !directories.has(name)) continue;
    found.set(name, await gatherOne(engine, linked, name, request));
  }
  return found;
}

async function gatherOne(
  engine: Engine,
  linked: Linked,
  directory: string,
  { live, signal }: ExplainRequest,
): Promise<NotLinkedFacts> {
  const { user } = linked;
  const nothing = { cut: null, entry: null, asked: null } as const;
  const known = { directory, state: await stateOf(engine, directory), ...nothing };
  const cut = await cutOf(engine, user, directory);
  if (cut !== null) return { ...known, cut };
  const entry = await entryOf(engine, user, directory);
  if (entry !== null) return { ...known, entry: await gatherEntry(engine, entry, linked) };
  return live ? { ...known, asked: await askNow(engine, user, directory, signal) } : known;
}

/** A link to the directory that a person cut, if its entry is set aside still and may be theirs. */
async function cutOf(
  { rules, store: { db } }: Engine,
  user: User,
  directory: string,
): Promise<CutLink | null> {
  const cut = await lastCutOf(db, user.id, directory);
  if (cut === null) return null;
  const [entry] = await appUsersByIds(db, directory, [cut.externalId]);
  const isAside = entry?.setAside === true && entry.status !== "removed";
  return isAside && maybeOf(rules, user, directory, entry.profile) ? cut : null;
}

/** The entry without a user that is most likely this person's. */
async function entryOf(engine: Engine, user: User, directory: string): Promise<AppUser | null> {
  const { rules, store } = engine;
  let best: AppUser | null = null;
  for await (const page of entriesWithoutUser(store.db, directory)) {
    for (const entry of page) {
      if (!maybeOf(rules, user, directory, entry.profile)) continue;
      const isOwn = mappedLogin(rules, directory, entry.profile) === loginKey(user.login);
      if (!isOwn && (entry.setAside || !(await isMatched(engine, entry, user)))) continue;
      if (best === null || rankOf(entry) < rankOf(best)) best = entry;
    }
    if (best !== null && rankOf(best) === 0) return best;
  }
  return best;
}

/** Whether the matching rules find this user for an entry. */
async function isMatched(engine: Engine, entry: AppUser, user: User): Promise<boolean> {
  return (await matchedUsers(engine, entry)).some((one) => one.id === user.id);
}

/** Whether the directory shows an entry now that is new and may be this person's. */
async function askNow(
  engine: Engine,
  user: User,
  directory: string,
  signal: AbortSignal,
): Promise<NotLinkedFacts["asked"]> {
  try {
    for await (const { sightings } of livePeople(engine, directory, signal)) {
      const found = sightings.filter((one) => maybeOf(engine.rules, user, directory, one.profile));
      if (found.length === 0) continue;
      const ids = found.map((one) => one.id);
      const known = await appUsersByIds(engine.store.db, directory, ids);
      const present = known.filter((one) => one.status !== "removed");
      const seen = new Set(present.map((one) => one.externalId));
      const fresh = found.find((one) => !seen.has(one.id));
      if (fresh !== undefined) return { kind: "found", dn: fresh.dn };
    }
    return { kind: "nothing" };
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
    const { message, cure } = thrown;
    return { kind: "failed", message, cure };
  }
}
