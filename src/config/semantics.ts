/** What zod cannot see: rules between two places of the file, and values with a grammar of their own. */
import { validate as validCron } from "node-cron";
import { closest } from "../lib/lines.ts";
import { patternFault } from "../lib/patterns.ts";
import { dnKey, isWithin } from "../model/dn.ts";
import { BASE_ATTRIBUTES } from "../model/profile-schema.ts";
import type { Path } from "./problems.ts";
import type { Config, DirectoryConfig } from "./schema.ts";

type Report = (path: Path, message: string) => void;

/** Names become part of expressions and of events. */
const DIRECTORY_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
const ATTRIBUTE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
/** These stand for something else where a directory's name may stand. */
const RESERVED = new Set(["okta", "user", "appuser", "source", "app", "org"]);

export function checkSemantics(config: Config, report: Report): void {
  const url = config.database?.url ?? "";
  if (url !== "" && !isPostgresUrl(url)) {
    const form =
      "postgres://USER:PASSWORD@HOST[:PORT]/DATABASE; write # / @ and other signs of a password as %23 %2F %40";
    report(["database", "url"], `not a database address, which is ${form}`);
  }
  if (Object.keys(config.directories).length === 0) {
    report(["directories"], "there is no directory, so there is nothing to import");
  }
  for (const [name, directory] of Object.entries(config.directories)) {
    checkName(name, report);
    checkDirectory(["directories", name], directory, report);
  }
  checkProfile(config, report);
}

function checkName(name: string, report: Report): void {
  const path = ["directories", name];
  if (!DIRECTORY_NAME.test(name)) {
    report(path, "a directory's name is a letter followed by letters, digits, _ or -");
  } else if (RESERVED.has(name.toLowerCase())) {
    report(path, `${name} has a meaning in expressions and cannot name a directory`);
  }
}

function checkDirectory(path: Path, directory: DirectoryConfig, report: Report): void {
  if (directory.type === "ldif") checkFile(path, directory, report);
  else checkServer(path, directory, report);
  checkSchedule([...path, "schedule"], directory, report);
  const { disabled = [] } = directory.users;
  const rules = Array.isArray(disabled) ? disabled : [disabled];
  for (const [i, { values, bit, expires }] of rules.entries()) {
    const given = [values, bit, expires].filter((one) => one !== undefined);
    const at = Array.isArray(disabled) ? [i] : [];
    if (given.length > 1)
      report([...path, "users", "disabled", ...at], "give one of values, bit and expires");
  }
}

function checkFile(path: Path, directory: DirectoryConfig, report: Report): void {
  if (directory.path === undefined) report(path, "a directory of type ldif needs `path`");
  for (const key of ["url", "bind", "groups", "rateLimit"] as const) {
    if (directory[key] !== undefined)
      report([...path, key], `a directory of type ldif has no ${key}`);
  }
  if (directory.watch)
    report(
      [...path, "watch"],
      "a file cannot be listened to; a directory of type ldif has no watch",
    );
  if (directory.users.base !== undefined) {
    report(
      [...path, "users", "base"],
      "a directory of type ldif has no base; the whole file is read",
    );
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
    } else if (directory.startTls && url.startsWith("ldaps:")) {
      report(
        [...path, "startTls"],
        "ldaps:// is encrypted from the first byte; StartTLS goes with ldap://",
      );
    }
  }
}

export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text);
}

const GLOBAL_CATALOG: ReadonlySet<string> = new Set(["3268", "3269"]);

function isLdapUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const bare =
    url.username === "" && url.search === "" && (url.pathname === "" || url.pathname === "/");
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
      report(path, `there is no directory ${name}${hint(name, directories)}`);
  };
  const knownAttribute = (name: string, path: Path): void => {
    if (!attributeNames.includes(name)) {
      report(path, `${name} is not an attribute of the user profile${hint(name, attributeNames)}`);
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
    if (!ATTRIBUTE_NAME.test(name))
      report(path, "an attribute's name is a letter followed by letters, digits or _");
    const {
      minLength = 0,
      maxLength = Infinity,
      minimum = -Infinity,
      maximum = Infinity,
    } = attribute;
    if (minLength > maxLength || minimum > maximum) {
      report(path, "the least allowed is more than the most allowed, so nobody can have a value");
    }
    if (BASE_ATTRIBUTES.has(name))
      report(path, `${name} is a base attribute and cannot be defined again`);
    const fault = attribute.pattern === undefined ? null : patternFault(attribute.pattern);
    if (fault !== null) report([...path, "pattern"], fault.replace(/\.$/, ""));
  }
}

function hint(name: string, candidates: readonly string[]): string {
  const meant = closest(name, candidates);
  return meant === undefined ? "" : `; do you mean ${meant}?`;
}
