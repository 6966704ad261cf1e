import type { Directory } from "../agent/directory.ts";
import type { DirectorySettings, RemovalLimits, Settings } from "../model/settings.ts";
import type { Provisioner, ProvisionerOptions } from "../provisioning/provisioner.ts";
import type { AppRules } from "../reconciler/app-rules.ts";
import type { Rules } from "../reconciler/rules.ts";
import type { Store } from "../store/database.ts";
import type { Counting } from "./counts.ts";

/** The configuration put to work: what runs and questions need. */
export interface Engine {
  readonly store: Store;
  /** Of everybody. */
  readonly counts: Counting;
  /** With all expressions compiled. */
  readonly rules: Rules;
  /** Those of the configuration, by name. */
  readonly directories: ReadonlyMap<string, DirectorySettings>;
  /** Apps of the configuration, compiled, by name. */
  readonly apps: ReadonlyMap<string, AppRules>;
  readonly hooks: Settings["hooks"];
  /** See `Settings`. */
  readonly exposures: Settings["exposures"];
  /** Limits over all directories together. */
  readonly orgLimits: RemovalLimits;
  readonly retention: Settings["history"];
  /** The agent of a directory. @throws RollcallError `ldap.filterInvalid` */
  readonly openDirectory: (name: string) => Promise<Directory>;
  /** A connection to an app. @throws AppFailure `app.address` */
  readonly openApp: (name: string, options: ProvisionerOptions) => Promise<Provisioner>;
  /** Changes with whatever accounts of an app are decided by. */
  readonly appFingerprintOf: (name: string) => string;
  /** See `decisionFingerprint`. */
  readonly fingerprintOf: (name: string) => string;
  /** This process, as others see it: host and process id. */
  readonly holder: string;
}
