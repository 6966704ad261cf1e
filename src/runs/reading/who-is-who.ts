/**
 * Whom entries are that do not say it for certain, which can be decided only when everybody was seen:
 * those that cannot be used, those with an identifier that another one has, those that take somebody's
 * place. Nobody is taken for gone who may be one of them.
 */
import { Breath } from "../../lib/breath.ts";
import type { LinkedUsers } from "../../engine/people/linked-users.ts";
import { decideOne } from "../../engine/people/decide-one.ts";
import type { Problem } from "../../model/errors.ts";
import { decideUnusable } from "../../reconciler/decide-failure.ts";
import { appUsersByDns, appUsersByIds, type StoredAppUser } from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import { reportedFailures } from "../../store/history.ts";
import { plannedFor } from "../../store/plan.ts";
import { lastAppliedImport } from "../../store/runs.ts";
import { usersByIds } from "../../store/users.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import type { RunContext } from "../record/context.ts";
import { switchedOff, type KeptPerson } from "../plan/switched-off.ts";
import type { ClosedCensus, Deferred, Unusable } from "./census.ts";
import { likenessOf } from "../../reconciler/likeness.ts";

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
  return await planReplacements(context, plan, census, linked);
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
    const kept = batch.flatMap((entry) => {
      const people = ownersToKeep(entry, owners, census);
      const all: readonly (Owner | null)[] = people.length === 0 ? [null] : people;
      return all.map((person) => ({ entry, person }));
    });
    const off = await switchedOff(context, keptPeople(kept, census));
    for (const { entry, person } of kept) {
      const told = reported.has(`${entry.dn} ${entry.problem.code}`);
      if (person === null && entry.id === null && !isDuplicate(entry)) {
        // One that was there before replaces nobody.
        census.noteStranger(entry, !told);
      }
      const decided = off.get(person?.appUser.externalId ?? "");
      await plan.add(decided ?? decideUnusable(directory.name, { ...entry, person, told }));
    }
  }
}

function keptPeople(
  kept: readonly { readonly entry: Unusable; readonly person: Owner | null }[],
  { contested }: ClosedCensus,
): KeptPerson[] {
  return kept.flatMap(({ entry, person }) => {
    if (person === null) return [];
    const { id, problem, disabled } = entry;
    const saysDisabled = disabled && id !== null && !contested.has(id);
    return [{ appUser: person.appUser, problem, saysDisabled }];
  });
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
    const owners = (await withLogins(context, there)).filter((owner) =>
      census.recognise(owner.appUser, true),
    );
    const kept = owners.map(({ appUser }) => ({ appUser, problem: misnumbered(appUser.dn) }));
    const off = await switchedOff(context, kept);
    for (const person of owners) {
      const { dn, externalId } = person.appUser;
      const entry = { id: null, dn, problem: misnumbered(dn), person, told: false };
      await plan.add(off.get(externalId) ?? decideUnusable(directory.name, entry));
    }
  }
}

/** Why somebody who is not shown is not taken for gone; null: nothing speaks against it. */
export type MayStay = (appUser: StoredAppUser) => Problem | null;

/**
 * Somebody who is not shown any more may be there all the same, as another entry: one that has the same
 * identifier but for its spelling, elsewhere (or, where the directory minds the case, that is another
 * person), one without an identifier that has the same address or name, or one of several that match the
 * user. That counts if the other one is new, and then until somebody has decided it.
 * @param isWhole whether everybody was read, so that whoever is not shown now is not there
 */
export function mayStay(census: ClosedCensus, isWhole: boolean): MayStay {
  const spelled = new Map([...census.respelled].map(([id, known]) => [known, id]));
  return ({ externalId, dn, profile, error }) => {
    const wasKept = error !== null && KEPT.has(error.code);
    if (!isWhole && wasKept) return error;
    const other = spelled.get(externalId);
    if (other !== undefined) return respelled(dn, externalId, other);
    const contention = census.contentionOf(externalId);
    if (contention !== null && (contention.isNew || wasKept)) return contention.problem;
    const stranger = census.strangerLike(likenessOf(dn, profile));
    if (stranger === null) return null;
    return stranger.isNew || wasKept ? unnumbered(dn, stranger.dn) : null;
  };
}

