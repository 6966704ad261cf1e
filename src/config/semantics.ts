/** What zod cannot see: rules between two places of the file, and values with a grammar of their own. */
import { validate as validCron } from "node-cron";
import { meantHint } from "../lib/lines.ts";
import { patternFault } from "../lib/patterns.ts";
import { columnName } from "../model/column-name.ts";
import { isCredential } from "../model/credentials.ts";
import { dnKey, isWithin } from "../model/dn.ts";
import { BASE_ATTRIBUTES } from "../model/profile-schema.ts";
import { checkApps } from "./check-apps.ts";
import { checkHooks } from "./hooks.ts";
import { checkHttp, checkSearchIndexes } from "./http-settings.ts";
import type { Path } from "./problems.ts";
import type { Config, DirectoryConfig } from "./schema.ts";

type Report = (path: Path, message: string) => void;

/** Names become part of expressions and of events. */
const DIRECTORY_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
const ATTRIBUTE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
/** These stand for something else where a directory's name may stand. */
const RESERVED = new Set(["okta", "user", "appuser", "source", "app", "org"]);
/** What every object of JavaScript has, too. */
const isOfObjects = (name: string): boolean => name in Object.prototype;

export function checkSemantics(config: Config, report: Report): void {
  const url = config.database?.url ?? "";
  if (url !== "" && !isPostgresUrl(url)) {
    const form =
      "postgres://USER:PASSWORD@HOST[:PORT]/DATABASE; write # / @ and other signs of a password as %23 %2F %40";
    report(["database", "url"], `not a database address, which is ${form}`);
  }
  checkHttp(config.http, report);
  checkHooks(config, report);
  // The first one may come by the console.
  const isWritable = config.http !== "off" && config.http.configuration === "writable";
  if (Object.keys(config.directories).length === 0 && !isWritable) {
    report(["directories"], "there is no directory, so there is nothing to import");
  }
  for (const [name, directory] of Object.entries(config.directories)) {
    checkName(name, report);
    checkDirectory(["directories", name], directory, report);
  }
  for (const name of Object.keys(config.apps)) checkAppName(name, config, report);
  checkApps(config, report);
  checkProfile(config, report);
}

function checkName(name: string, report: Report): void {
  const fault = directoryNameFault(name);
  if (fault !== null) report(["directories", name], fault);
}

/** Why a directory cannot be called so; null: it can. */
export function directoryNameFault(name: string): string | null {
  if (!DIRECTORY_NAME.test(name))
    return "a directory's name is a letter followed by letters, digits, _ or -";
  if (RESERVED.has(name.toLowerCase()) || isOfObjects(name))
    return `${name} has a meaning in expressions and cannot name a directory`;
  return null;
}

function checkAppName(name: string, { directories, apps }: Config, report: Report): void {
  const path = ["apps", name];
  if (!DIRECTORY_NAME.test(name) || isOfObjects(name))
    report(path, "an app's name is a letter followed by letters, digits, _ or -");
  if (Object.hasOwn(directories, name)) report(path, `${name} is the name of a directory, too`);
  const same = Object.keys(apps).find(
    (one) => one !== name && one.toLowerCase() === name.toLowerCase(),
  );
  if (same !== undefined && same < name) report(path, `${name} and ${same} differ only in case`);
}

function checkDirectory(path: Path, directory: DirectoryConfig, report: Report): void {
  const { type } = directory;
  if (type === "ldif" || type === "csv") checkFile(path, directory, type, report);
  else if (type === "identity-source") checkIdentitySource(path, directory, report);
  else checkServer(path, directory, report);
  if (type === "csv") checkColumns(path, directory, report);
  else refuseColumns(path, directory, report);
  checkSchedule([...path, "schedule"], directory, report);
  checkCredentials(path, directory, report);
  const { disabled = [] } = directory.users;
  const rules = Array.isArray(disabled) ? disabled : [disabled];
  for (const [i, { values, bit, expires }] of rules.entries()) {
    const given = [values, bit, expires].filter((one) => one !== undefined);
    const at = Array.isArray(disabled) ? [i] : [];
    if (given.length > 1)
      report([...path, "users", "disabled", ...at], "give one of values, bit and expires");
  }
}

