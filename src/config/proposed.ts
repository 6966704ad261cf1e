/** A proposal as text of a configuration: with comments that say what was found. */
import { isMap, isScalar, parseDocument, stringify, type Document } from "yaml";
import { isDeepStrictEqual } from "node:util";
import { asRollcallError, RollcallError } from "../model/errors.ts";
import { withEdits, AS_TEXT } from "./edit.ts";
import type { Proposal } from "../model/proposal.ts";

/** How the directory is reached; what is secret stands elsewhere. */
export interface Access {
  readonly name: string;
  readonly url: string | null;
  readonly path: string | null;
  readonly startTls: boolean;
  /** File with certificates; null: those that the system trusts. */
  readonly ca: string | null;
  readonly bindDn: string | null;
  /** The file with the password; null: a variable has it. */
  readonly passwordFile: string | null;
}

/** The variable that has the password of a directory. */
export function passwordVariable(name: string): string {
  return `${name.toUpperCase().replaceAll("-", "_")}_PASSWORD`;
}

const HEAD = `# Every key: docs/02-configuration.md.

# Empty: the embedded database in ./data, for one process at a time.
database: { url: "\${DATABASE_URL:-}" }

directories:
`;

/** A configuration of one directory. */
export function proposedConfiguration(proposal: Proposal, access: Access): string {
  return `${HEAD}${indented(proposedDirectory(proposal, access, false), 2)}`;
}

/**
 * A configuration with one more directory; what stood there stays as it was, with its comments.
 * @throws RollcallError `usage.invalid` if it has one of this name, or is no configuration
 */
export function withDirectory(text: string, proposal: Proposal, access: Access): string {
  refuseTaken(text, access.name);
  const document = readable(text);
  const directories: unknown = document.get("directories");
  const isFurther = isMap(directories) && directories.items.length > 0;
  const added = proposedDirectory(proposal, access, isFurther);
  const result = inserted(text, document, { name: access.name, added });
  requireOnly(text, result, { access, proposal, added });
  return asSource(result, access.name);
}

/** Where the order of sources is written, a directory that is not in it would give nothing: it is the last one. */
function asSource(text: string, name: string): string {
  const sources = sourcesIn(text);
  if (!Array.isArray(sources) || sources.includes(name)) return text;
  const value = [...(sources as unknown[]), name];
  try {
    return withEdits(text, [{ path: ["profile", "sources"], value }]);
  } catch (thrown) {
    // An order that is written with variables or aliases is a person's to change.
    if (asRollcallError(thrown).code === "config.readOnly") return text;
    throw thrown;
  }
}

function sourcesIn(text: string): unknown {
  const written: unknown = asText(text).value["profile"];
  return typeof written === "object" && written !== null ? (written as Tree)["sources"] : undefined;
}

/** Whether the order of sources is another one. */
export function changesSources(before: string, after: string): boolean {
  return !isDeepStrictEqual(sourcesIn(before), sourcesIn(after));
}

function inserted(
  text: string,
  document: Document,
  { name, added }: { readonly name: string; readonly added: string },
): string {
  const directories: unknown = document.get("directories");
  const empty = emptyRange(directories);
  if (empty !== null) {
    const [before, behind] = [text.slice(0, empty.from).trimEnd(), text.slice(empty.until)];
    return `${before}\n${indented(added, 2)}${behind.replace(/^[ \t]*\r?\n/, "")}`;
  }
  const place = placeBehind(directories);
  if (place === null) {
    const one = parseDocument(added, AS_TEXT).contents;
    document.setIn(["directories", name], isMap(one) ? one.get(name, true) : null);
    return document.toString({ lineWidth: 0 });
  }
  const before = text.slice(0, place.at);
  const line = before.endsWith("\n") ? before : `${before}\n`;
  return `${line}${indented(added, columnOf(text, place.key))}${text.slice(place.at)}`;
}

/** What a proposal may say of a directory; what is not proposed, nobody but a person writes. */
const KEYS: ReadonlySet<string> = new Set([
  "type",
  "url",
  "path",
  "separator",
  "startTls",
  "tls",
  "bind",
  "users",
  "groups",
  "matching",
  "toOkta",
]);

