/**
 * Whom entries are that do not say it for certain, which can be decided only when everybody was seen:
 * those that cannot be used, those with an identifier that another one has, those that take somebody's
 * place. Nobody is taken for gone who may be one of them.
 */
import type { LinkedUsers } from "../../engine/people/linked-users.ts";
import { decideOne, guarded } from "../../engine/people/decide-one.ts";
import { loadKnown } from "../../engine/people/known.ts";
import { storedSighting } from "../../engine/people/sightings.ts";
import type { Problem } from "../../model/errors.ts";
import type { PlannedChange } from "../../model/plan.ts";
import { decideSwitchedOff } from "../../reconciler/decide.ts";
import { decideUnusable } from "../../reconciler/decide-failure.ts";
import { appUsersByDns, appUsersByIds, type StoredAppUser } from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import { reportedFailures } from "../../store/history.ts";
import { plannedFor } from "../../store/plan.ts";
import { lastAppliedImport } from "../../store/runs.ts";
import { usersByIds } from "../../store/users.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import type { RunContext } from "../record/context.ts";
import type { ClosedCensus, Unusable } from "./census.ts";

const BATCH = 500;

/**
 * Plans whatever became of entries that do not say for certain whose they are.
 * @returns the identifiers of entries whose user went over to another one
 */
export async function planWhoIsWho(
  context: RunContext,
  plan: PlanBuilder,
  census: ClosedCensus,
  linked: LinkedUsers,
): Promise<ReadonlySet<string>> {
  await keepPlaces(context, plan, census);
  await planUnusable(context, plan, census);
  const replaced = await planReplacements(context, plan, census, linked);
  await keepRespelled(context, plan, census, replaced);
  if (census.strangers > 0) plan.noteDoubt(strangersTold(census.strangers));
  return replaced;
}

function strangersTold(strangers: number): string {
  const [who, may] =
    strangers === 1
      ? ["An entry that was not there before says", "it may be"]
      : [`${strangers} entries that were not there before say`, "they may be"];
  return `${who} not whose it is, as it has no usable identifier; ${may} somebody who is missing.`;
}

/** An entry that cannot be used is somebody all the same: who stood at its place is not removed. */
async function planUnusable(
  context: RunContext,
  plan: PlanBuilder,
  census: ClosedCensus,
): Promise<void> {
  const { engine, directory } = context;
  const earlier = await earlierImports(context);
  for (let at = 0; at < census.unusable.length; at += BATCH) {
    const batch = census.unusable.slice(at, at + BATCH);
    const dns = batch.map((entry) => entry.dn);
    const reported = await reportedFailures(engine.store.db, earlier, dns);
    const owners = await ownersOf(context, batch);
    const kept = batch.map((entry) => ({ entry, person: ownerToKeep(entry, owners, census) }));
    const switchedOff = await switchedOffOf(context, kept, census);
    for (const { entry, person } of kept) {
      const told = reported.has(`${entry.dn} ${entry.problem.code}`);
      // One that was there before is nobody who is missing now.
      const isNew = person === null && !told;
      if (isNew && entry.id === null && !isDuplicate(entry)) census.noteStranger();
      const decided = switchedOff.get(entry);
      await plan.add(decided ?? decideUnusable(directory.name, { ...entry, person, told }));
    }
  }
}

/**
 * Whoever was active and is said to be disabled, by an entry of which something else cannot be used,
 * loses access all the same; that something is unreadable does not make the rest uncertain.
 */
