/** What a server can do: by its preset, by what it declares, by what was learned, by the configuration. */
import {
  MATCH_KEYS,
  type AppTarget,
  type Capabilities,
  type CapabilityOverrides,
  type Preset,
} from "../../model/app.ts";
import { isObject, member, type JsonObject } from "./answer.ts";

const GENERIC: Capabilities = {
  update: "put",
  activate: "put",
  filters: MATCH_KEYS,
  etag: false,
  groupChunk: 100,
  // So few that an app which refuses a credential is hardly asked again; most allow no more.
  atOnce: 3,
};

/** What is known of products from their documentation and from others' reports. */
const PRESETS: Readonly<Record<Preset, CapabilityOverrides>> = {
  generic: {},
  // Servers built for Okta's own wizard are only ever asked so.
  okta: { filters: ["userName"] },
  entra: { update: "patch", activate: "patch", filters: ["externalId", "userName", "email"] },
  aws: { update: "put", activate: "patch", filters: ["userName", "externalId"] },
  workos: { filters: ["userName"] },
};

/** What was found out about a server so far. */
export interface Known {
  readonly declared: CapabilityOverrides | null;
  readonly learned: CapabilityOverrides;
}

/** What counts, and where each ability was taken from, the strongest first. */
export function capabilitiesOf(
  { preset, capabilities }: Pick<AppTarget, "preset" | "capabilities">,
  { declared, learned }: Known,
): Capabilities {
  return { ...GENERIC, ...declared, ...PRESETS[preset], ...learned, ...capabilities };
}

/** The preset's part. */
export function presetOf(preset: Preset): CapabilityOverrides {
  return PRESETS[preset];
}

/**
 * What a ServiceProviderConfig says (RFC 7643, 5), field by field: what cannot be read is not said.
 */
export function declaredBy(config: JsonObject): CapabilityOverrides {
  const supported = (name: string): boolean | null => {
    const part = member(config, name);
    const value = isObject(part) ? member(part, "supported") : undefined;
    return typeof value === "boolean" ? value : null;
  };
  const etag = supported("etag");
  const bulk = member(config, "bulk");
  const most = isObject(bulk) ? Number(member(bulk, "maxOperations")) : Number.NaN;
  const chunk = supported("bulk") === true && Number.isInteger(most) && most > 0 ? most : null;
  return {
    ...(etag === null ? {} : { etag }),
    ...(chunk === null ? {} : { groupChunk: Math.min(chunk, GENERIC.groupChunk) }),
  };
}
