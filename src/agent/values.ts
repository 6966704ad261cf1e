import { isUtf8 } from "node:buffer";
import type { AttributeValue } from "../model/entry.ts";

/** Attributes whose values are bytes, from the schemas of RFC 4512/4523, inetOrgPerson and AD. */
const BINARY = new Set(
  [
    "mS-DS-ConsistencyGuid",
    "msExchMailboxSecurityDescriptor",
    "nTSecurityDescriptor",
    "logonHours",
    "userParameters",
    "replPropertyMetaData",
    "jpegPhoto",
    "thumbnailPhoto",
    "thumbnailLogo",
    "photo",
    "audio",
    "userCertificate",
    "userSMIMECertificate",
    "userPKCS12",
    "cACertificate",
    "userPassword",
    "sambaNTPassword",
    "krbPrincipalKey",
  ].map((name) => name.toLowerCase()),
);

/** Attributes of Active Directory and eDirectory whose bytes have a usual text form. */
const GUIDS = new Set([
  "objectguid",
  "parentguid",
  "msexchmailboxguid",
  "msexcharchiveguid",
  "schemaidguid",
]);
const SIDS = new Set([
  "objectsid",
  "sidhistory",
  "securityidentifier",
  "tokengroups",
  "tokengroupsglobalanduniversal",
]);

/** Descriptions as servers send them: RFC 4512 section 2.5, and signs that some use besides. */
const DESCRIPTION = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:;[A-Za-z0-9._=-]+)*$/;

export type AttributeKind = "text" | "binary" | "guid" | "uuid" | "sid" | "invalid";
const kinds = new Map<string, AttributeKind>();

/**
 * Whether an attribute, with its options, holds text or bytes (`;binary`: RFC 4522), or has no
 * name at all. A valid name never begins with an underscore, so it can be the key of an object.
 */
export function attributeKind(description: string): AttributeKind {
  const known = kinds.get(description);
  if (known !== undefined) return known;
  const [name = "", ...options] = description.toLowerCase().split(";");
  const kind = DESCRIPTION.test(description) ? kindOf(name, options) : "invalid";
  if (kinds.size < 10_000) kinds.set(description, kind);
  return kind;
}

function kindOf(name: string, options: readonly string[]): AttributeKind {
  if (GUIDS.has(name)) return "guid";
  // eDirectory's GUID, whose bytes stand in their order.
  if (name === "guid") return "uuid";
  if (SIDS.has(name)) return "sid";
  return BINARY.has(name) || options.includes("binary") ? "binary" : "text";
}

/** One value as it is kept: text, or base64. See `AttributeValue`. */
export function decodeValue(
  bytes: Buffer,
  start: number,
  end: number,
  kind: AttributeKind,
): AttributeValue {
  if (kind !== "text") {
    const identifier = identifierText(kind, bytes.subarray(start, end));
    if (identifier !== null) return identifier;
  }
  if (kind === "binary" || kind === "sid") return bytes.toString("base64", start, end);
  if (isPlainText(bytes, start, end)) return bytes.toString("latin1", start, end);
  const slice = bytes.subarray(start, end);
  if (!isUtf8(slice) || slice.includes(0)) return { base64: bytes.toString("base64", start, end) };
  return bytes.toString("utf8", start, end);
}

/** Whether bytes are ASCII without a zero, which each character set writes alike. */
export function isPlainText(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0 || byte > 0x7f) return false;
  }
  return true;
}

/** Bytes that have a usual text form; null if these are none of that kind. */
function identifierText(kind: AttributeKind, bytes: Buffer): string | null {
  if (kind === "sid") return sidText(bytes);
  if (bytes.length !== 16) return null;
  if (kind === "guid") return guidText(bytes);
  return kind === "uuid" ? uuidText(bytes) : null;
}

/** A DN as text that Postgres can hold, whatever the server sent. */
export function decodeDn(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll("\0", "\\00");
}

/** A security identifier as text: `S-1-5-21-…` (MS-DTYP 2.4.2); null if the bytes are none. */
export function sidText(bytes: Buffer): string | null {
  const count = bytes[1] ?? 0;
  if (bytes[0] !== 1 || count > 15 || bytes.length !== 8 + 4 * count) return null;
  const authority = bytes.readUIntBE(2, 6);
  const parts = Array.from({ length: count }, (_, i) => bytes.readUInt32LE(8 + 4 * i));
  return ["S-1", authority, ...parts].join("-");
}

/**
 * A GUID's 16 bytes as text. Active Directory writes the first three groups with the lowest byte
 * first (MS-DTYP 2.3.4.2).
 */
export function guidText(bytes: Buffer): string {
  const hex = Buffer.from(bytes);
  hex.subarray(0, 4).reverse();
  hex.subarray(4, 6).reverse();
  hex.subarray(6, 8).reverse();
  return uuidText(hex);
}

/** 16 bytes as a UUID in their own order (RFC 9562 section 4). */
export function uuidText(bytes: Buffer): string {
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The bytes of a GUID's text, as Active Directory compares them. */
export function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