/** Whoever is found by a credential, or known by it, tells what it is. */
function checkCredentials(path: Path, { users, groups }: DirectoryConfig, report: Report): void {
  const refuse = (where: readonly string[], names: readonly string[], what: string): void => {
    const name = names.find(isCredential);
    if (name !== undefined)
      report([...path, ...where], `${name} holds credentials, by which ${what}`);
  };
  const { disabled = [] } = users;
  const rules = Array.isArray(disabled) ? disabled : [disabled];
  refuse(["users", "filter"], attributesOf(users.filter ?? ""), "nobody is looked for");
  refuse(["groups", "filter"], attributesOf(groups?.filter ?? ""), "nobody is looked for");
  refuse(["users", "id"], users.id === undefined ? [] : [users.id], "nobody is identified");
  refuse(
    ["users", "disabled"],
    rules.map((rule) => rule.attribute),
    "nobody is judged",
  );
}

/** Names in a filter: what stands between a parenthesis and the sign of the comparison. */
function attributesOf(filter: string): string[] {
  return filter.split("(").map((part) => part.split(/[=<>~:)]/, 1)[0]?.trim() ?? "");
}

function checkFile(
  path: Path,
  directory: DirectoryConfig,
  type: "ldif" | "csv",
  report: Report,
): void {
  const of = `a directory of type ${type}`;
  if (directory.path === undefined) report(path, `${of} needs \`path\``);
  for (const key of ["url", "bind", "rateLimit"] as const) {
    if (directory[key] !== undefined) report([...path, key], `${of} has no ${key}`);
  }
  for (const key of ["users", "groups"] as const) {
    if (directory[key]?.base !== undefined)
      report([...path, key, "base"], `${of} has no base; the whole file is read`);
  }
  if (directory.watch)
    report([...path, "watch"], `a file cannot be listened to; ${of} has no watch`);
}

/** Nothing is searched for, and nobody logs in. */
function checkIdentitySource(path: Path, directory: DirectoryConfig, report: Report): void {
  const of = "a directory of type identity-source";
  for (const key of ["path", "url", "bind", "rateLimit", "groups"] as const)
    if (directory[key] !== undefined) report([...path, key], `${of} has no ${key}`);
  for (const key of ["base", "filter", "id"] as const)
    if (directory.users[key] !== undefined)
      report(
        [...path, "users", key],
        `${of} has no ${key}; everybody who is brought is in it, by their externalId`,
      );
  if (directory.watch)
    report([...path, "watch"], `${of} has no watch; what is brought is imported at once`);
}

/** What only files of lines and columns have. */
const OF_COLUMNS = ["delimiter", "encoding", "separator", "trailer"] as const;

function refuseColumns(path: Path, directory: DirectoryConfig, report: Report): void {
  for (const key of OF_COLUMNS)
    if (directory[key] !== undefined)
      report([...path, key], `only a directory of type csv has ${key}`);
  if (directory.groups?.column !== undefined)
    report([...path, "groups", "column"], "only a directory of type csv has columns");
}

