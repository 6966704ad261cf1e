import type { AppSettings } from "./app.ts";
import type { DirectorySource } from "./directory.ts";
import type { HookSettings } from "./hook.ts";
import type { MappingSetting } from "./mapping-setting.ts";
import type { AttributeSchema } from "./profile-schema.ts";
import type { Role } from "./role.ts";
import type { Secret } from "./secret.ts";

/** Limits on removals. A limit that is null is off. */
export interface RemovalLimits {
  readonly percent: number | null;
  /** Percentages do not apply below this many people. */
  readonly minimum: number;
  readonly count: number | null;
}

/** Limits of one directory; all of them percentages of its people. */
export interface SafeguardLimits extends RemovalLimits {
  /** How many fewer people than at the last good import may be read. */
  readonly drop: number | null;
  /** How many may have a value overwritten or emptied. */
  readonly updates: number | null;
  /** How many may fail who did not before. */
  readonly failures: number | null;
  /** How many may get another login. */
  readonly logins: number | null;
  /** How many may get access back. */
  readonly grants: number | null;
}

export type OnRemoval = "deactivate" | "suspend" | "keep";
/** Statuses that imports took somebody's access away with, and give back. */
export type Reactivate = readonly ("deprovisioned" | "suspended")[];

/** What becomes of an entry whose user a rule finds: it is linked, or a person is asked. */
export type OnMatch = "link" | "confirm";

export interface MatchingRule {
  readonly user: string;
  readonly app: string;
  /** Null: as it is safe; see `needsConfirmation`. */
  readonly onMatch: OnMatch | null;
}

export interface DirectorySettings {
  readonly name: string;
  readonly source: DirectorySource;
  readonly schedule: {
    readonly incremental: string | null;
    readonly full: string | null;
    readonly timezone: string;
  };
  readonly importSafeguard: SafeguardLimits;
  readonly onRemoval: OnRemoval;
  /** Which of them end when somebody returns to the directory. */
  readonly reactivate: Reactivate;
  readonly matching: readonly (MatchingRule & { readonly line: number })[];
  readonly onNoMatch: "create" | "ignore";
  /** Whether `serve` listens for changes between the times of the schedule. */
  readonly watch: boolean;
  readonly toOkta: ReadonlyMap<string, MappingSetting>;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** An identity provider (OpenID Connect Core 1.0). */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** By group. */
  readonly roles: Readonly<Record<string, Role>>;
  /** The claim that has somebody's groups. */
  readonly groupsClaim: string;
  readonly scope: string;
}

export interface HttpSettings extends Address {
  /** How clients reach it, without a slash at the end; null: by the address itself. */
  readonly publicUrl: string | null;
  readonly api: boolean;
  /** Whether the web console is offered; only with the API. */
  readonly console: boolean;
  /** Whether the API may change this file. */
  readonly isWritable: boolean;
  /** Addresses or networks of proxies that say who the client is. */
  readonly trustedProxies: readonly string[];
  /** By what searches of the API find users by an index, besides what always has one. */
  readonly searchIndexes: readonly string[];
  /** By whom people sign in to the console; null: by links of the command line only. */
  readonly oidc: OidcSettings | null;
  /** Where /metrics is open to everybody; null: nowhere else. */
  readonly metrics: Address | null;
}

/** The whole configuration, validated, with every default filled in. */
export interface Settings {
  readonly file: string;
  /** SHA-256 of its text. */
  readonly version: string;
  /** Files that hold secrets or decide about access, and that others may read or change. */
  readonly exposures: readonly string[];
  readonly database: { readonly url: Secret | null; readonly directory: string };
  readonly importSafeguard: RemovalLimits;
  /** What `org.name` and `org.subDomain` are in expressions. */
  readonly organisation: { readonly name: string | null; readonly subDomain: string | null };
  /** For how many days is kept what runs did. */
  readonly history: {
    readonly undoDays: number;
    readonly runDays: number;
    readonly logDays: number;
    /** Null: app profiles of people who left are kept. */
    readonly removedDays: number | null;
  };
  /** Null: `serve` answers nothing. */
  readonly http: HttpSettings | null;
  readonly directories: ReadonlyMap<string, DirectorySettings>;
  readonly apps: ReadonlyMap<string, AppSettings>;
  readonly hooks: ReadonlyMap<string, HookSettings>;
  readonly profile: {
    /** Directories in order of source priority, highest first. */
    readonly sources: readonly string[];
    readonly overrides: ReadonlyMap<string, readonly string[] | "okta">;
    /** Attributes that take the value of the next source where one has none. */
    readonly fallback: ReadonlySet<string>;
    readonly attributes: ReadonlyMap<string, AttributeSchema>;
  };
}
