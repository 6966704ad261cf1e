/** What zod cannot see of apps: addresses, names of directories and attributes, places of values. */
import { meantHint } from "../lib/lines.ts";
import { BUILT_IN_ATTRIBUTES, DEFAULT_TO_APP } from "../model/app-attributes.ts";
import { placeOf, type AttributePlace } from "../model/attribute-place.ts";
import type { AttributeType } from "../model/profile-schema.ts";
import type { Path } from "./problems.ts";
import type { AppConfig, Config } from "./schema.ts";

type Report = (path: Path, message: string) => void;

const ATTRIBUTE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
/** What a header's name may be (RFC 9110, 5.1). */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** These say how a request is to be read, and no credential stands in them. */
const OWN_HEADERS = new Set([
  "host",
  "content-length",
  "content-type",
  "connection",
  "transfer-encoding",
]);

export function checkApps({ apps, directories }: Config, report: Report): void {
  for (const [name, app] of Object.entries(apps)) {
    const path = ["apps", name];
    checkAddress([...path, "url"], app.url, report);
    checkAuth([...path, "auth"], app, report);
    checkAttributes([...path, "attributes"], app, report);
    checkDirectories(path, app, Object.keys(directories), report);
    checkValues(path, app, report);
    if (app.onUnassign === "delete" && !app.provisioning.deactivate)
      report(
        [...path, "onUnassign"],
        "deletes accounts only with provisioning.deactivate: true, which is off",
      );
  }
}

function checkAddress(path: Path, text: string, report: Report): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    report(path, "an app's address is https://HOST/PATH (or http:// where nobody listens)");
  else if (url.username !== "" || url.password !== "")
    report(path, "a credential in the address would stand in logs; give it under `auth`");
  else if (url.search !== "" || url.hash !== "")
    report(path, "the address is what stands before /Users, without ? and #");
  else if (/\/(?:Users|Groups)\/?$/i.test(url.pathname))
    report(path, "the address is what stands before /Users");
}

function checkAuth(path: Path, { auth, url }: AppConfig, report: Report): void {
  if (auth === undefined) return;
  const secrets: [string[], string][] =
    "bearer" in auth
      ? [[["bearer"], auth.bearer]]
      : "basic" in auth
        ? [[["basic", "password"], auth.basic.password]]
        : [[["header", "value"], auth.header.value]];
  for (const [key, secret] of secrets) {
    if (secret === "") report([...path, ...key], "is empty; set the variable that it refers to");
    else if (/[\r\n\0]/.test(secret)) report([...path, ...key], "has more than one line");
  }
  if ("header" in auth) {
    const { name } = auth.header;
    if (!HEADER_NAME.test(name) || OWN_HEADERS.has(name.toLowerCase()))
      report([...path, "header", "name"], "is no name of a header that can hold a credential");
  }
  if ("basic" in auth && auth.basic.user.includes(":"))
    report([...path, "basic", "user"], "a user of basic authentication has no colon");
  if (URL.canParse(url) && secrets.some(([, secret]) => secret !== "" && url.includes(secret)))
    report(path, "the credential stands in the address, too, which is shown everywhere");
}

/** Places that say whose an account is, and whether it is on. */
const RESERVED: ReadonlySet<string> = new Set([
  "active",
  "externalid",
  "groups",
  "id",
  "meta",
  "schemas",
]);

function checkAttributes(path: Path, { attributes, toApp }: AppConfig, report: Report): void {
  const taken = takenByBuiltIns(attributes, toApp);
  for (const [name, attribute] of Object.entries(attributes)) {
    const at = [...path, name];
    if (!ATTRIBUTE_NAME.test(name) || name in Object.prototype)
      report(at, "an attribute's name is a letter followed by letters, digits or _");
    if (name.toLowerCase() === "active")
      report(at, "active says whether an account is on; give the attribute another name");
    const place = placeOfAttribute(name, attribute, Object.hasOwn(toApp, name));
    if (place === null) continue;
    if (typeof place === "string") {
      report(at, place);
      continue;
    }
    const key = keyOf(place);
    const other = taken.get(key);
    if (other !== undefined) report(at, `${name} and ${other} go to the same place`);
    taken.set(key, name);
  }
}

