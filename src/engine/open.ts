import { createDirectory } from "../agent/agent.ts";
import type { DirectorySettings, Settings } from "../model/settings.ts";
import { createProvisioner } from "../provisioning/create.ts";
import type { Store } from "../store/database.ts";
import { configuredApp } from "./apps.ts";
import { processHolder } from "./claim.ts";
import type { CompiledSettings } from "./compile-settings.ts";
import { unknownDirectory } from "./directories.ts";
import type { Engine } from "./engine.ts";
import { appFingerprint, decisionFingerprint } from "./fingerprint.ts";

/** @param compiled these settings */
export function engineOf(
  settings: Settings,
  { rules, apps }: CompiledSettings,
  store: Store,
): Engine {
  const directoryOf = (name: string): DirectorySettings => {
    const directory = settings.directories.get(name);
    if (directory === undefined) throw unknownDirectory(settings.directories, name);
    return directory;
  };
  return {
    store,
    rules,
    directories: settings.directories,
    apps,
    exposures: settings.exposures,
    orgLimits: settings.importSafeguard,
    retention: settings.history,
    openDirectory: (name) => createDirectory(directoryOf(name).source),
    openApp: (name, options) => createProvisioner(configuredApp(apps, name).settings, options),
    appFingerprintOf: (name) => appFingerprint(configuredApp(apps, name).settings, settings),
    fingerprintOf: (name) => decisionFingerprint(directoryOf(name), settings),
    holder: processHolder(),
  };
}
