/** What `init` does, apart from how it is called: asks, has the directory looked at, shows, writes. */
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { parseSettings } from "../config/load.ts";
import {
  passwordVariable,
  proposedConfiguration,
  refuseTaken,
  withDirectory,
  type Access,
} from "../config/proposed.ts";
import { directoryNameFault } from "../config/semantics.ts";
import { replaceFile } from "../lib/replace-file.ts";
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
  const asking = { console, asker, options };
  const source = given ?? (await asker.text("Address of the server, or a file", ""));
  if (source === "")
    throw new RollcallError("usage.invalid", "Name a server (ldaps://HOST) or a file.");
  const file = configurationOf(console, options);
  const isServer = /^ldaps?:\/\//i.test(source);
  const name = await nameFor(asking, isServer ? "corp" : nameOfFile(source));
  // Before anything is asked of anybody, or kept.
  if (existsSync(file)) refuseTaken(readText(file), name);
  const reached = isServer
    ? await serverAccess(asking, source, name)
    : fileAccess(options, source, name);
  const progress = (people: number): void => {
    if (console.isTerminal) console.live(`${people} people seen`);
  };
  const { signal } = console;
  const proposal = await surveyDirectory({ of: reached.of, directory: name, signal, progress });
  printProposal(console, proposal);
  return await offer(asking, file, { name, reached, proposal });
}

interface Offered {
  readonly name: string;
  readonly reached: Reached;
  readonly proposal: Proposal;
}

/** Tries what is proposed, and writes it if it may. A certificate is kept only with the configuration that names it. */
async function offer(
  { console, asker, options }: Asking,
  file: string,
  { name, reached, proposal }: Offered,
): Promise<number> {
  const { access, password, kept } = reached;
  const isNew = !existsSync(file);
  const text = isNew
    ? proposedConfiguration(proposal, access)
    : withDirectory(readText(file), proposal, access);
  const isWhole = proposal.missing.length === 0;
  let written = false;
  const isFresh = kept !== null && !existsSync(kept.file);
  if (isFresh) write(kept.file, kept.pem);
  try {
    const environment = { ...console.environment, [passwordVariable(name)]: password };
    const tried = isWhole
      ? await tryProposed(parseSettings(text, file, environment), name, console.signal)
      : [];
    const remarks = [...proposal.remarks, ...tried];
    for (const remark of remarks) console.note(`  ${visible(remark)}`);
    written = await mayWrite(asker, file, { isWhole, isNew });
    if (written) write(file, text);
    else console.note("Nothing was written.");
    console.document({ file, directory: name, written, ...proposal, remarks });
  } finally {
    if (isFresh && !written) rmSync(kept.file, { force: true });
  }
  if (written) printNext(console, options, { file, name, access });
  return isWhole && written ? 0 : 1;
}

function configurationOf(console: Console, options: Options): string {
  return options.config ?? console.environment["ROLLCALL_CONFIG"] ?? DEFAULT_CONFIG;
}

async function nameFor({ asker, options }: Asking, otherwise: string): Promise<string> {
  const proposed = textOf(options, "name") ?? otherwise;
  const name = await asker.text("What is the directory called?", proposed);
  const fault = directoryNameFault(name);
  if (fault !== null) throw new RollcallError("usage.invalid", `${name}: ${fault}.`);
  return name;
}

/** What is not complete must not stop a configuration that works. */
async function mayWrite(
  asker: Asker,
  file: string,
  { isWhole, isNew }: { readonly isWhole: boolean; readonly isNew: boolean },
): Promise<boolean> {
  if (isWhole) return await asker.confirm(`Write this to ${file}?`, true);
  if (!isNew) return false;
  return await asker.confirm(`It is not complete. Write it to ${file}, to go on by hand?`, false);
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
  /** The certificate that a person trusts, and where it is kept; null: none. */
  readonly kept: Kept | null;
}

interface Kept {
  readonly file: string;
  readonly pem: string;
}

const NO_ACCESS = {
  url: null,
  path: null,
  startTls: false,
  ca: null,
  bindDn: null,
  passwordFile: null,
};

const OF_SERVERS = ["bindDn", "passwordFile", "base", "startTls", "ca", "trust"] as const;

function fileAccess(options: Options, path: string, name: string): Reached {
  const odd = OF_SERVERS.find((option) => options[option] !== undefined);
  if (odd !== undefined) {
    const flag = odd.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new RollcallError("usage.invalid", `${path} is a file; --${flag} is for servers.`);
  }
  if (!existsSync(path) || !statSync(path).isFile())
    throw new RollcallError(
      "usage.invalid",
      `There is no file ${path}, and it is no address such as ldaps://dc1.example.org.`,
    );
  const type = looksLikeLdif(path) ? "ldif" : "csv";
  return { access: { ...NO_ACCESS, name, path }, of: { path, type }, password: "", kept: null };
}

/** By the first line that is no comment (RFC 2849), whatever the file is called and encoded in. */
function looksLikeLdif(path: string): boolean {
  const lines = headOf(path)
    .replaceAll("\0", "")
    .split(/[\r\n]+/);
  const first = lines.find((line) => line.trim() !== "" && !line.startsWith("#")) ?? "";
  return /^[^A-Za-z]{0,3}(?:version|dn|search|changetype):/i.test(first);
}

