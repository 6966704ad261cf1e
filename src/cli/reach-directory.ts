/** How a directory is reached that no configuration has yet: its address, its certificate, who logs in. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { passwordVariable, type Access } from "../config/proposed.ts";
import { RollcallError } from "../model/errors.ts";
import { certificateOf, serverTarget, type SurveyOf } from "../service.ts";
import type { Asker } from "./ask.ts";
import { table, type Console } from "./console.ts";
import { configFile, type CommonOptions } from "./session.ts";

export type Options = CommonOptions & Readonly<Record<string, unknown>>;

export function textOf(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** How a directory is reached, by what was said and asked. */
export interface Reached {
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

export function fileAccess(options: Options, path: string, name: string): Reached {
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

/** Who asks whom, and what was said already. */
export interface Asking {
  readonly console: Console;
  readonly asker: Asker;
  readonly options: Options;
}

export async function serverAccess(asking: Asking, url: string, name: string): Promise<Reached> {
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
  const target = serverTarget({ url, startTls, bindDn, password, ca: trusted });
  const base = textOf(options, "base") ?? null;
  const access = { ...NO_ACCESS, name, url, startTls, ca, bindDn, passwordFile };
  return { access, of: { target, base }, password, kept };
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

export function readText(file: string): string {
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
  const folder = dirname(configFile(console, options));
  const file = join(folder, `${name}-ca.pem`);
  if (existsSync(file) && readText(file) !== authority.pem)
    throw new RollcallError("usage.invalid", `${file} is there, and holds another certificate.`);
  return { file, pem: authority.pem };
}