function checkColumns(
  path: Path,
  { users, groups, delimiter = "", encoding }: DirectoryConfig,
  report: Report,
): void {
  if (users.id === undefined)
    report(
      [...path, "users"],
      "a directory of type csv needs `id`: the column by which people are identified",
    );
  else if (columnName(users.id) === "") report([...path, "users", "id"], "is no heading");
  if (groups !== undefined && groups.column === undefined)
    report([...path, "groups"], "give `column`: the column that names people's groups");
  if (groups?.filter !== undefined)
    report([...path, "groups", "filter"], "a directory of type csv has no filter of groups");
  if (/["\r\n]/.test(delimiter))
    report([...path, "delimiter"], "neither a quote nor a line end can stand between fields");
  if (encoding !== undefined && !isEncoding(encoding))
    report(
      [...path, "encoding"],
      `${encoding} is no encoding that is known, such as utf-8, utf-16le, windows-1252`,
    );
}

function isEncoding(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}

/** What can be listened to: RFC 4533, below one base. */
function checkWatch(
  path: Path,
  { type, incremental, users, groups }: DirectoryConfig,
  report: Report,
): void {
  const { way } = incremental;
  if (type === "active-directory")
    report(path, "Active Directory cannot be listened to; use a schedule with short intervals");
  else if (way !== "auto" && way !== "contentSync")
    report(path, `listening needs incremental.way auto or contentSync, not ${way}`);
  const bases = [...(users.base ?? []), ...(groups?.base ?? [])];
  const top = bases.toSorted((a, b) => a.length - b.length)[0] ?? "";
  const below = (base: string): boolean => isWithin(dnKey(base), dnKey(top));
  if (!bases.every(below))
    report(path, "listening needs one base below which all people and groups lie");
}

function checkServer(path: Path, directory: DirectoryConfig, report: Report): void {
  if (directory.path !== undefined)
    report([...path, "path"], `only a directory of type ldif has a path`);
  if (directory.url === undefined)
    report(path, `a directory of type ${directory.type} needs \`url\``);
  if (directory.users.base === undefined)
    report([...path, "users"], "`base` is missing: where the people are");
  if (
    directory.type === "ldap" &&
    directory.groups !== undefined &&
    directory.groups.base === undefined
  )
    report([...path, "groups"], "`base` is missing: where the groups are");
  if (directory.watch) checkWatch([...path, "watch"], directory, report);
  checkLogin(path, directory, report);
  checkFall(path, directory, report);
  for (const url of directory.url ?? []) {
    if (!isLdapUrl(url)) {
      report(
        [...path, "url"],
        "an address is ldap://HOST[:PORT] or ldaps://HOST[:PORT], without anything behind",
      );
    } else if (GLOBAL_CATALOG.has(new URL(url).port)) {
      report(
        [...path, "url"],
        "port 3268 or 3269 is the global catalog, which has only some of the attributes (no title, department or accountExpires) and so would empty the others; use 389 or 636",
      );
    } else if (directory.startTls && isLdaps(url)) {
      report(
        [...path, "startTls"],
        "ldaps:// is encrypted from the first byte; StartTLS goes with ldap://",
      );
    }
  }
}

/** What a login needs, and nothing besides. */
function checkLogin(
  path: Path,
  { bind, tls, url, startTls }: DirectoryConfig,
  report: Report,
): void {
  if ((tls.cert === undefined) !== (tls.key === undefined))
    report([...path, "tls"], "cert and key belong together: give both, or none");
  if (bind === undefined) return;
  const at = [...path, "bind"];
  const { mechanism, dn, password, passwordFile } = bind;
  if (mechanism === "external") {
    const others = Object.entries({ dn, password, passwordFile });
    for (const [key, value] of others)
      if (value !== undefined)
        report([...at, key], `the certificate says who logs in, so external goes without ${key}`);
    const isSecure = startTls || (url ?? []).every(isLdaps);
    if (tls.cert === undefined || !isSecure)
      report(at, "external needs ldaps:// or startTls, and tls.cert with tls.key");
    return;
  }
  if (dn === undefined) report(at, "`dn` is missing: the account that reads");
  if (password === undefined && passwordFile === undefined)
    report(at, "`password` or `passwordFile` is missing");
  if (password !== undefined && passwordFile !== undefined)
    report([...at, "passwordFile"], "give password or passwordFile, not both");
}

/** Whoever disturbs the first address would have the password in clear from the second. */
function checkFall(path: Path, { url = [] }: DirectoryConfig, report: Report): void {
  const secure = url.filter(isLdaps).length;
  if (secure > 0 && secure < url.length)
    report(
      [...path, "url"],
      "ldaps:// and ldap:// in one list: whoever disturbs the first gets everything in clear, without TLS; use one of them for all",
    );
}

function isLdaps(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === "ldaps:";
}

export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text);
}

const GLOBAL_CATALOG: ReadonlySet<string> = new Set(["3268", "3269"]);

function isLdapUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const bare =
    url.username === "" &&
    url.password === "" &&
    url.search === "" &&
    url.hash === "" &&
    (url.pathname === "" || url.pathname === "/");
  return /^ldaps?:$/.test(url.protocol) && url.hostname !== "" && bare;
}

