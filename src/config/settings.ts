import { hookSettings } from "./hooks.ts";
import { httpSettings } from "./http-settings.ts";
import type {
  CsvSource,
  Bind,
  DirectorySource,
  DisabledRule,
  GroupsScope,
  LdapTarget,
  UsersScope,
} from "../model/directory.ts";
import { columnName } from "../model/column-name.ts";
import { splitDn } from "../model/dn.ts";
import { RollcallError } from "../model/errors.ts";
import {
  profileSchema,
  type AttributeSchema,
  type ProfileSchema,
} from "../model/profile-schema.ts";
import { GROUP_FILTERS, PEOPLE_FILTERS } from "../model/default-filters.ts";
import { Secret } from "../model/secret.ts";
import type { MappingSetting } from "../model/mapping-setting.ts";
import type {
  DirectorySettings,
  RemovalLimits,
  SafeguardLimits,
  Settings,
} from "../model/settings.ts";
import { toApp } from "./app-settings.ts";
import { NO_FILES, type DirectoryFiles } from "./files.ts";
import type { ProcessEnvironment } from "./variables.ts";
import type { Path } from "./problems.ts";
import type { AttributeConfig, Config, DirectoryConfig } from "./schema.ts";
import { isPostgresUrl, overrideSources } from "./semantics.ts";

interface SettingsContext {
  readonly file: string;
  readonly version: string;
  readonly environment: ProcessEnvironment;
  /** Contents of the files that directories name. */
  readonly files: ReadonlyMap<string, DirectoryFiles>;
  readonly exposures: readonly string[];
  /** Certificates that each app's server is trusted by, in PEM. */
  readonly trusted: ReadonlyMap<string, string | null>;
  readonly line: (path: Path) => number;
}

/** Directories of whose groups an app makes something. */
function groupsWantedBy({ apps }: Config): ReadonlySet<string> {
  return new Set(
    Object.values(apps).flatMap(({ assign, pushGroups }) => [
      ...pushGroups.map(({ directory }) => directory),
      ...assign.flatMap((rule) =>
        typeof rule === "object" && "group" in rule ? [rule.group.directory] : [],
      ),
    ]),
  );
}

/** Fills in every default, so that nothing behind this needs to know one. */
export function toSettings(config: Config, context: SettingsContext): Settings {
  const url =
    config.database === undefined ? context.environment["DATABASE_URL"] : config.database.url;
  if (config.database === undefined && url !== undefined && url !== "" && !isPostgresUrl(url)) {
    const message =
      "DATABASE_URL is not a database address (postgres://USER:PASSWORD@HOST/DATABASE).";
    throw new RollcallError("config.invalid", message);
  }
  return {
    file: context.file,
    version: context.version,
    exposures: context.exposures,
    database: {
      url: url === undefined || url === "" ? null : new Secret(url),
      directory: config.database?.directory ?? "./data",
    },
    importSafeguard: toRemovalLimits(config.importSafeguard),
    organisation: {
      name: config.organisation.name ?? null,
      subDomain: config.organisation.subDomain ?? null,
    },
    history: { ...config.history, removedDays: config.history.removedDays ?? null },
    hooks: new Map(
      Object.entries(config.hooks).map(([name, hook]) => {
        return [name, hookSettings(name, hook, context.line(["hooks", name, "filter"]))];
      }),
    ),
    http: config.http === "off" ? null : httpSettings(config.http),
    directories: new Map(
      Object.entries(config.directories).map(([name, directory]) => [
        name,
        toDirectory(name, directory, { ...context, groupsWanted: groupsWantedBy(config) }),
      ]),
    ),
    apps: new Map(
      Object.entries(config.apps).map(([name, app]) => {
        const ca = context.trusted.get(name) ?? null;
        return [name, toApp(name, app, { line: context.line, ca })];
      }),
    ),
    profile: toProfile(config),
  };
}

function toProfile({ profile, directories }: Config): Settings["profile"] {
  const { sources, overrides } = profile;
  const attributes = new Map(
    Object.entries(profile.attributes).map(([name, one]) => [name, toAttribute(name, one)]),
  );
  const orders = Object.entries(overrides).flatMap(([name, override]) => {
    const order = overrideSources(override);
    return order === null ? [] : [[name, order] as const];
  });
  return {
    sources: sources ?? Object.keys(directories),
    overrides: new Map(orders),
    fallback: fallbackOf(profile, profileSchema(attributes)),
    attributes,
  };
}