async function switchedOffOf(
  { engine, directory, run }: RunContext,
  kept: readonly { readonly entry: Unusable; readonly person: Owner | null }[],
  { contested }: ClosedCensus,
): Promise<ReadonlyMap<Unusable, PlannedChange>> {
  const those = kept.flatMap(({ entry, person }) => {
    const appUser = person?.appUser;
    const isCertain = entry.disabled && entry.id !== null && !contested.has(entry.id);
    return isCertain && appUser?.status === "active" ? [{ entry, appUser }] : [];
  });
  if (those.length === 0) return new Map();
  const stored = those.map(({ appUser }) => appUser);
  const sightings = stored.map((appUser) => ({ ...storedSighting(appUser), disabled: true }));
  const linkedOnly = { ...directory.rules, matching: [] };
  const known = await loadKnown(engine, run.now, { directory: linkedOnly, sightings, stored });
  const decisions = { rules: engine.rules, directory: directory.rules };
  return new Map(
    those.map(({ entry }, at) => {
      const sighting = sightings[at];
      if (sighting === undefined) throw new Error("nobody was seen");
      const person = known.of(sighting);
      const decided = guarded(decisions, sighting, person, () =>
        decideSwitchedOff(decisions, sighting, person, entry.problem),
      );
      return [entry, decided];
    }),
  );
}

/**
 * Two entries with one identifier: of each, whoever stood at its place may be the one who got a
 * wrong identifier, and so is nobody who is gone. The second of them is among the unusable ones.
 */
async function keepPlaces(
  context: RunContext,
  plan: PlanBuilder,
  census: ClosedCensus,
): Promise<void> {
  const { engine, directory, run } = context;
  const ids = [...census.contested];
  if (ids.length === 0) return;
  await plan.finish();
  const dns = [...census.contestedPlaces];
  for (let at = 0; at < ids.length; at += BATCH) {
    const rows = await plannedFor(
      engine.store.db,
      run.id,
      "external_id",
      ids.slice(at, at + BATCH),
    );
    dns.push(...rows.map(({ planned }) => planned.dn));
  }
  for (let at = 0; at < dns.length; at += BATCH) {
    const there = await appUsersByDns(engine.store.db, directory.name, dns.slice(at, at + BATCH));
    for (const owner of await withLogins(context, there)) {
      const { appUser } = owner;
      if (!census.recognise(appUser, true)) continue;
      const { dn } = appUser;
      const problem = misnumbered(dn);
      const entry = { id: null, dn, problem, person: owner, told: false };
      await plan.add(decideUnusable(directory.name, entry));
    }
  }
}

/**
 * Somebody is not shown any more, and a new entry has the same identifier but for its spelling. It may
 * be the same person, moved, or, where the directory minds the case, another one: so nobody is gone.
 */
async function keepRespelled(
  context: RunContext,
  plan: PlanBuilder,
  census: ClosedCensus,
  replaced: ReadonlySet<string>,
): Promise<void> {
  const { engine, directory } = context;
  const those = [...census.respelled].filter(
    ([, known]) => !replaced.has(known) && census.isGone(known),
  );
  const spelling = new Map(those.map(([id, known]) => [known, id]));
  const ids = [...spelling.keys()];
  for (let at = 0; at < ids.length; at += BATCH) {
    const batch = ids.slice(at, at + BATCH);
    const stored = await appUsersByIds(engine.store.db, directory.name, batch);
    const present = stored.filter(({ status }) => status !== "removed");
    for (const person of await withLogins(context, present)) {
      const { externalId, dn } = person.appUser;
      census.keep(externalId);
      const problem = respelled(dn, externalId, spelling.get(externalId) ?? "");
      const entry = { id: externalId, dn, problem, person, told: false };
      await plan.add(decideUnusable(directory.name, entry));
    }
  }
}

function misnumbered(dn: string): Problem {
  const message = `The entry at ${dn} has the same identifier as another entry of this read.`;
  return { code: "entry.duplicateId", field: "id", message };
}

function respelled(dn: string, known: string, id: string): Problem {
  const message = `${dn} with the identifier ${known} is not shown any more, and a new entry elsewhere has ${id}, which is the same but for its spelling.`;
  return { code: "entry.idRespelled", field: "id", message };
}

