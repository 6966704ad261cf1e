/** Where a preview takes people from: the stored app profiles, or the directory itself. */
import { dnKey } from "../../model/dn.ts";
import type { RawEntry } from "../../model/entry.ts";
import { RollcallError, type Problem } from "../../model/errors.ts";
import type { Sighting } from "../../reconciler/decide.ts";
import {
  appUsersByIds,
  findAppUser,
  presentAfter,
  type StoredAppUser,
} from "../../store/app-users.ts";
import type { Engine } from "../engine.ts";

const PAGE = 1000;

/** A batch of people as a run would see them. */
export interface SightingBatch {
  readonly sightings: readonly Sighting[];
  /** Their app users, where they were taken from there. */
  readonly stored?: readonly StoredAppUser[];
  /** Entries of which nobody can be made. */
  readonly unusable: readonly { readonly dn: string; readonly problem: Problem }[];
}

export function storedSighting(appUser: StoredAppUser): Sighting {
  const { externalId: id, dn, hash, profile, status } = appUser;
  return { id, dn, hash, profile, disabled: status === "disabled" };
}

/** Everybody of a directory's scope, as stored. @param ids only these; null: all */
export async function* storedPeople(
  engine: Engine,
  directory: string,
  ids: readonly string[] | null,
  signal: AbortSignal,
): AsyncGenerator<SightingBatch> {
  const { db } = engine.store;
  const batch = (stored: readonly StoredAppUser[]): SightingBatch => {
    return { sightings: stored.map(storedSighting), stored, unusable: [] };
  };
  if (ids !== null) {
    const found = await appUsersByIds(db, directory, ids);
    yield batch(found.filter((appUser) => appUser.status !== "removed"));
    return;
  }
  for (let after = ""; ;) {
    signal.throwIfAborted();
    const page = await presentAfter(db, directory, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return;
    yield batch(page);
    after = last.externalId;
  }
}

/** Everybody whom the directory shows now. @throws RollcallError if not all could be read */
export async function* livePeople(
  engine: Engine,
  directory: string,
  signal: AbortSignal,
): AsyncGenerator<SightingBatch> {
  await using session = await (await engine.openDirectory(directory)).open(signal);
  for await (const entries of session.people()) {
    signal.throwIfAborted();
    yield liveBatch(entries);
  }
}

function liveBatch(entries: readonly RawEntry[]): SightingBatch {
  const sightings: Sighting[] = [];
  const unusable: { dn: string; problem: Problem }[] = [];
  for (const entry of entries) {
    const seen = sightingOf(entry);
    if ("problem" in seen) unusable.push({ dn: entry.dn, problem: seen.problem });
    else sightings.push(seen);
  }
  return { sightings, unusable };
}

/**
 * An entry that was read, as decisions take it. One that was framed rightly but holds something
 * invalid is that person's failure.
 * @param fingerprint stands before the hash of what is stored by it
 */
export function sightingOf(
  raw: RawEntry,
  fingerprint = "",
): Sighting | { readonly problem: Problem; readonly disabled: boolean } {
  if (raw.problem !== null) return { problem: raw.problem, disabled: isSwitchedOff(raw) };
  try {
    const { dn, disabled, problem, profile } = raw.decode();
    if (problem !== null) return { problem, disabled: disabled === true };
    return {
      id: raw.id ?? "",
      dn,
      disabled: disabled === true,
      profile,
      hash: fingerprint + raw.hash,
    };
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    const { message } = error;
    return { problem: { code: "entry.undecodable", field: "entry", message }, disabled: false };
  }
}

/** Whether an entry that cannot be used says clearly that its account is disabled, and whose it is. */
function isSwitchedOff(raw: RawEntry): boolean {
  if (raw.id === null || raw.problem?.code === "entry.tooLarge") return false;
  try {
    return raw.decode().disabled === true;
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    return false;
  }
}

/**
 * One person, as stored.
 * @param who an external id, a DN, or the login of the user. @throws RollcallError `user.notFound`
 */
export async function storedPerson(
  engine: Engine,
  directory: string,
  who: string,
): Promise<StoredAppUser> {
  const appUser = await findAppUser(engine.store.db, directory, who);
  if (appUser !== null) return appUser;
  const message = `${directory} has nobody with the login, external id or DN ${who} among those who were imported; --live asks the directory.`;
  throw new RollcallError("user.notFound", message);
}

/**
 * One person, as the directory shows them now; also somebody who was never imported, by external
 * id or DN. @throws RollcallError `user.notFound`
 */
export async function livePerson(
  engine: Engine,
  directory: string,
  who: string,
  signal: AbortSignal,
): Promise<Sighting> {
  const stored = await findAppUser(engine.store.db, directory, who);
  await using session = await (await engine.openDirectory(directory)).open(signal);
  const id = stored?.externalId ?? who;
  const key = dnKey(who);
  const { lookup } = session;
  // Only somebody who was imported is certain to be found by identifier.
  const byId = stored !== null && lookup?.isSure === true;
  const entries = byId ? lookup.people([id]) : session.people();
  for await (const batch of entries) {
    for (const entry of batch) {
      if (entry.id !== id && (stored !== null || dnKey(entry.dn) !== key)) continue;
      const seen = sightingOf(entry);
      if (!("problem" in seen)) return seen;
      const { code, message } = seen.problem;
      throw new RollcallError(code, message);
    }
  }
  const message = `${directory} shows nobody ${stored === null ? "with the external id or DN" : "in its scope for"} ${who}.`;
  throw new RollcallError("user.notFound", message);
}
