import { createDirectory, createIdentitySource } from "../agent/agent.ts";
import type { DirectorySettings, Settings } from "../model/settings.ts";
import { createProvisioner } from "../provisioning/create.ts";
import type { Store } from "../store/database.ts";
import { broughtEntries } from "../store/source-entries.ts";
import { configuredApp } from "./apps.ts";
import { processHolder } from "./claim.ts";
import type { CompiledSettings } from "./compile-settings.ts";
import { unknownDirectory } from "./directories.ts";
import { Counts, type Counting } from "./counts.ts";
import type { Engine } from "./engine.ts";
import { appFingerprint, decisionFingerprint } from "./fingerprint.ts";

/** @param compiled these settings */
export function engineOf(
  settings: Settings,
  { rules, apps }: CompiledSettings,
  store: Store,
  counts: Counting = new Counts(store.db, false),
): Engine {
  const directoryOf = (name: string): DirectorySettings => {
    const directory = settings.directories.get(name);
    if (directory === undefined) throw unknownDirectory(settings.directories, name);
    return directory;
  };
  return {
    store,
    counts,
    rules,
    directories: settings.directories,
    apps,
    hooks: settings.hooks,
    exposures: settings.exposures,
    orgLimits: settings.importSafeguard,
    retention: settings.history,
    openDirectory: async (name) => {
      const { source } = directoryOf(name);
      if (source.type === "identity-source")
        return await createIdentitySource(source, broughtEntries(store.db, name));
      return await createDirectory(source, mappedOf(rules, name));
    },
    openApp: async (name, options) =>
      await createProvisioner(configuredApp(apps, name).settings, options),
    appFingerprintOf: (name) => appFingerprint(configuredApp(apps, name).settings, settings),
    fingerprintOf: (name) => decisionFingerprint(directoryOf(name), settings),
    holder: processHolder(),
  };
}

/** The attributes of a directory's own entries that its mappings and matching rules read. */
function mappedOf({ directories }: CompiledSettings["rules"], name: string): string[] {
  const rules = directories.get(name);
  if (rules === undefined) return [];
  const expressions = [
    ...[...rules.mappings.values()].map((mapping) => mapping.expression),
    ...rules.matching.map(({ app }) => app),
  ];
  const reads = expressions.flatMap((expression) => expression.reads);
  return [...new Set(reads.filter(isOwn).map(({ attribute }) => attribute))];

  function isOwn({ source }: { readonly source: string | null }): boolean {
    return source === null || source === name;
  }
}
