/** The files that a directory names: certificates, keys, passwords. */
import { isUtf8 } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { Secret } from "../model/secret.ts";
import type { Path } from "./problems.ts";
import type { Config, DirectoryConfig } from "./schema.ts";

export interface DirectoryFiles {
  /** Certificates that are trusted, in PEM. */
  readonly ca: string | null;
  readonly client: { readonly cert: string; readonly key: Secret } | null;
  readonly password: string | null;
}

export const NO_FILES: DirectoryFiles = { ca: null, client: null, password: null };

type Report = (path: Path, message: string) => void;

/** Reads what directories name, and tells of everything that cannot be used. */
export function readFiles(
  { directories }: Config,
  report: Report,
): ReadonlyMap<string, DirectoryFiles> {
  return new Map(
    Object.entries(directories).map(([name, directory]) => {
      const at = (...path: string[]): Path => ["directories", name, ...path];
      const files = {
        ca: readTrusted(directory, (message) => report(at("tls", "ca"), message)),
        client: readClient(directory, (key, message) => report(at("tls", key), message)),
        password: readPassword(directory, (message) => report(at("bind", "passwordFile"), message)),
      };
      return [name, files];
    }),
  );
}

/** Certificates that apps' servers are trusted by. */
export function readAppFiles({ apps }: Config, report: Report): ReadonlyMap<string, string | null> {
  return new Map(
    Object.entries(apps).map(([name, app]) => {
      const at = ["apps", name, "tls", "ca"];
      return [name, readTrusted(app, (message) => report(at, message))];
    }),
  );
}

function readTrusted(
  { tls }: { readonly tls: { readonly ca?: string | undefined } },
  report: (message: string) => void,
): string | null {
  if (tls.ca === undefined) return null;
  const bytes = read(tls.ca, report);
  if (bytes === null) return null;
  const certificates = certificatesIn(bytes);
  if (certificates === null) report(`${tls.ca} holds no certificate in PEM or DER`);
  return certificates;
}

const BLOCK = "-----BEGIN CERTIFICATE-----";
const BLOCK_END = "-----END CERTIFICATE-----";

/** Certificates as PEM; null if there are none, or one of them cannot be read. */
function certificatesIn(bytes: Buffer): string | null {
  const [, ...blocks] = bytes.toString("latin1").split(BLOCK);
  const sources =
    blocks.length === 0
      ? [bytes]
      : blocks.map((block) => `${BLOCK}${block.split(BLOCK_END, 1)[0] ?? ""}${BLOCK_END}`);
  try {
    return sources.map((source) => new X509Certificate(source).toString()).join("");
  } catch {
    return null;
  }
}

function readClient(
  { tls }: DirectoryConfig,
  report: (key: "cert" | "key", message: string) => void,
): DirectoryFiles["client"] {
  const { cert, key } = tls;
  if (cert === undefined || key === undefined) return null;
  const certBytes = read(cert, (message) => report("cert", message));
  const keyBytes = read(key, (message) => report("key", message));
  if (certBytes === null || keyBytes === null) return null;
  if (certificatesIn(certBytes) === null) {
    report("cert", `${cert} holds no certificate in PEM`);
    return null;
  }
  try {
    createSecureContext({ cert: certBytes, key: keyBytes });
  } catch {
    report("key", `${key} holds no key in PEM, without a passphrase, that belongs to ${cert}`);
    return null;
  }
  return { cert: certBytes.toString("latin1"), key: new Secret(keyBytes.toString("latin1")) };
}

function readPassword({ bind }: DirectoryConfig, report: (message: string) => void): string | null {
  if (bind?.passwordFile === undefined) return null;
  const bytes = read(bind.passwordFile, report);
  if (bytes === null) return null;
  // Some editors begin a file with a mark that is no part of what was typed.
  const password = bytes
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .replace(/\r?\n$/, "");
  if (password === "") report(`${bind.passwordFile} is empty`);
  else if (!isUtf8(bytes)) report(`${bind.passwordFile} is not UTF-8`);
  else if (/[\r\n\0]/.test(password)) report(`${bind.passwordFile} has more than one line`);
  return password;
}

function read(file: string, report: (message: string) => void): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    report(`the file ${file} cannot be read`);
    return null;
  }
}