/** What is told of somebody who was kept before, for whichever of these reasons. */
const KEPT: ReadonlySet<string> = new Set([
  "entry.idRespelled",
  "entry.unnumbered",
  "entry.contended",
]);

function unnumbered(dn: string, stranger: string): Problem {
  const message = `${dn} is not shown any more, and ${stranger}, which has no usable identifier, has the same address or name.`;
  return { code: "entry.unnumbered", field: "id", message };
}

function contended(dn: string): Problem {
  const message = `Several entries would take the place of somebody who is not shown any more; ${dn} is one of them.`;
  return { code: "entry.contended", field: "id", message };
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

/** Whoever the entry may be, without those who were seen elsewhere in the same read: those are others. */
function ownersToKeep(
  entry: Unusable,
  owners: ReadonlyMap<string, Owner>,
  census: ClosedCensus,
): Owner[] {
  const { id, dn, claims = [] } = entry;
  if (id !== null) {
    const owner = owners.get(`id ${id}`);
    return owner !== undefined && census.recognise(owner.appUser, false) ? [owner] : [];
  }
  // By its place, and by its identifiers, of which nobody is gone who has one.
  const claimed = isDuplicate(entry) ? [] : claims;
  const keys = [`dn ${dn.toLowerCase()}`, ...claimed.map((one) => `id ${one}`)];
  const found = keys.flatMap((key) => owners.get(key) ?? []);
  // Whoever left long ago is not there because somebody has the number.
  const present = found.filter(({ appUser }) => appUser.status !== "removed");
  return present.filter((owner) => census.recognise(owner.appUser, true));
}

function isDuplicate(entry: Unusable): boolean {
  return entry.problem.code === "entry.duplicateId";
}

function contend(
  census: ClosedCensus,
  { sighting, refused, replaces }: Deferred,
  isAmongStrangers = false,
): void {
  const { appUser } = refused;
  const isNew = isAmongStrangers || appUser === null || appUser.status === "removed";
  census.contend(replaces.externalId, { problem: contended(sighting.dn), isNew });
}

/**
 * Accounts that were deleted and made anew between two imports: the user goes over to the new
 * entry, if the old one is really gone, and to one of them only.
 * @returns the identifiers of entries whose user went over
 */
async function planReplacements(
  { engine, directory, signal }: RunContext,
  plan: PlanBuilder,
  census: ClosedCensus,
  linked: LinkedUsers,
): Promise<ReadonlySet<string>> {
  const decisions = { rules: engine.rules, directory: directory.rules };
  const replaced = new Set<string>();
  // Whose identifier another one has is no heir, and may be the one who is missing.
  for (const heir of census.contestedHeirs) contend(census, heir);
  const heirs = Map.groupBy(census.deferred, ({ replaces }) => replaces.userId);
  const breath = new Breath(signal);
  for (const heir of census.deferred) {
    if (breath.isDue) await breath.take();
    const { sighting, refused, replaces } = heir;
    // Of several who would take the place, none is chosen; nor while somebody cannot be told who it is.
    const isAlone = heirs.get(replaces.userId)?.length === 1;
    const isOnly = isAlone && census.strangers === 0;
    if (!isOnly) contend(census, heir, isAlone);
    const free = isOnly && census.contentionOf(replaces.externalId) === null;
    const gone = free && census.isGone(replaces.externalId) && linked.add(replaces.userId);
    if (gone) replaced.add(replaces.externalId);
    await plan.add(decideOne(decisions, sighting, gone ? replaces.known : refused));
  }
  return replaced;
}
