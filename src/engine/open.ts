import { createDirectory } from "../agent/agent.ts";
import type { DirectorySettings, Settings } from "../model/settings.ts";
import type { Rules } from "../reconciler/rules.ts";
import type { Store } from "../store/database.ts";
import { processHolder } from "./claim.ts";
import { unknownDirectory } from "./directories.ts";
import type { Engine } from "./engine.ts";
import { decisionFingerprint } from "./fingerprint.ts";

/** @param rules of these settings, compiled */
export function engineOf(settings: Settings, rules: Rules, store: Store): Engine {
  const directoryOf = (name: string): DirectorySettings => {
    const directory = settings.directories.get(name);
    if (directory === undefined) throw unknownDirectory(settings.directories, name);
    return directory;
  };
  return {
    store,
    rules,
    directories: settings.directories,
    exposures: settings.exposures,
    orgLimits: settings.importSafeguard,
    retention: settings.history,
    openDirectory: (name) => createDirectory(directoryOf(name).source),
    fingerprintOf: (name) => decisionFingerprint(directoryOf(name), settings),
    holder: processHolder(),
  };
}
