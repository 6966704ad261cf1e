/** What `init` does, apart from how it is called: asks, has the directory looked at, shows, writes. */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { parseSettings } from "../config/load.ts";
import {
  passwordVariable,
  proposedConfiguration,
  withDirectory,
  type Access,
} from "../config/proposed.ts";
import { RollcallError } from "../model/errors.ts";
import type { LdapTarget } from "../model/directory.ts";
import type { Proposal } from "../model/proposal.ts";
import { Secret } from "../model/secret.ts";
import { certificateOf, surveyDirectory, tryProposed, type SurveyOf } from "../service.ts";
import { Asker } from "./ask.ts";
import { shown, table, visible, type Console } from "./console.ts";
import { copyable, DEFAULT_CONFIG, type CommonOptions } from "./session.ts";

type Options = CommonOptions & Readonly<Record<string, unknown>>;

export async function proposeDirectory(
  console: Console,
  options: Options,
  given: string | undefined,
): Promise<number> {
  const asker = new Asker(console, options["yes"] === true);
  const source = given ?? (await asker.text("Address of the server, or a file", ""));
  if (source === "")
    throw new RollcallError("usage.invalid", "Name a server (ldaps://HOST) or a file.");
  const file = options.config ?? console.environment["ROLLCALL_CONFIG"] ?? DEFAULT_CONFIG;
  const isServer = /^ldaps?:\/\//i.test(source);
  const name = await asker.text(
    "What is the directory called?",
    textOf(options, "name") ?? (isServer ? "corp" : nameOfFile(source)),
  );
  const { access, of, password } = isServer
    ? await serverAccess({ console, asker, options }, source, name)
    : fileAccess(source, name);
  const progress = (people: number): void => {
    if (console.isTerminal) console.live(`${people} people seen`);
  };
  const { signal } = console;
  const proposal = await surveyDirectory({ of, directory: name, signal, progress });
  const text = existsSync(file)
    ? withDirectory(readFileSync(file, "utf8"), proposal, access)
    : proposedConfiguration(proposal, access);
  printProposal(console, proposal);
  const isWhole = proposal.missing.length === 0;
  const environment = { ...console.environment, [passwordVariable(name)]: password };
  const remarks = isWhole
    ? await tryProposed(parseSettings(text, file, environment), name, signal)
    : [];
  for (const remark of [...proposal.remarks, ...remarks]) console.note(`  ${visible(remark)}`);
  const written = await asker.confirm(`Write this to ${file}?`, true);
  if (written) write(file, text);
  console.document({
    file,
    directory: name,
    written,
    ...proposal,
    remarks: [...proposal.remarks, ...remarks],
  });
  if (written) printNext(console, options, { file, name, access });
  return isWhole && written ? 0 : 1;
}