/** The attributes that fall back: by their own word, or else by that for all. */
function fallbackOf(
  { fallback, overrides }: Config["profile"],
  schema: ProfileSchema,
): ReadonlySet<string> {
  const own = (name: string): boolean | undefined => {
    const override = overrides[name];
    const isObject = typeof override === "object" && !Array.isArray(override);
    return isObject ? override.fallback : undefined;
  };
  return new Set([...schema.keys()].filter((name) => own(name) ?? fallback));
}

interface DirectoryContext extends SettingsContext {
  readonly groupsWanted: ReadonlySet<string>;
}

function toDirectory(
  name: string,
  directory: DirectoryConfig,
  context: DirectoryContext,
): DirectorySettings {
  const path = ["directories", name];
  return {
    name,
    source: toSource(name, directory, context),
    schedule: {
      incremental: directory.schedule.incremental ?? null,
      full: directory.schedule.full ?? null,
      timezone: directory.schedule.timezone,
    },
    importSafeguard: toLimits(directory.importSafeguard),
    onRemoval: directory.onRemoval,
    reactivate: directory.reactivate,
    matching: directory.matching.map((rule, i) => ({
      ...rule,
      onMatch: rule.onMatch ?? null,
      line: context.line([...path, "matching", i, "app"]),
    })),
    onNoMatch: directory.onNoMatch,
    // Nobody else tells when somebody was brought.
    watch: directory.watch || directory.type === "identity-source",
    toOkta: new Map(
      Object.entries(mappingsOf(directory)).map(
        ([attribute, mapping]): [string, MappingSetting] => {
          const line = context.line([...path, "toOkta", attribute]);
          if (typeof mapping === "string")
            return [attribute, { expression: mapping, apply: "update", line }];
          return [attribute, { ...mapping, line }];
        },
      ),
    ),
  };
}

function mappingsOf({ type, toOkta }: DirectoryConfig): DirectoryConfig["toOkta"] {
  if (Object.keys(toOkta).length > 0) return toOkta;
  if (type === "active-directory") return AD_MAPPINGS;
  return type === "identity-source" ? SOURCE_MAPPINGS : toOkta;
}

function toSource(
  name: string,
  directory: DirectoryConfig,
  context: DirectoryContext,
): DirectorySource {
  const { type } = directory;
  const users = toScope(directory);
  if (type === "csv") return toCsv(name, directory, users);
  if (type === "identity-source") return { name, type, users };
  if (type === "ldif") {
    const groups = toFileGroups(directory, context.groupsWanted.has(name));
    return { name, type, users, path: directory.path ?? "", groups };
  }
  return {
    name,
    type,
    users,
    groups: toGroups(directory),
    incremental: {
      way: directory.incremental.way,
      overlapSeconds: directory.incremental.overlap,
      compareMinutes: directory.incremental.compare,
    },
    ldap: toTarget(name, directory, context),
  };
}

/** Columns by the names that expressions know them by. */
function toCsv(name: string, directory: DirectoryConfig, users: UsersScope): CsvSource {
  const { path = "", delimiter, encoding, separator, trailer, groups } = directory;
  return {
    name,
    type: "csv",
    path,
    format: {
      delimiter: delimiter ?? null,
      encoding: encoding ?? null,
      separator: separator ?? null,
      trailer: trailer ?? null,
    },
    users: {
      ...users,
      id: columnName(users.id ?? ""),
      attributes: users.attributes.map((name) => columnName(name) || name),
      disabled: users.disabled.map((rule) => ({ ...rule, attribute: columnName(rule.attribute) })),
    },
    groupsColumn: groups?.column === undefined ? null : columnName(groups.column),
  };
}

/** Between two pages the server and we wait for each other. */
const PAGE = 5000;
/** Where the server is to be spared, it shall not have to give much at once. */
const SPARING_PAGE = 1000;

function toTarget(
  name: string,
  { url, startTls, tls, bind, pageSize, rateLimit, timeout }: DirectoryConfig,
  context: SettingsContext,
): LdapTarget {
  const files = context.files.get(name) ?? NO_FILES;
  const { rejectUnauthorized, minVersion } = tls;
  return {
    urls: (url ?? []).map(plainUrl),
    startTls,
    tls: {
      ca: files.ca,
      rejectUnauthorized,
      client: files.client,
      minVersion: minVersion === 1.3 || minVersion === "TLSv1.3" ? "TLSv1.3" : "TLSv1.2",
    },
    bind: toBind(bind, files),
    pageSize: pageSize ?? (rateLimit === undefined ? PAGE : SPARING_PAGE),
    entriesPerSecond: rateLimit ?? null,
    timeoutSeconds: timeout,
  };
}

