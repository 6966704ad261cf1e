import { MappingEnvironment } from "../mapping/environment.ts";
/**
 * Directories that are not in the configuration any more, but still have app users. Whatever is
 * asked of them is a removal: of everybody, whose values stay. Nothing is taken from anybody
 * because of a line that is missing in a file, so their users keep their status.
 */
import type { DirectorySource } from "../model/directory.ts";
import { RollcallError } from "../model/errors.ts";
import type { DirectorySettings, SafeguardLimits } from "../model/settings.ts";
import type { DirectoryRules } from "../reconciler/rules.ts";
import { directoriesWithPeople, isUnknownDirectory } from "../store/app-users.ts";
import type { Engine } from "./engine.ts";

export interface Known {
  readonly settings: DirectorySettings;
  readonly directory: DirectoryRules;
}

/** A configured directory, or one that was. @throws RollcallError `config.unknownDirectory` */
export async function knownDirectory(engine: Engine, name: string): Promise<Known> {
  const settings = engine.settings.get(name);
  const directory = engine.rules.directories.get(name);
  if (settings !== undefined && directory !== undefined) return { settings, directory };
  if (await isUnknownDirectory(engine.store.db, name))
    throw unknownDirectory(engine.settings, name);
  return formerDirectory(name);
}

/** @throws RollcallError `config.unknownDirectory` */
export function requireConfigured(engine: Engine, name: string): void {
  if (!engine.settings.has(name)) throw unknownDirectory(engine.settings, name);
}

export function unknownDirectory(
  settings: ReadonlyMap<string, unknown>,
  name: string,
): RollcallError {
  const names = [...settings.keys()].join(", ");
  const message = `There is no directory ${name} in the configuration; there are ${names}.`;
  return new RollcallError("config.unknownDirectory", message);
}

/** Directories with people that the configuration does not have, and how many. */
export async function formerDirectories({
  store,
  settings,
}: Pick<Engine, "store" | "settings">): Promise<{ directory: string; people: number }[]> {
  const all = await directoriesWithPeople(store.db);
  return all.filter(({ directory }) => !settings.has(directory));
}

const LIMITS: SafeguardLimits = {
  percent: 20,
  minimum: 100,
  count: null,
  drop: null,
  updates: 50,
  failures: 50,
  logins: 20,
};

function formerDirectory(name: string): Known {
  const source: DirectorySource = {
    name,
    type: "ldif",
    users: { bases: [], scope: "sub", filter: "", id: null, attributes: [], disabled: null },
    groups: null,
    incremental: { way: "off", overlapSeconds: 0, compareMinutes: 0 },
    path: null,
    ldap: null,
  };
  const settings: DirectorySettings = {
    name,
    source,
    schedule: { incremental: null, full: null, timezone: "UTC" },
    importSafeguard: LIMITS,
    onRemoval: "keep",
    reactivate: [],
    matching: [],
    onNoMatch: "ignore",
    watch: false,
    toOkta: new Map(),
  };
  const directory: DirectoryRules = {
    name,
    type: name,
    environment: new MappingEnvironment(name, new Map(), []),
    mappings: new Map(),
    matching: [],
    onNoMatch: "ignore",
    onRemoval: "keep",
    reactivate: [],
  };
  return { settings, directory };
}