/**
 * What a server says must not become anything else than the values that were proposed, and everything that
 * stood there stays as it was written.
 * @throws RollcallError `usage.invalid`
 */
function requireOnly(
  before: string,
  after: string,
  { access, proposal, added }: { access: Access; proposal: Proposal; added: string },
): void {
  const own = asText(added);
  const said = own.value[access.name] as Tree;
  if (own.errors > 0 || Object.keys(own.value).length !== 1 || !isMeant(said, access, proposal)) {
    const message = "What the server says cannot be written into a configuration as it is.";
    throw new RollcallError("usage.invalid", message);
  }
  const [was, is] = [asText(before).value, asText(after)];
  const stood = was["directories"];
  const others = typeof stood === "object" && stood !== null ? stood : {};
  const wanted = { ...was, directories: { ...others, ...own.value } };
  if (is.errors > 0 || !isDeepStrictEqual(is.value, wanted)) {
    const message =
      "The file is written in a way in which no directory can be added to it; write `directories:` with one line for each key.";
    throw new RollcallError("usage.invalid", message);
  }
}

function asText(text: string): { readonly errors: number; readonly value: Tree } {
  const document = parseDocument(text, AS_TEXT);
  return { errors: document.errors.length, value: (document.toJS() ?? {}) as Tree };
}

function isMeant(said: Tree, { url }: Access, { base, filter }: Proposal): boolean {
  const users = (said["users"] ?? {}) as Tree;
  return (
    Object.keys(said).every((key) => KEYS.has(key)) &&
    (said["url"] ?? null) === url &&
    (users["base"] ?? null) === base &&
    (users["filter"] ?? null) === filter
  );
}

type Tree = Record<string, unknown>;

/** @throws RollcallError `usage.invalid` if the configuration has a directory of this name */
export function refuseTaken(text: string, name: string): void {
  if (!readable(text).hasIn(["directories", name])) return;
  const message = `The configuration has a directory ${name} already; give this one another --name.`;
  throw new RollcallError("usage.invalid", message);
}

/** The configuration, with directories, if only none. */
function readable(text: string): Document {
  const document: Document = parseDocument(text, AS_TEXT);
  const isMapping = document.errors.length === 0 && isMap(document.contents);
  const found: unknown = isMapping ? (document.get("directories") ?? null) : undefined;
  // As it is written, nothing and `~` are texts.
  const directories = typeof found === "string" && /^(?:~|null)?$/i.test(found) ? null : found;
  if (directories !== null && !isMap(directories))
    throw new RollcallError(
      "usage.invalid",
      "The configuration does not read well; mend it first.",
    );
  // A key without a value.
  if (directories === null) document.set("directories", document.createNode({}));
  return document;
}

/** Where `{}` stands; null: it does not. */
function emptyRange(
  directories: unknown,
): { readonly from: number; readonly until: number } | null {
  if (!isMap(directories) || directories.flow !== true || directories.items.length > 0) return null;
  const [from, until] = directories.range ?? [];
  return from === undefined || until === undefined ? null : { from, until };
}

/** Behind the last directory, so that everything else stays as it is written; null: there is no such place. */
function placeBehind(directories: unknown): { readonly at: number; readonly key: unknown } | null {
  if (!isMap(directories) || directories.flow === true) return null;
  const [first] = directories.items;
  const at = directories.range?.[2];
  return first === undefined || at === undefined ? null : { at, key: first.key };
}

function columnOf(text: string, key: unknown): number {
  const at = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
  return at - (text.lastIndexOf("\n", at - 1) + 1);
}

function indented(text: string, by: number): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(by));
}

/** What a configuration gets. @param isFurther whether its people may be in another directory, too */
export function proposedDirectory(proposal: Proposal, access: Access, isFurther: boolean): string {
  const { people, isPart, title } = proposal;
  const lines = [
    `# ${oneLine(title)}: ${people}${isPart ? " or more" : ""} people.`,
    ...accessLines(proposal, access),
    ...usersLines(proposal),
    ...groupsLines(proposal),
    ...(isFurther ? matchingLines(proposal) : []),
    ...mappingLines(proposal),
  ];
  return `${access.name}:\n${indented(`${lines.join("\n")}\n`, 2)}`;
}