function textOf(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** A name that a directory can have, from that of a file. */
function nameOfFile(path: string): string {
  const bare = basename(path, extname(path)).replaceAll(/[^A-Za-z0-9_-]/g, "-");
  return /^[A-Za-z]/.test(bare) ? bare : "file";
}

interface Reached {
  readonly access: Access;
  readonly of: SurveyOf;
  readonly password: string;
}

const NO_ACCESS = {
  url: null,
  path: null,
  startTls: false,
  ca: null,
  bindDn: null,
  passwordFile: null,
};

function fileAccess(path: string, name: string): Reached {
  if (!existsSync(path))
    throw new RollcallError(
      "usage.invalid",
      `There is no file ${path}, and it is no address such as ldaps://dc1.example.org.`,
    );
  const type = /\.(?:csv|tsv|txt)$/i.test(path) ? "csv" : "ldif";
  return { access: { ...NO_ACCESS, name, path }, of: { path, type }, password: "" };
}

interface Asking {
  readonly console: Console;
  readonly asker: Asker;
  readonly options: Options;
}

async function serverAccess(asking: Asking, url: string, name: string): Promise<Reached> {
  const { asker, options } = asking;
  if (!URL.canParse(url) || new URL(url).hostname === "")
    throw new RollcallError(
      "usage.invalid",
      `${url} is no address such as ldaps://dc1.example.org.`,
    );
  const ca = textOf(options, "ca") ?? (await trustedCertificate(asking, url, name));
  const asked = await asker.text(
    "Account that reads (a DN, or user@domain); empty: nobody in particular",
    textOf(options, "bindDn") ?? "",
  );
  const bindDn = asked === "" ? null : asked;
  const passwordFile = textOf(options, "passwordFile") ?? null;
  const password = bindDn === null ? "" : await passwordOf(asking, name, passwordFile);
  const startTls = options["startTls"] === true;
  const target: LdapTarget = {
    urls: [url],
    startTls,
    tls: {
      ca: ca === null ? null : readText(ca),
      rejectUnauthorized: true,
      client: null,
      minVersion: "TLSv1.2",
    },
    bind:
      bindDn === null ? null : { mechanism: "simple", dn: bindDn, password: new Secret(password) },
    pageSize: 1000,
    entriesPerSecond: null,
    timeoutSeconds: 60,
  };
  const base = textOf(options, "base") ?? null;
  const access = { ...NO_ACCESS, name, url, startTls, ca, bindDn, passwordFile };
  return { access, of: { target, base }, password };
}

async function passwordOf(
  { console, asker }: Asking,
  name: string,
  file: string | null,
): Promise<string> {
  if (file !== null) return readText(file).replace(/\r?\n$/, "");
  const variable = passwordVariable(name);
  const known = console.environment[variable];
  if (known !== undefined && known !== "") return known;
  const typed = await asker.secret(`Password (it is not written; set ${variable} for it later)`);
  if (typed !== "") return typed;
  throw new RollcallError(
    "usage.invalid",
    `There is no password; set ${variable}, or give --password-file.`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RollcallError("usage.invalid", `${file} cannot be read: ${reason}`, { cause });
  }
}

/** Of a server whose certificate the system does not trust: it is shown, and kept if a person says so. */
async function trustedCertificate(
  { console, asker, options }: Asking,
  url: string,
  name: string,
): Promise<string | null> {
  if (!/^ldaps:/i.test(url)) return null;
  const certificate = await certificateOf(url, console.signal);
  if (certificate.isTrusted) return null;
  const { subject, issuer, until, fingerprint } = certificate;
  console.note(`The certificate of ${url} is not one that the system trusts:`);
  for (const line of table([
    ["  for", subject],
    ["  by", issuer],
    ["  until", until],
    ["  SHA-256", fingerprint],
  ]))
    console.note(line);
  const trust = textOf(options, "trust");
  const bare = (text: string): string => text.replaceAll(":", "").toLowerCase();
  const isTrusted =
    trust === undefined
      ? await asker.confirm("Is this the right one? Compare the fingerprint.", false)
      : bare(trust) === bare(fingerprint);
  if (!isTrusted) {
    const message = `The certificate of ${url} is not trusted. Give --ca FILE, or --trust with its fingerprint once you have compared it.`;
    throw new RollcallError("ldap.certificate", message);
  }
  const folder = dirname(
    options.config ?? console.environment["ROLLCALL_CONFIG"] ?? DEFAULT_CONFIG,
  );
  const file = join(folder, `${name}-ca.pem`);
  write(file, certificate.authority);
  console.note(`Kept in ${file}.`);
  return file;
}

/** Whole, or not at all; what is there keeps its rights. */
function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const mode = existsSync(file) ? statSync(file).mode : 0o640;
    writeFileSync(`${file}.new`, text, { mode });
    renameSync(`${file}.new`, file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RollcallError("usage.invalid", `${file} cannot be written: ${reason}`, { cause });
  }
}

const SHOWN_ATTRIBUTES = 15;
const COLUMNS = ["login", "firstName", "lastName", "email", "title", "department"] as const;

function printProposal(console: Console, proposal: Proposal): void {
  const { title, people, isPart, base, filter, id, attributes, mappings, missing, preview } =
    proposal;
  console.print(console.style("bold", visible(title)));
  console.print(`  ${people.toLocaleString("en-US")}${isPart ? " or more" : ""} people`);
  if (base !== null) console.print(`  base ${visible(base)}`);
  if (filter !== null) console.print(`  filter ${visible(filter)}`);
  console.print(`  identified by ${id === null ? "the server's own identifier" : visible(id)}`);
  if (proposal.disabled !== null)
    console.print(`  disabled by ${visible(proposal.disabled.attribute)}`);
  const most = attributes.slice(0, SHOWN_ATTRIBUTES);
  console.print(
    `  they have ${most.map((one) => `${visible(one.name)} ${one.people}`).join(", ")}`,
  );
  console.print();
  for (const line of table(
    mappings.map(({ attribute, expression, valid, of }) => [
      `  ${attribute}`,
      expression,
      `${valid} of ${of}`,
    ]),
  ))
    console.print(line);
  for (const attribute of missing)
    console.print(
      console.style("red", `  ${attribute}: nothing was found, and every user needs it`),
    );
  console.print();
  const columns = COLUMNS.filter((name) => mappings.some(({ attribute }) => attribute === name));
  const rows = preview.map(({ profile }) => columns.map((name) => shown(profile[name])));
  for (const line of table([[...columns], ...rows])) console.print(`  ${line}`);
  for (const { dn, problems } of preview)
    for (const problem of problems) console.print(`  ${visible(dn)}: ${visible(problem)}`);
  console.print();
}

function printNext(
  console: Console,
  options: Options,
  { file, name, access }: { readonly file: string; readonly name: string; readonly access: Access },
): void {
  console.note(`Written to ${file}. Go on:`);
  if (access.bindDn !== null && access.passwordFile === null)
    console.note(`  export ${passwordVariable(name)}=…`);
  for (const command of [
    "rollcall check",
    `rollcall import ${name} --dry-run`,
    `rollcall import ${name}`,
  ])
    console.note(`  ${copyable(command, options)}`);
}
