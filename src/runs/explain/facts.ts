/** Everything that is known about one user: what an explanation is made of. */
import { RollcallError } from "../../model/errors.ts";
import { sameJson } from "../../lib/same.ts";
import type { AppProfile } from "../../model/entry.ts";
import type { Absence, Run } from "../../model/run.ts";
import type { User } from "../../model/user.ts";
import type { Around } from "../../reconciler/facts.ts";
import type { Sighting } from "../../reconciler/decide.ts";
import { resolveProfile, type Resolved } from "../../reconciler/source-priority.ts";
import { linksOf } from "../../reconciler/writes.ts";
import { appUsersOf, type AppUserTimes, type StoredAppUser } from "../../store/app-users.ts";
import { readCheckpoint, type Checkpoint } from "../../store/checkpoints.ts";
import { lastImports } from "../../store/runs.ts";
import { loadAround } from "../around.ts";
import type { Engine } from "../context.ts";
import { livePerson } from "../preview-people.ts";

export type LinkedAppUser = StoredAppUser & AppUserTimes;

/** How a directory stands with its imports. */
export interface DirectoryState {
  readonly checkpoint: Checkpoint | null;
  /** The last import that was no dry run; null if there was none. */
  readonly last: Run | null;
  /** An import that waits for a decision. */
  readonly held: Run | null;
}

/** What a directory answers when it is asked about a person now. */
export type LiveAnswer =
  | { readonly kind: "found"; readonly sighting: Sighting; readonly differs: readonly string[] }
  | { readonly kind: "absent"; readonly where: Exclude<Absence, "disconnected"> }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

export interface UserFacts {
  readonly engine: Engine;
  readonly user: User;
  /** In configured directories; also those that left their scope. */
  readonly appUsers: readonly LinkedAppUser[];
  /** App profiles that count, by directory. */
  readonly links: ReadonlyMap<string, AppProfile>;
  readonly around: Around;
  /** What the mappings give now. */
  readonly resolved: Resolved;
  readonly states: ReadonlyMap<string, DirectoryState>;
  /** By directory, where it was asked. */
  readonly live: ReadonlyMap<string, LiveAnswer>;
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
  const appUsers = all.filter((one) => rules.directories.has(one.directory));
  const present = appUsers.filter((one) => one.status !== "removed");
  const links = linksOf(present, null, {});
  const around = (await loadAround(engine, Date.now(), present))(present);
  const resolved = resolveProfile(rules, { links, before: user, creator: null, around });
  const states = new Map<string, DirectoryState>();
  for (const name of rules.directories.keys()) states.set(name, await stateOf(engine, name));
  const answers = new Map<string, LiveAnswer>();
  for (const appUser of live ? appUsers : [])
    answers.set(appUser.directory, await askDirectory(engine, appUser, signal));
  return { engine, user, appUsers, links, around, resolved, states, live: answers };
}

export async function stateOf({ store }: Engine, name: string): Promise<DirectoryState> {
  const checkpoint = await readCheckpoint(store.db, name);
  const { last, held } = await lastImports(store.db, name);
  return { checkpoint, last, held };
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
    return { kind: "found", sighting, differs };
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
    await session.begin(null);
    return (await session.whereabouts(1).of([id])).get(id) as Exclude<Absence, "disconnected">;
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
    return "unexamined";
  }
}