/** Comments are ours; nothing from outside ends one. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "�");
}

/** What would be read as a variable of the environment is no value that can be written. */
function literal<T>(value: T): T {
  if (!JSON.stringify(value).includes("${")) return value;
  const message = `${JSON.stringify(value)} has \${, which is a variable in the configuration, so it cannot be written.`;
  throw new RollcallError("usage.invalid", message);
}

/** On one line, whatever is in it: a line of its own would be a key of its own. JSON is YAML. */
function quoted(value: unknown): string {
  const text = JSON.stringify(literal(value));
  return text.replaceAll(ODD, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What ends lines somewhere, or is seen nowhere. */
const ODD = /[\u007f-\u009f\u2028\u2029\ufeff]/g;

/** Also by signs that end lines in some languages only. */
const SEVERAL_LINES = /[\r\n\u007f-\u009f\u2028\u2029\ufeff]/;

function plain(value: string): string {
  const text = stringify(literal(value), { lineWidth: 0 }).trimEnd();
  return SEVERAL_LINES.test(text) ? quoted(value) : text;
}

function accessLines({ type, separator }: Proposal, access: Access): string[] {
  const { name, url, path, startTls, ca, bindDn, passwordFile } = access;
  const secret =
    passwordFile === null
      ? `password: "\${${passwordVariable(name)}}"`
      : `passwordFile: ${quoted(passwordFile)}`;
  return [
    `type: ${type}`,
    ...(url === null ? [] : [`url: ${plain(url)}`]),
    ...(path === null ? [] : [`path: ${plain(path)}`]),
    ...(separator === null ? [] : [`separator: ${quoted(separator)}`]),
    ...(startTls ? ["startTls: true"] : []),
    ...(ca === null ? [] : [`tls: { ca: ${quoted(ca)} }`]),
    ...(bindDn === null ? [] : [`bind: { dn: ${quoted(bindDn)}, ${secret} }`]),
  ];
}

function usersLines({ base, filter, id, disabled, places, missing }: Proposal): string[] {
  const found = places.map(({ dn, people }) => `#   ${people} in ${oneLine(dn)}`);
  const rule = disabled === null ? [] : [`  disabled: ${flow(disabled)}`];
  const lines = [
    ...(base === null ? [] : [`  base: ${quoted(base)}`]),
    ...(filter === null ? [] : [`  filter: ${quoted(filter)}`]),
    ...(id === null ? [] : [`  id: ${plain(id)}`]),
    ...(missing.includes("users.id")
      ? ["  # id: what identifies people for ever; nothing was found"]
      : []),
    ...rule,
  ];
  const told = found.length === 0 ? [] : ["# Where most people are:", ...found];
  return lines.length === 0 ? told : [...told, "users:", ...lines];
}

function flow(value: object): string {
  literal(value);
  const text = stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
  return SEVERAL_LINES.test(text) ? quoted(value) : text;
}

function groupsLines({ groups }: Proposal): string[] {
  return groups === null ? [] : [`groups: ${flow(groups)}`];
}

/** By what people are known again who are users already; docs/05-sourcing.md. */
function matchingLines({ mappings }: Proposal): string[] {
  const rules = ["employeeNumber", "login"].flatMap((attribute) => {
    const found = mappings.find((one) => one.attribute === attribute);
    return found === undefined
      ? []
      : [`  - { user: ${attribute}, app: ${quoted(found.expression)} }`];
  });
  if (rules.length === 0) return [];
  return [
    "# Who is a user already, by another directory: the first rule that finds anybody decides.",
    "matching:",
    ...rules,
  ];
}

function mappingLines({ mappings, missing }: Proposal): string[] {
  if (mappings.length === 0) return ["toOkta: {}"];
  const wanted = missing.filter((one) => one !== "users.id");
  return [
    "# Behind each: of how many people who were looked at it gives a valid value.",
    "toOkta:",
    ...mappings.map(
      ({ attribute, expression, valid, of }) =>
        `  ${attribute}: ${plain(expression)}   # ${valid} of ${of}`,
    ),
    ...wanted.map((one) => `  # ${one}: nothing was found, and every user needs it`),
  ];
}