function toBind(bind: DirectoryConfig["bind"], { password }: DirectoryFiles): Bind | null {
  if (bind === undefined) return null;
  if (bind.mechanism === "external") return { mechanism: "external" };
  const secret = new Secret(password ?? bind.password ?? "");
  return { mechanism: "simple", dn: bind.dn ?? "", password: secret };
}

/** Positions belong to a server by its address, so one server has one. */
function plainUrl(url: string): string {
  return url.replace(/^[a-z]+:/i, (scheme) => scheme.toLowerCase());
}

const ACCOUNTDISABLE = [{ attribute: "userAccountControl", bit: 2 }] as const;

function toScope({ type, users }: DirectoryConfig): UsersScope {
  return {
    bases: users.base ?? [],
    scope: users.scope,
    filter: users.filter ?? PEOPLE_FILTERS[type],
    id: users.id ?? null,
    attributes: users.attributes,
    disabled: disabledRules(users.disabled) ?? (type === "active-directory" ? ACCOUNTDISABLE : []),
  };
}

function disabledRules(
  configured: DirectoryConfig["users"]["disabled"],
): readonly DisabledRule[] | null {
  if (configured === undefined) return null;
  return Array.isArray(configured) ? configured : [configured];
}

/** Of a file, groups are read where they are configured, or where an app asks for one. */
function toFileGroups({ groups }: DirectoryConfig, wanted: boolean): GroupsScope | null {
  if (groups === undefined && !wanted) return null;
  return { bases: [], filter: groups?.filter ?? GROUP_FILTERS.ldif };
}

function toGroups({ type, groups, users }: DirectoryConfig): GroupsScope | null {
  if (groups === undefined || (type !== "ldap" && type !== "active-directory")) return null;
  const bases = groups.base ?? [...new Set((users.base ?? []).map(domainOf))];
  return { bases, filter: groups.filter ?? GROUP_FILTERS[type] };
}

/** The part of a name that names the domain: `dc=…,dc=…` at its end; all of it if there is none. */
function domainOf(base: string): string {
  const parts = splitDn(base) ?? [];
  const last = parts.findLastIndex((part) => !/^\s*dc=/i.test(part));
  const domain = parts.slice(last + 1).join(",");
  return domain === "" ? base : domain.trim();
}

/** What people of Active Directory are mapped to where nothing is configured. */
const AD_MAPPINGS: Readonly<Record<string, string>> = {
  login: "appuser.userPrincipalName",
  email: "appuser.mail ?: appuser.userPrincipalName",
  firstName: "appuser.givenName ?: appuser.sAMAccountName",
  lastName: "appuser.sn ?: appuser.sAMAccountName",
  displayName: "appuser.displayName",
  title: "appuser.title",
  department: "appuser.department",
  organization: "appuser.company",
  employeeNumber: "appuser.employeeNumber",
  mobilePhone: "appuser.mobile",
  primaryPhone: "appuser.telephoneNumber",
  streetAddress: "appuser.streetAddress",
  city: "appuser.l",
  state: "appuser.st",
  zipCode: "appuser.postalCode",
  countryCode: "appuser.c",
};

/** Of the attributes that Okta's clients bring. */
const SOURCE_MAPPINGS: Readonly<Record<string, string>> = {
  login: "appuser.userName",
  email: "appuser.email",
  firstName: "appuser.firstName",
  lastName: "appuser.lastName",
  secondEmail: "appuser.secondEmail",
  mobilePhone: "appuser.mobilePhone",
  streetAddress: "appuser.homeAddress",
};

function toRemovalLimits(limits: Config["importSafeguard"]): RemovalLimits {
  if (limits === "off") return { percent: null, minimum: 0, count: null };
  const { minimum, count = null } = limits;
  return { percent: unlessOff(limits.percent), minimum, count };
}

function toLimits(limits: DirectoryConfig["importSafeguard"]): SafeguardLimits {
  const common = toRemovalLimits(limits);
  if (limits === "off")
    return { ...common, drop: null, failures: null, updates: null, logins: null, grants: null };
  const { drop, failures, updates, logins, grants } = limits;
  return {
    ...common,
    drop: unlessOff(drop),
    failures: unlessOff(failures),
    updates: unlessOff(updates),
    logins: unlessOff(logins),
    grants: unlessOff(grants),
  };
}

function unlessOff(percent: number | "off"): number | null {
  return percent === "off" ? null : percent;
}

function toAttribute(name: string, { title, ...rules }: AttributeConfig): AttributeSchema {
  return { title: title ?? name, ...rules };
}