const MOST_HEAD = 10_000;

function headOf(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(MOST_HEAD);
      return bytes.toString("latin1", 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

interface Asking {
  readonly console: Console;
  readonly asker: Asker;
  readonly options: Options;
}

async function serverAccess(asking: Asking, url: string, name: string): Promise<Reached> {
  const { asker, options } = asking;
  refuseOdd(options, url);
  const given = textOf(options, "ca");
  const kept = given === undefined ? await trustedCertificate(asking, url, name) : null;
  const ca = given ?? kept?.file ?? null;
  const asked = await asker.text(
    "Account that reads (a DN, or user@domain); empty: nobody in particular",
    textOf(options, "bindDn") ?? "",
  );
  const bindDn = asked === "" ? null : asked;
  const passwordFile = textOf(options, "passwordFile") ?? null;
  const password = bindDn === null ? "" : await passwordOf(asking, name, passwordFile);
  const startTls = options["startTls"] === true;
  const trusted = given === undefined ? (kept?.pem ?? null) : readText(given);
  const target = { ...targetOf(url, bindDn, password), startTls };
  const tls = { ...target.tls, ca: trusted };
  const base = textOf(options, "base") ?? null;
  const access = { ...NO_ACCESS, name, url, startTls, ca, bindDn, passwordFile };
  return { access, of: { target: { ...target, tls }, base }, password, kept };
}

function targetOf(url: string, dn: string | null, password: string): LdapTarget {
  return {
    urls: [url],
    startTls: false,
    tls: { ca: null, rejectUnauthorized: true, client: null, minVersion: "TLSv1.2" },
    bind: dn === null ? null : { mechanism: "simple", dn, password: new Secret(password) },
    pageSize: 1000,
    entriesPerSecond: null,
    timeoutSeconds: 60,
  };
}

/** What would have no effect, or show a secret. */
function refuseOdd(options: Options, url: string): void {
  if (!URL.canParse(url) || new URL(url).hostname === "")
    throw new RollcallError(
      "usage.invalid",
      `${url} is no address such as ldaps://dc1.example.org.`,
    );
  const { username, password, protocol } = new URL(url);
  const refuse = (message: string): never => {
    throw new RollcallError("usage.invalid", message);
  };
  if (username !== "" || password !== "") refuse("An address holds no account; give --bind-dn.");
  const trusts = options["trust"] !== undefined;
  if (trusts && protocol !== "ldaps:") refuse("--trust is for ldaps:// addresses; give --ca.");
  if (trusts && options["ca"] !== undefined) refuse("Give --ca or --trust, not both.");
  if (options["startTls"] === true && protocol !== "ldap:")
    refuse("--start-tls is for ldap:// addresses.");
  if (
    options["yes"] === true &&
    options["passwordFile"] !== undefined &&
    options["bindDn"] === undefined
  )
    refuse("--password-file goes with --bind-dn.");
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
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): RollcallError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RollcallError("usage.invalid", `${file} cannot be read: ${reason}`, { cause });
}

/** Of a server whose certificate the system does not trust: it is shown, and kept if a person says so. */
async function trustedCertificate(
  { console, asker, options }: Asking,
  url: string,
  name: string,
): Promise<Kept | null> {
  if (!/^ldaps:/i.test(url)) return null;
  const certificate = await certificateOf(url, console.signal);
  if (certificate.isTrusted) return null;
  const { subject, issuer, until, fingerprint, authority } = certificate;
  if (!authority.isRoot) {
    const message = `The certificate of ${url} is vouched for by ${issuer}, which the system does not trust and the server does not show; give its certificate by --ca.`;
    throw new RollcallError("ldap.certificate", message);
  }
  console.note(`The certificate of ${url} is not one that the system trusts:`);
  for (const line of table([
    ["  for", subject],
    ["  by", issuer],
    ["  until", until],
    ["  SHA-256", fingerprint],
    ["  vouched for by", authority.subject],
    ["  SHA-256 of that", authority.fingerprint],
  ]))
    console.note(line);
  const trust = textOf(options, "trust");
  const bare = (text: string): string => text.replaceAll(":", "").toLowerCase();
  const isTrusted =
    trust === undefined
      ? await asker.confirm("Trust what vouches for it? Compare its fingerprint.", false)
      : bare(trust) === bare(authority.fingerprint);
  if (!isTrusted) {
    const message = `The certificate of ${url} is not trusted. Give --ca FILE, or --trust with the fingerprint of what vouches for it, once you have compared it.`;
    throw new RollcallError("ldap.certificate", message);
  }
  const folder = dirname(configurationOf(console, options));
  const file = join(folder, `${name}-ca.pem`);
  if (existsSync(file) && readText(file) !== authority.pem)
    throw new RollcallError("usage.invalid", `${file} is there, and holds another certificate.`);
  return { file, pem: authority.pem };
}

function write(file: string, text: string): void {
  try {
    replaceFile(file, text);
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
  if (!missing.includes("users.id"))
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
