import { isUtf8 } from "node:buffer";
import type { AppProfile, AttributeValue } from "../model/entry.ts";

/** Attributes whose values are bytes, from the schemas of RFC 4512/4523, inetOrgPerson and AD. */
const BINARY = new Set(
  [
    "objectGUID", "objectSid", "parentGUID", "sIDHistory", "securityIdentifier", "mS-DS-ConsistencyGuid",
    "msExchMailboxGuid", "msExchArchiveGUID", "msExchMailboxSecurityDescriptor", "nTSecurityDescriptor",
    "logonHours", "userParameters", "tokenGroups", "tokenGroupsGlobalAndUniversal", "replPropertyMetaData",
    "jpegPhoto", "thumbnailPhoto", "thumbnailLogo", "photo", "audio", "userCertificate", "userSMIMECertificate",
    "userPKCS12", "cACertificate", "userPassword", "GUID", "sambaNTPassword", "krbPrincipalKey",
  ].map((name) => name.toLowerCase()),
); // prettier-ignore

/** Descriptions as servers send them: RFC 4512 section 2.5, and signs that some use besides. */
const DESCRIPTION = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:;[A-Za-z0-9._=-]+)*$/;

type AttributeKind = "text" | "binary" | "invalid";
const kinds = new Map<string, AttributeKind>();

/**
 * Whether an attribute, with its options, holds text or bytes (`;binary`: RFC 4522), or has no
 * name at all. A valid name never begins with an underscore, so it can be the key of an object.
 */
export function attributeKind(description: string): AttributeKind {
  const known = kinds.get(description);
  if (known !== undefined) return known;
  const [name = "", ...options] = description.toLowerCase().split(";");
  const binary = BINARY.has(name) || options.includes("binary");
  const kind = !DESCRIPTION.test(description) ? "invalid" : binary ? "binary" : "text";
  if (kinds.size < 10_000) kinds.set(description, kind);
  return kind;
}

/** One value as it is kept: text, or base64. See `AttributeValue`. */
export function decodeValue(
  bytes: Buffer,
  start: number,
  end: number,
  binary: boolean,
): AttributeValue {
  if (binary) return bytes.toString("base64", start, end);
  let ascii = true;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) return { base64: bytes.toString("base64", start, end) };
    if (byte > 0x7f) {
      ascii = false;
      break;
    }
  }
  if (ascii) return bytes.toString("latin1", start, end);
  const slice = bytes.subarray(start, end);
  if (!isUtf8(slice) || slice.includes(0)) return { base64: bytes.toString("base64", start, end) };
  return bytes.toString("utf8", start, end);
}

/** A DN as text that Postgres can hold, whatever the server sent. */
export function decodeDn(bytes: Buffer): string {
  return bytes.toString("utf8").replaceAll("\0", "\\00");
}

/** All values of an attribute, by its name without regard to case. */
export function attributeValues(profile: AppProfile, name: string): readonly AttributeValue[] {
  const lower = name.toLowerCase();
  for (const key in profile) {
    if (key.toLowerCase() !== lower) continue;
    const value = profile[key];
    if (value === undefined) return [];
    return Array.isArray(value) ? value : [value as AttributeValue];
  }
  return [];
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
  return hex.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