function checkSchedule(path: Path, directory: DirectoryConfig, report: Report): void {
  const { incremental, full, timezone } = directory.schedule;
  for (const [key, cron] of Object.entries({ incremental, full })) {
    if (cron !== undefined && !validCron(cron)) {
      report([...path, key], 'not a cron expression, such as "*/15 * * * *"');
    }
  }
  if (!isTimeZone(timezone))
    report([...path, "timezone"], "not an IANA time zone, such as Europe/Berlin");
}

function isTimeZone(name: string): boolean {
  // Without loading the runtime's tables, which takes as long as the rest of the configuration.
  if (name === "UTC") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function checkProfile(config: Config, report: Report): void {
  const directories = Object.keys(config.directories);
  const { sources, overrides, attributes } = config.profile;
  const attributeNames = [...BASE_ATTRIBUTES.keys(), ...Object.keys(attributes)];
  const knownDirectory = (name: string, path: Path): void => {
    if (!directories.includes(name))
      report(path, `there is no directory ${name}${meantHint(name, directories)}`);
  };
  const knownAttribute = (name: string, path: Path): void => {
    if (!attributeNames.includes(name)) {
      report(
        path,
        `${name} is not an attribute of the user profile${meantHint(name, attributeNames)}`,
      );
    }
  };
  for (const [i, name] of (sources ?? []).entries()) {
    knownDirectory(name, ["profile", "sources", i]);
    if (sources?.indexOf(name) !== i) report(["profile", "sources", i], `${name} stands twice`);
  }
  for (const [name, order] of Object.entries(overrides)) {
    knownAttribute(name, ["profile", "overrides", name]);
    const listed = Array.isArray(order);
    const directories = overrideSources(order);
    if (directories === null || directories === "okta") continue;
    const path = ["profile", "overrides", name, ...(listed ? [] : ["sources"])];
    for (const [i, source] of directories.entries()) {
      knownDirectory(source, [...path, i]);
      if (directories.indexOf(source) !== i) report([...path, i], `${source} stands twice`);
    }
  }
  const kinds: readonly (readonly [string, { readonly type: string }])[] = [
    ...BASE_ATTRIBUTES,
    ...Object.entries(attributes),
  ];
  checkSearchIndexes(config.http, new Map(kinds), report);
  checkAttributes(attributes, report);
  for (const [name, directory] of Object.entries(config.directories)) {
    for (const [i, rule] of directory.matching.entries()) {
      knownAttribute(rule.user, ["directories", name, "matching", i, "user"]);
    }
  }
}

/** The order that an override gives; null if it leaves that to the sources. */
export function overrideSources(
  override: Config["profile"]["overrides"][string],
): readonly string[] | "okta" | null {
  if (override === "okta" || Array.isArray(override)) return override;
  return override.sources ?? null;
}

const MOST_UNIQUE = 5;

function checkAttributeName(name: string, path: Path, report: Report): void {
  if (!ATTRIBUTE_NAME.test(name))
    report(path, "an attribute's name is a letter followed by letters, digits or _");
  if (isOfObjects(name))
    report(path, `${name} is a word of the language and cannot name an attribute`);
  if (BASE_ATTRIBUTES.has(name))
    report(path, `${name} is a base attribute and cannot be defined again`);
}

function checkAttributes(attributes: Config["profile"]["attributes"], report: Report): void {
  const unique = Object.entries(attributes).filter(([, attribute]) => attribute.unique);
  for (const [name] of unique.slice(MOST_UNIQUE))
    report(
      ["profile", "attributes", name, "unique"],
      `at most ${MOST_UNIQUE} attributes can be unique`,
    );
  for (const [name, attribute] of Object.entries(attributes)) {
    const path = ["profile", "attributes", name];
    if (attribute.unique && attribute.type === "array")
      report([...path, "unique"], "several values cannot be compared for being unique");
    checkAttributeName(name, path, report);
    const {
      minLength = 0,
      maxLength = Infinity,
      minimum = -Infinity,
      maximum = Infinity,
    } = attribute;
    if (minLength > maxLength || minimum > maximum) {
      report(path, "the least allowed is more than the most allowed, so nobody can have a value");
    }
    const fault = attribute.pattern === undefined ? null : patternFault(attribute.pattern);
    if (fault !== null) report([...path, "pattern"], fault.replace(/\.$/, ""));
  }
}
