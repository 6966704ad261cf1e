/** Directories and apps, in the shape in which Okta shows both: as applications. */
import type { AppSettings } from "../../model/app.ts";
import type { DirectorySettings, Settings } from "../../model/settings.ts";
import type { ApiContext } from "../context.ts";
import { href } from "./answer.ts";
import { notFound } from "./errors.ts";

/** What is behind an application: somebody to read people from, or an app to give accounts in. */
export type Instance =
  | { readonly kind: "directory"; readonly directory: DirectorySettings }
  | { readonly kind: "app"; readonly app: AppSettings };

/** @throws OktaError if there is neither */
export function instanceOf({ service }: Pick<ApiContext, "service">, id: string): Instance {
  return instanceIn(service.settings, id);
}

/** The same in settings that are new. @throws OktaError if there is neither */
export function instanceIn(settings: Settings, id: string): Instance {
  const directory = settings.directories.get(id);
  if (directory !== undefined) return { kind: "directory", directory };
  const app = settings.apps.get(id);
  if (app !== undefined) return { kind: "app", app };
  throw notFound("AppInstance", id);
}

/** The names that Okta's own directories have; an LDIF file is one of LDAP. */
const NAMES = {
  "active-directory": "active_directory",
  ldap: "ldap_sun_one",
  ldif: "ldap_sun_one",
  csv: "csv_directory_v2",
  "identity-source": "custom_identity_source",
} as const;

export function appNameOf(instance: Instance): string {
  return instance.kind === "app" ? "scim" : NAMES[instance.directory.source.type];
}

/** All of them, in order of their ids. */
export function appDocuments(context: ApiContext) {
  const { directories, apps } = context.service.settings;
  return [...directories.keys(), ...apps.keys()]
    .toSorted()
    .map((id) => appDocument(context, instanceOf(context, id)));
}

export function appDocument(context: ApiContext, instance: Instance) {
  const isApp = instance.kind === "app";
  const id = isApp ? instance.app.name : instance.directory.name;
  const name = appNameOf(instance);
  const login = isApp
    ? (instance.app.toApp.get("userName")?.expression ?? null)
    : (instance.directory.toOkta.get("login")?.expression ?? null);
  return {
    id,
    orn: `orn:rollcall:idp:rollcall:apps:${name}:${id}`,
    name,
    label: id,
    status: "ACTIVE",
    lastUpdated: null,
    created: null,
    accessibility: { selfService: false, errorRedirectUrl: null, loginRedirectUrl: null },
    visibility: {
      autoLaunch: false,
      autoSubmitToolbar: false,
      hide: { iOS: false, web: false },
      appLinks: {},
    },
    features: isApp ? appFeatures(instance.app) : directoryFeatures(context, instance.directory),
    // As of every source of people that Okta has; nobody signs in through it.
    signOnMode: null,
    credentials: {
      userNameTemplate: { template: login, type: "CUSTOM", pushStatus: "NOT_CONFIGURED" },
      signing: {},
    },
    settings: {
      app: isApp ? { baseUrl: instance.app.target.url } : directoryFacts(instance.directory),
      notifications: {
        vpn: { network: { connection: "DISABLED" }, message: null, helpUrl: null },
      },
      manualProvisioning: false,
      implicitAssignment: false,
      notes: { admin: null, enduser: null },
    },
    _links: {
      self: href(context, `/api/v1/apps/${id}`),
      users: href(context, `/api/v1/apps/${id}/users`),
      groups: href(context, `/api/v1/apps/${id}/groups`),
      appLinks: [],
      logo: [],
    },
  };
}

function directoryFeatures(
  { service: { settings } }: ApiContext,
  { name, onNoMatch }: DirectorySettings,
): string[] {
  const isSource = settings.profile.sources.includes(name);
  return [
    "IMPORT_PROFILE_UPDATES",
    ...(isSource ? ["PROFILE_MASTERING"] : []),
    ...(onNoMatch === "create" ? ["IMPORT_NEW_USERS"] : []),
  ];
}

function appFeatures({ provisioning, pushGroups }: AppSettings): string[] {
  return [
    ...(provisioning.create ? ["PUSH_NEW_USERS"] : []),
    ...(provisioning.update ? ["PUSH_PROFILE_UPDATES"] : []),
    ...(provisioning.deactivate ? ["PUSH_USER_DEACTIVATION", "REACTIVATE_USERS"] : []),
    ...(pushGroups.length > 0 ? ["GROUP_PUSH"] : []),
  ];
}

/** Where it lies and whom it shows; nothing of how one logs in there. */
function directoryFacts({ source }: DirectorySettings) {
  const { bases, filter } = source.users;
  return {
    namingContext: bases[0] ?? null,
    searchOrgUnit: bases.length === 0 ? null : bases.join(";"),
    userFilter: filter === "" ? null : filter,
    login: null,
    password: null,
  };
}
