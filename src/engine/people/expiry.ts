/**
 * Accounts that expire: on the day, without a change of their entry. Nothing that a directory tells
 * shows it, so those whose time has come are looked at again by every import.
 */
import type { UsersScope } from "../../model/directory.ts";
import { momentOf } from "../../model/expiry.ts";
import { activeWith } from "../../store/app-users.ts";
import type { Engine } from "../engine.ts";

export interface Expiring {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Whoever has access by a directory and a moment at which that ends, by what is stored. */
export async function expiringPeople(
  { store }: Pick<Engine, "store">,
  directory: string,
  { disabled }: UsersScope,
): Promise<Expiring[]> {
  const found: Expiring[] = [];
  for (const { attribute, expires } of disabled) {
    if (expires !== true) continue;
    for (const { id, value } of await activeWith(store.db, directory, attribute)) {
      const at = momentOf(attribute, value);
      if (at !== null && Number.isFinite(at)) found.push({ id, at });
    }
  }
  return found;
}

/** Those of a directory whose time has come. */
export async function expiredIds(
  engine: Pick<Engine, "store">,
  directory: string,
  users: UsersScope,
): Promise<ReadonlySet<string>> {
  const now = Date.now();
  const expiring = await expiringPeople(engine, directory, users);
  return new Set(expiring.filter(({ at }) => at <= now).map(({ id }) => id));
}

/** The next moment after another at which an account of a directory expires; null if none does. */
export async function nextExpiry(
  engine: Pick<Engine, "store" | "directories">,
  directory: string,
  after: number,
): Promise<number | null> {
  const settings = engine.directories.get(directory);
  if (settings === undefined) return null;
  const expiring = await expiringPeople(engine, directory, settings.source.users);
  const later = expiring.map(({ at }) => at).filter((at) => at > after);
  return later.length === 0 ? null : later.reduce((a, b) => Math.min(a, b));
}
