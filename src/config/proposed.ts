/** A proposal as text of a configuration: with comments that say what was found. */
import { isMap, isScalar, parseDocument, stringify, type Document } from "yaml";
import { RollcallError } from "../model/errors.ts";
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
  return `${HEAD}${indented(directoryText(proposal, access, false), 2)}`;
}

/**
 * A configuration with one more directory; what stood there stays as it was, with its comments.
 * @throws RollcallError `usage.invalid` if it has one of this name, or is no configuration
 */
export function withDirectory(text: string, proposal: Proposal, access: Access): string {
  refuseTaken(text, access.name);
  const document = readable(text);
  const directories: unknown = document.get("directories");
  const added = directoryText(proposal, access, true);
  const place = placeBehind(directories);
  if (place === null) {
    const one = parseDocument(added).contents;
    document.setIn(["directories", access.name], isMap(one) ? one.get(access.name, true) : null);
    return document.toString({ lineWidth: 0 });
  }
  const before = text.slice(0, place.at);
  const line = before.endsWith("\n") ? before : `${before}\n`;
  return `${line}${indented(added, columnOf(text, place.key))}${text.slice(place.at)}`;
}

/** @throws RollcallError `usage.invalid` if the configuration has a directory of this name */
export function refuseTaken(text: string, name: string): void {
  if (!readable(text).hasIn(["directories", name])) return;
  const message = `The configuration has a directory ${name} already; give this one another --name.`;
  throw new RollcallError("usage.invalid", message);
}

/** The configuration, with directories, if only none. */
function readable(text: string): Document {
  const document: Document = parseDocument(text);
  const isMapping = document.errors.length === 0 && isMap(document.contents);
  const directories: unknown = isMapping ? (document.get("directories") ?? null) : undefined;
  if (directories !== null && !isMap(directories))
    throw new RollcallError(
      "usage.invalid",
      "The configuration does not read well; mend it first.",
    );
  // A key without a value.
  if (directories === null) document.set("directories", document.createNode({}));
  return document;
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

/** @param isFurther whether its people may be in another directory, too */
function directoryText(proposal: Proposal, access: Access, isFurther: boolean): string {
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

function quoted(value: string): string {
  literal(value);
  return stringify(value, { defaultStringType: "QUOTE_DOUBLE", lineWidth: 0 }).trimEnd();
}

function plain(value: string): string {
  literal(value);
  return stringify(value, { lineWidth: 0 }).trimEnd();
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
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
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
