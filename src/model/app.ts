/** Apps as the configuration describes them: where accounts are made, for whom, and with which values. */
import type { AttributePlace } from "./attribute-place.ts";
import type { AttributeType } from "./profile-schema.ts";
import type { Secret } from "./secret.ts";
import type { MappingSetting } from "./mapping-setting.ts";

/** What may be changed in an app. Each is off unless the configuration says otherwise. */
export interface Toggles {
  readonly create: boolean;
  readonly update: boolean;
  readonly deactivate: boolean;
}

export type OnUnassign = "deactivate" | "delete" | "keep";

/** By what an account that is already there is found, in this order. */
export const MATCH_KEYS = ["externalId", "userName", "email"] as const;
export type MatchKey = (typeof MATCH_KEYS)[number];

/** Values that an assignment gives, by the app's attribute; they come before the mappings. */
export type AssignedValues = Readonly<Record<string, string | number | boolean>>;

export type AssignRule =
  | { readonly kind: "everyone"; readonly values: AssignedValues }
  | {
      readonly kind: "group";
      readonly directory: string;
      readonly name: string;
      readonly values: AssignedValues;
    }
  | {
      readonly kind: "condition";
      readonly expression: string;
      readonly line: number;
      readonly values: AssignedValues;
    };

export interface AppAttribute {
  readonly type: AttributeType;
  /** Where it goes; null: nowhere, because the external name or namespace is missing. */
  readonly place: AttributePlace | null;
  /** Its value names another user, and goes out as the app's own id of that one. */
  readonly refersToUser: boolean;
}

export type AppAuth =
  | { readonly kind: "none" }
  | { readonly kind: "bearer"; readonly token: Secret }
  | { readonly kind: "basic"; readonly user: string; readonly password: Secret }
  | { readonly kind: "header"; readonly name: string; readonly value: Secret };

export const PRESETS = ["generic", "okta", "entra", "aws", "workos"] as const;
export type Preset = (typeof PRESETS)[number];

/** How to reach an app. */
export interface AppTarget {
  readonly url: string;
  readonly auth: AppAuth;
  readonly tls: { readonly ca: string | null; readonly rejectUnauthorized: boolean };
  readonly preset: Preset;
  /** What the configuration says of the app's abilities, over everything else. */
  readonly capabilities: CapabilityOverrides;
  readonly requestsPerSecond: number | null;
  readonly timeoutSeconds: number;
}

/** What a SCIM server can do. */
export interface Capabilities {
  /** How an account is changed: its whole document, or what differs. */
  readonly update: "put" | "patch";
  /** How an account is switched off and on. */
  readonly activate: "put" | "patch";
  /** Attributes that the server filters by. */
  readonly filters: readonly MatchKey[];
  readonly etag: boolean;
  /** Members of a group in one request. */
  readonly groupChunk: number;
  /** Requests on their way at a time. */
  readonly atOnce: number;
}
export type CapabilityOverrides = Partial<Capabilities>;

export interface PushGroup {
  readonly directory: string;
  readonly name: string;
  /** What it is called in the app; null: as in the directory. */
  readonly as: string | null;
}

/** Limits on what one push may take away or change. A limit that is null is off. */
export interface PushLimits {
  /** Accounts or memberships that are taken away. */
  readonly percent: number | null;
  /** Percentages do not apply below this many. */
  readonly minimum: number;
  readonly count: number | null;
  /** Percentage of the accounts that are changed. */
  readonly updates: number | null;
}

export interface AppSettings {
  readonly name: string;
  readonly label: string;
  readonly type: "scim";
  readonly target: AppTarget;
  readonly provisioning: Toggles;
  readonly onUnassign: OnUnassign;
  readonly matching: readonly MatchKey[];
  readonly assign: readonly AssignRule[];
  readonly attributes: ReadonlyMap<string, AppAttribute>;
  readonly toApp: ReadonlyMap<string, MappingSetting>;
  readonly pushGroups: readonly PushGroup[];
  readonly safeguard: PushLimits;
}
