/**
 * The directories that a run or a question can be about: those of the configuration, and those that
 * are not in it any more, but still have app users. Whatever is asked of the latter is a removal: of
 * everybody, whose values stay. Nothing is taken from anybody because of a line that is missing in a
 * file, so their users keep their status.
 */
import { MappingEnvironment } from "../mapping/environment.ts";
import { RollcallError } from "../model/errors.ts";
import type { DirectorySettings, SafeguardLimits } from "../model/settings.ts";
import type { DirectoryRules } from "../reconciler/rules.ts";
import { countPresent, directoriesEver, isUnknownDirectory } from "../store/app-users.ts";
import type { Engine } from "./engine.ts";

/** A directory as a run deals with it. */
export interface DirectoryOfRun {
  readonly name: string;
  /** Null if it is not in the configuration any more: then it cannot be read. */
  readonly settings: DirectorySettings | null;
  readonly rules: DirectoryRules;
  readonly limits: SafeguardLimits;
}

export interface ConfiguredDirectory extends DirectoryOfRun {
  readonly settings: DirectorySettings;
}

/** A configured directory, or one that was. @throws RollcallError `config.unknownDirectory` */
export async function knownDirectory(engine: Engine, name: string): Promise<DirectoryOfRun> {
  if (engine.directories.has(name)) return configuredDirectory(engine, name);
  if (await isUnknownDirectory(engine.store.db, name))
    throw unknownDirectory(engine.directories, name);
  return formerDirectory(name);
}

/** @throws RollcallError `config.unknownDirectory` */
export function configuredDirectory(
  { directories, rules: { directories: rules } }: Pick<Engine, "directories" | "rules">,
  name: string,
): ConfiguredDirectory {
  const settings = directories.get(name);
  const own = rules.get(name);
  if (settings === undefined || own === undefined) throw unknownDirectory(directories, name);
  return { name, settings, rules: own, limits: settings.importSafeguard };
}

/** @param directories by name, those that are configured */
export function unknownDirectory(
  directories: ReadonlyMap<string, unknown>,
  name: string,
): RollcallError {
  const names = [...directories.keys()].join(", ");
  const there = names === "" ? "there is none" : `there are ${names}`;
  const message = `There is no directory ${name} in the configuration; ${there}.`;
  return new RollcallError("config.unknownDirectory", message);
}

/** Directories with people that the configuration does not have, and how many. */
export async function formerDirectories({
  store,
  directories,
}: Pick<Engine, "store" | "directories">): Promise<{ directory: string; people: number }[]> {
  const all = await directoriesEver(store.db);
  const former = all.filter((directory) => !directories.has(directory));
  const counted = former.map(async (directory) => {
    return { directory, people: (await countPresent(store.db, directory)).own };
  });
  return (await Promise.all(counted)).filter(({ people }) => people > 0);
}

const LIMITS: SafeguardLimits = {
  percent: 20,
  minimum: 100,
  count: null,
  drop: null,
  updates: 50,
  failures: 50,
  logins: 20,
  grants: 20,
};

/** It has no mappings, and takes access from nobody. */
function formerDirectory(name: string): DirectoryOfRun {
  const rules: DirectoryRules = {
    name,
    type: name,
    environment: new MappingEnvironment(name, new Map(), []),
    mappings: new Map(),
    matching: [],
    onNoMatch: "ignore",
    onRemoval: "keep",
    reactivate: [],
  };
  return { name, settings: null, rules, limits: LIMITS };
}
