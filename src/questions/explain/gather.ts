/** Everything that is known about one user: what an explanation is made of. */
import { stateOf } from "../../engine/directory-state.ts";
import type { Engine } from "../../engine/engine.ts";
import { loadRelations } from "../../engine/people/relations.ts";
import { livePerson } from "../../engine/people/sightings.ts";
import { sameJson } from "../../lib/same.ts";
import type { DirectoryState } from "../../model/directory-state.ts";
import { RollcallError } from "../../model/errors.ts";
import type { CutLink, UserChange } from "../../model/history.ts";
import type { FoundAbsence } from "../../model/run.ts";
import type { User } from "../../model/user.ts";
import { candidatesFor } from "../../reconciler/explain/candidates.ts";
import type {
  AttributesOf,
  Configured,
  LinkedAppUser,
  LiveAnswer,
  UserFacts,
} from "../../reconciler/explain/facts.ts";
import { readInVain } from "../../reconciler/explain/origin.ts";
import { resolveProfile } from "../../reconciler/source-priority.ts";
import { linksOf } from "../../reconciler/writes.ts";
import { appUsersByIds, appUsersOf } from "../../store/app-users.ts";
import { lastChangesOf, lastCutOf, lastRemovalOf } from "../../store/history.ts";
import { someAttributes } from "../../store/mapped.ts";
import { withoutValue } from "../without-value.ts";
import { createdAtOf } from "../../store/users.ts";
import { conflictsOf } from "./conflicts.ts";
import type { ExplainRequest } from "./request.ts";
import { gatherNotLinked } from "./not-linked.ts";

export async function gatherUser(
  engine: Engine,
  user: User,
  request: ExplainRequest,
): Promise<UserFacts> {
  const { rules, store } = engine;
  const { db } = store;
  const all = await appUsersOf(db, user.id);
  const appUsers = [...rules.directories.keys()].flatMap((name) => bestOf(all, name));
  const former = all.filter((one) => !rules.directories.has(one.directory));
  const present = appUsers.filter((one) => one.status !== "removed");
  const links = linksOf(present, null, {});
  const relations = (await loadRelations(engine, Date.now(), present))(present);
  const resolved = resolveProfile(rules, { links, before: user, creator: null, relations });
  const facts: UserFacts = {
    ...configuredOf(engine),
    user,
    createdAt: await createdAtOf(db, user.id),
    appUsers,
    former: former.filter((one) => one.status !== "removed"),
    links,
    relations,
    resolved,
    conflicts: await conflictsOf(engine, user.id, resolved),
    states: await statesOf(engine),
    live: request.live ? await answersOf(engine, appUsers, request.signal) : new Map(),
    notLinked: await gatherNotLinked(engine, { user, links }, request),
    lastChanges: await lastChangesOf(db, user.id),
    removals: await removalsOf(engine, user, appUsers),
    cut: await cutOf(engine, user),
    attributes: new Map(),
  };
  const wanted = request.attribute === null ? rules.schema.keys() : [request.attribute];
  return { ...facts, attributes: await attributesOf(engine, facts, wanted) };
}

export function configuredOf({ rules, directories }: Engine): Configured {
  const sources = [...directories].map(([name, { source }]) => [name, source] as const);
  return { rules, sources: new Map(sources) };
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

async function statesOf(engine: Engine): Promise<ReadonlyMap<string, DirectoryState>> {
  const states = new Map<string, DirectoryState>();
  for (const name of engine.rules.directories.keys()) states.set(name, await stateOf(engine, name));
  return states;
}

async function removalsOf(
  { store: { db } }: Engine,
  user: User,
  appUsers: readonly LinkedAppUser[],
): Promise<ReadonlyMap<string, UserChange>> {
  const removals = new Map<string, UserChange>();
  for (const { directory, status } of appUsers) {
    const removal = status === "removed" ? await lastRemovalOf(db, user.id, directory) : null;
    if (removal !== null) removals.set(directory, removal);
  }
  return removals;
}

/** The last link that a person cut; its entry may be somebody else's by now. */
async function cutOf({ store: { db } }: Engine, user: User): Promise<CutLink | null> {
  const cut = await lastCutOf(db, user.id, null);
  if (cut === null) return null;
  const [entry] = await appUsersByIds(db, cut.directory, [cut.externalId]);
  return entry?.setAside === true && entry.status !== "removed" ? cut : null;
}

/** Of what mappings read in vain: whether anybody has a value of it, and which names there are. */
async function attributesOf(
  engine: Engine,
  facts: UserFacts,
  wanted: Iterable<string>,
): Promise<ReadonlyMap<string, AttributesOf>> {
  const names = new Map<string, Set<string>>();
  for (const attribute of wanted) {
    const { deciding } = candidatesFor(facts, attribute);
    const vain = deciding === null ? null : readInVain(facts, attribute, deciding);
    if (vain === null) continue;
    const known = names.get(vain.of) ?? new Set();
    for (const name of vain.names) known.add(name.toLowerCase());
    names.set(vain.of, known);
  }
  const found = new Map<string, AttributesOf>();
  for (const [directory, asked] of names) {
    const without = new Set(await withoutValue(engine, directory, [...asked]));
    const { db } = engine.store;
    const present = without.size === 0 ? [] : await someAttributes(db, directory);
    found.set(directory, { without, present });
  }
  return found;
}

async function answersOf(
  engine: Engine,
  appUsers: readonly LinkedAppUser[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, LiveAnswer>> {
  const answers = new Map<string, LiveAnswer>();
  for (const appUser of appUsers)
    answers.set(appUser.directory, await askDirectory(engine, appUser, signal));
  return answers;
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
): Promise<FoundAbsence | "unexamined"> {
  try {
    await using session = await (await engine.openDirectory(directory)).open(signal);
    return (await session.absence(1).of([id])).get(id) ?? "unexamined";
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
    return "unexamined";
  }
}
