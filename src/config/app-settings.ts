/** Apps with every default filled in. */
import { BUILT_IN_ATTRIBUTES, DEFAULT_TO_APP } from "../model/app-attributes.ts";
import type { AppAttribute, AppAuth, AppSettings, AssignRule, PushLimits } from "../model/app.ts";
import { placeOf } from "../model/attribute-place.ts";
import { Secret } from "../model/secret.ts";
import type { MappingSetting } from "../model/mapping-setting.ts";
import type { Path } from "./problems.ts";
import type { AppConfig } from "./schema.ts";

export interface AppContext {
  readonly line: (path: Path) => number;
  /** Certificates that are trusted, in PEM. */
  readonly ca: string | null;
}

export function toApp(name: string, app: AppConfig, { line, ca }: AppContext): AppSettings {
  const path = ["apps", name];
  const { tls, preset, rateLimit, timeout, provisioning, onUnassign, matching } = app;
  return {
    name,
    label: app.label ?? name,
    type: app.type,
    target: {
      url: app.url,
      auth: toAuth(app.auth),
      tls: { ca, rejectUnauthorized: tls.rejectUnauthorized },
      preset,
      capabilities: definedOf(app.capabilities),
      requestsPerSecond: rateLimit ?? null,
      timeoutSeconds: timeout,
    },
    provisioning,
    onUnassign,
    matching,
    assign: app.assign.map((rule, i) => toRule(rule, line([...path, "assign", i, "when"]))),
    attributes: attributesOf(app),
    toApp: mappingsOf(app, (attribute) => line([...path, "toApp", attribute])),
    pushGroups: app.pushGroups.map(({ directory, name: group, as }) => {
      return { directory, name: group, as: as ?? null };
    }),
    safeguard: toLimits(app.safeguard),
  };
}

/** Without what is not given. */
function definedOf<T extends object>(given: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}

function toAuth(auth: AppConfig["auth"]): AppAuth {
  if (auth === undefined) return { kind: "none" };
  if ("bearer" in auth) return { kind: "bearer", token: new Secret(auth.bearer) };
  if ("basic" in auth) {
    const { user, password } = auth.basic;
    return { kind: "basic", user, password: new Secret(password) };
  }
  return { kind: "header", name: auth.header.name, value: new Secret(auth.header.value) };
}

function toRule(rule: AppConfig["assign"][number], line: number): AssignRule {
  if (rule === "everyone") return { kind: "everyone", values: {} };
  const { values } = rule;
  if ("everyone" in rule) return { kind: "everyone", values };
  if ("group" in rule) return { kind: "group", ...rule.group, values };
  return { kind: "condition", expression: rule.when, line, values };
}

function attributesOf({ attributes }: AppConfig): ReadonlyMap<string, AppAttribute> {
  const own = Object.entries(attributes).map(([name, attribute]): [string, AppAttribute] => {
    const { type, externalName, externalNamespace } = attribute;
    const builtIn = BUILT_IN_ATTRIBUTES.get(name);
    const refersToUser = builtIn?.refersToUser === true;
    if (externalName === undefined || externalNamespace === undefined)
      return [name, { type, place: builtIn?.place ?? null, refersToUser }];
    const parsed = placeOf(externalName, externalNamespace);
    return [name, { type, place: "place" in parsed ? parsed.place : null, refersToUser }];
  });
  return new Map([...BUILT_IN_ATTRIBUTES, ...own]);
}

function mappingsOf(
  { toApp }: AppConfig,
  line: (attribute: string) => number,
): ReadonlyMap<string, MappingSetting> {
  const mappings = new Map<string, MappingSetting>(
    [...DEFAULT_TO_APP].map(([name, expression]) => [
      name,
      { expression, apply: "update", line: 0 },
    ]),
  );
  for (const [name, mapping] of Object.entries(toApp)) {
    const at = line(name);
    if (mapping === null || mapping === "") mappings.delete(name);
    else if (typeof mapping === "string")
      mappings.set(name, { expression: mapping, apply: "update", line: at });
    else mappings.set(name, { ...mapping, line: at });
  }
  return mappings;
}

function toLimits(safeguard: AppConfig["safeguard"]): PushLimits {
  if (safeguard === "off") return { percent: null, minimum: 0, count: null, updates: null };
  const { percent, minimum, count, updates } = safeguard;
  const unlessOff = (limit: number | "off"): number | null => (limit === "off" ? null : limit);
  return {
    percent: unlessOff(percent),
    minimum,
    count: count ?? null,
    updates: unlessOff(updates),
  };
}