/** Where an attribute goes, or what is wrong with that; null: a built-in one goes where it always does. */
function placeOfAttribute(
  name: string,
  { externalName, externalNamespace }: AppConfig["attributes"][string],
  isMapped: boolean,
): AttributePlace | string | null {
  // Of a built-in one the type alone may be another.
  const isBare = externalName === undefined && externalNamespace === undefined;
  if (isBare && BUILT_IN_ATTRIBUTES.has(name)) return null;
  if (externalName === undefined || externalNamespace === undefined) {
    const missing = externalName === undefined ? "externalName" : "externalNamespace";
    const use = isMapped ? "so its mapping is never sent" : "so it is never sent";
    return `${missing} is missing, ${use}`;
  }
  const parsed = placeOf(externalName, externalNamespace);
  if ("fault" in parsed) return parsed.fault;
  const { attribute, namespace } = parsed.place;
  if (namespace === null && RESERVED.has(attribute.toLowerCase()))
    return `${attribute} is set by Rollcall and by the app, never by a mapping`;
  return parsed.place;
}

/** Where the built-in attributes go that are mapped and are not put elsewhere. */
function takenByBuiltIns(
  attributes: AppConfig["attributes"],
  toApp: AppConfig["toApp"],
): Map<string, string> {
  const taken = new Map<string, string>();
  for (const [name, { place }] of BUILT_IN_ATTRIBUTES) {
    const isElsewhere = attributes[name]?.externalName !== undefined;
    const mapping = Object.hasOwn(toApp, name) ? toApp[name] : DEFAULT_TO_APP.get(name);
    const isMapped = mapping !== undefined && mapping !== null && mapping !== "";
    if (place !== null && isMapped && !isElsewhere) taken.set(keyOf(place), name);
  }
  return taken;
}

function keyOf({ namespace, attribute, select, sub }: AttributePlace): string {
  return JSON.stringify([namespace, attribute, select, sub]).toLowerCase();
}

function checkDirectories(
  path: Path,
  { assign, pushGroups }: AppConfig,
  directories: readonly string[],
  report: Report,
): void {
  const known = (name: string, at: Path): void => {
    if (directories.includes(name)) return;
    report(at, `there is no directory ${name}${meantHint(name, directories)}`);
  };
  for (const [i, rule] of assign.entries())
    if (typeof rule === "object" && "group" in rule)
      known(rule.group.directory, [...path, "assign", i, "group", "directory"]);
  const names = new Set<string>();
  const groups = new Set<string>();
  for (const [i, { directory, name, as }] of pushGroups.entries()) {
    known(directory, [...path, "pushGroups", i, "directory"]);
    const group = JSON.stringify([directory, name]);
    if (groups.has(group))
      report([...path, "pushGroups", i], `the group ${name} of ${directory} is pushed already`);
    groups.add(group);
    const there = as ?? name;
    if (names.has(there))
      report([...path, "pushGroups", i], `two groups would be called ${there} in the app`);
    names.add(there);
  }
}

/** Why a value is not of an attribute's type; null: it is. */
function unfit(value: string | number | boolean, type: AttributeType): string | null {
  const shown = JSON.stringify(value);
  switch (type) {
    case "string":
      return typeof value === "string" ? null : `is a text: write "${String(value)}"`;
    case "boolean":
      return typeof value === "boolean"
        ? null
        : `is true or false, without quotes, and not ${shown}`;
    case "number":
      return typeof value === "number" ? null : `is a number, without quotes, and not ${shown}`;
    case "integer":
      return Number.isSafeInteger(value) ? null : `is a whole number, and not ${shown}`;
    case "array":
      return "is a list, which an assignment cannot give; map it under toApp";
  }
}

/** Values of assignments are those of attributes that the app has. */
function checkValues(path: Path, { assign, attributes }: AppConfig, report: Report): void {
  const names = [...BUILT_IN_ATTRIBUTES.keys(), ...Object.keys(attributes)];
  for (const [i, rule] of assign.entries()) {
    if (rule === "everyone") continue;
    for (const [name, value] of Object.entries(rule.values)) {
      if (names.includes(name)) {
        const type = attributes[name]?.type ?? BUILT_IN_ATTRIBUTES.get(name)?.type ?? "string";
        const fault = unfit(value, type);
        if (fault !== null) report([...path, "assign", i, "values", name], fault);
        continue;
      }
      const hint = meantHint(name, names);
      report(
        [...path, "assign", i, "values", name],
        `${name} is not an attribute of the app${hint}`,
      );
    }
  }
}