/** The last full import, which reported everybody, and the last import at all. */
async function earlierImports({ engine, directory }: RunContext): Promise<string[]> {
  const { db } = engine.store;
  const full = (await readCheckpoint(db, directory.name))?.runId;
  const last = await lastAppliedImport(db, directory.name);
  return [...new Set([full, last])].filter((id) => id !== undefined && id !== null);
}

interface Owner {
  readonly appUser: StoredAppUser;
  readonly login: string | null;
}

/** The people whom the entries must be: by identifier, or by the place where they stood. */
async function ownersOf(
  context: RunContext,
  batch: readonly Unusable[],
): Promise<ReadonlyMap<string, Owner>> {
  const { engine, directory } = context;
  const { db } = engine.store;
  const ids = batch.flatMap(({ id, claims = [] }) => (id === null ? claims : [id]));
  const places = batch.filter((entry) => entry.id === null);
  const dns = places.map((entry) => entry.dn);
  const byId = await appUsersByIds(db, directory.name, ids);
  const byDn = await appUsersByDns(db, directory.name, dns);
  const [idOwners, dnOwners] = [await withLogins(context, byId), await withLogins(context, byDn)];
  return new Map([
    ...idOwners.map((one) => [`id ${one.appUser.externalId}`, one] as const),
    ...dnOwners.map((one) => [`dn ${one.appUser.dn.toLowerCase()}`, one] as const),
  ]);
}

async function withLogins(
  { engine }: RunContext,
  appUsers: readonly StoredAppUser[],
): Promise<Owner[]> {
  const userIds = appUsers.flatMap(({ userId }) => userId ?? []);
  const users = await usersByIds(engine.store.db, userIds);
  const logins = new Map(users.map((user) => [user.id, user.login]));
  return appUsers.map((appUser) => ({ appUser, login: logins.get(appUser.userId ?? "") ?? null }));
}

/** Nobody, if the person was seen elsewhere in the same read: then the entry is another one. */
function ownerToKeep(
  entry: Unusable,
  owners: ReadonlyMap<string, Owner>,
  census: ClosedCensus,
): Owner | null {
  const { id, dn, claims = [] } = entry;
  if (id !== null) {
    const owner = owners.get(`id ${id}`);
    return owner !== undefined && census.recognise(owner.appUser, false) ? owner : null;
  }
  // By its place; or by its identifiers, of which nobody is gone who has one.
  const atPlace = owners.get(`dn ${dn.toLowerCase()}`);
  if (atPlace !== undefined && census.recognise(atPlace.appUser, true)) return atPlace;
  if (isDuplicate(entry)) return null;
  const claimed = claims.flatMap((one) => owners.get(`id ${one}`) ?? []);
  const [first = null] = claimed.filter((owner) => census.recognise(owner.appUser, true));
  return first;
}

function isDuplicate(entry: Unusable): boolean {
  return entry.problem.code === "entry.duplicateId";
}

/**
 * Accounts that were deleted and made anew between two imports: the user goes over to the new
 * entry, if the old one is really gone, and to one of them only.
 * @returns the identifiers of entries whose user went over
 */
async function planReplacements(
  { engine, directory }: RunContext,
  plan: PlanBuilder,
  census: ClosedCensus,
  linked: LinkedUsers,
): Promise<ReadonlySet<string>> {
  const decisions = { rules: engine.rules, directory: directory.rules };
  const replaced = new Set<string>();
  const heirs = Map.groupBy(census.deferred, ({ replaces }) => replaces.userId);
  for (const { sighting, refused, replaces } of census.deferred) {
    // Of several who would take the place, none is chosen.
    const isOnly = heirs.get(replaces.userId)?.length === 1;
    // Whoever cannot be told who it is may be the one that is missing.
    if (census.strangers > 0) census.keep(replaces.externalId);
    const gone = isOnly && census.isGone(replaces.externalId) && linked.add(replaces.userId);
    if (gone) replaced.add(replaces.externalId);
    await plan.add(decideOne(decisions, sighting, gone ? replaces.known : refused));
  }
  return replaced;
}
