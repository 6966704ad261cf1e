/** Everything that is known about one user: what an explanation is made of. */
import { stateOf, type DirectoryState } from "../../engine/directory-state.ts";
import type { Engine } from "../../engine/engine.ts";
import { loadRelations } from "../../engine/people/relations.ts";
import { livePerson } from "../../engine/people/sightings.ts";
import { sameJson } from "../../lib/same.ts";
import type { AppProfile } from "../../model/entry.ts";
import { RollcallError, type Problem } from "../../model/errors.ts";
import type { Absence } from "../../model/run.ts";
import type { User } from "../../model/user.ts";
import type { Sighting } from "../../reconciler/decide.ts";
import type { Relations } from "../../reconciler/scope.ts";
import { resolveProfile, type Resolved } from "../../reconciler/source-priority.ts";
import { linksOf } from "../../reconciler/writes.ts";
import { appUsersOf, type AppUserTimes, type StoredAppUser } from "../../store/app-users.ts";
import { conflictsOf } from "./conflicts.ts";
import { notLinkedCauses, type NotLinked } from "./not-linked.ts";

export type LinkedAppUser = StoredAppUser & AppUserTimes;

/** What a directory answers when it is asked about a person now. */
export type LiveAnswer =
  | {
      readonly kind: "found";
      readonly sighting: Sighting;
      /** Attributes that have other values than were imported. */
      readonly differs: readonly string[];
      /** Whether the account is disabled or enabled there, and was imported as the opposite. */
      readonly standingDiffers: boolean;
    }
  | { readonly kind: "absent"; readonly where: Exclude<Absence, "disconnected"> }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

export interface UserFacts {
  readonly engine: Engine;
  readonly user: User;
  /** One for each configured directory: the one in its scope, or else the last one that left it. */
  readonly appUsers: readonly LinkedAppUser[];
  /** In directories that are not configured any more. */
  readonly former: readonly LinkedAppUser[];
  /** App profiles that count, by directory. */
  readonly links: ReadonlyMap<string, AppProfile>;
  readonly relations: Relations;
  /** What the mappings give now. */
  readonly resolved: Resolved;
  /** Logins and unique values of it that somebody else has now. */
  readonly conflicts: readonly Problem[];
  readonly states: ReadonlyMap<string, DirectoryState>;
  /** By directory, where it was asked. */
  readonly live: ReadonlyMap<string, LiveAnswer>;
  /** Why directories that count are not linked, where there is something to tell. */
  readonly notLinked: ReadonlyMap<string, NotLinked>;
}

/** @param live whether the directories are asked about the person now */
export async function gatherFacts(
  engine: Engine,
  user: User,
  live: boolean,
  signal: AbortSignal,
): Promise<UserFacts> {
  const { rules, store } = engine;
  const all = await appUsersOf(store.db, user.id);
  const appUsers = [...rules.directories.keys()].flatMap((name) => bestOf(all, name));
  const former = all.filter(
    (one) => !rules.directories.has(one.directory) && one.status !== "removed",
  );
  const present = appUsers.filter((one) => one.status !== "removed");
  const links = linksOf(present, null, {});
  const relations = (await loadRelations(engine, Date.now(), present))(present);
  const resolved = resolveProfile(rules, { links, before: user, creator: null, relations });
  const conflicts = await conflictsOf(engine, user.id, resolved);
  const states = new Map<string, DirectoryState>();
  for (const name of rules.directories.keys()) states.set(name, await stateOf(engine, name));
  const answers = new Map<string, LiveAnswer>();
  for (const appUser of live ? appUsers : [])
    answers.set(appUser.directory, await askDirectory(engine, appUser, signal));
  const notLinked = await notLinkedCauses({ engine, user, links, live, signal });
  return {
    engine,
    user,
    appUsers,
    former,
    links,
    relations,
    resolved,
    conflicts,
    states,
    live: answers,
    notLinked,
  };
}

/** An account that was made anew leaves the old one behind; the one in the scope counts. */
function bestOf(all: readonly LinkedAppUser[], name: string): LinkedAppUser[] {
  const own = all.filter((one) => one.directory === name);
  const sorted = own.toSorted(
    (a, b) =>
      Number(a.status === "removed") - Number(b.status === "removed") ||
      b.importedAt.getTime() - a.importedAt.getTime(),
  );
  return sorted.slice(0, 1);
}

async function askDirectory(
  engine: Engine,
  appUser: LinkedAppUser,
  signal: AbortSignal,
): Promise<LiveAnswer> {
  const { directory, externalId, profile } = appUser;
  try {
    const sighting = await livePerson(engine, directory, externalId, signal);
    const names = new Set([...Object.keys(profile), ...Object.keys(sighting.profile)]);
    const differs = [...names].filter(
      (name) => !sameJson(profile[name] ?? null, sighting.profile[name] ?? null),
    );
    const standingDiffers =
      appUser.status !== "removed" && sighting.disabled !== (appUser.status === "disabled");
    return { kind: "found", sighting, differs, standingDiffers };
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
    const { code, message } = thrown;
    if (code !== "user.notFound") return { kind: "failed", code, message };
    return { kind: "absent", where: await whereIs(engine, directory, externalId, signal) };
  }
}

/** Where an entry is that the search does not find. */
async function whereIs(
  engine: Engine,
  directory: string,
  id: string,
  signal: AbortSignal,
): Promise<Exclude<Absence, "disconnected">> {
  try {
    await using session = await engine.openDirectory(directory).open(signal);
    return (await session.absence(1).of([id])).get(id) ?? "unexamined";
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
    return "unexamined";
  }
}
