/**
 * How an API token is written: a prefix that search engines for leaked secrets can know, 32 random
 * bytes, and a checksum, so that whatever never was one is refused without the database.
 */
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const PREFIX = "rollcall_";
const CHECKSUM_LENGTH = 6;
/** 32 bytes and the checksum, in base64url. */
const TOKEN = /^rollcall_[A-Za-z0-9_-]{49}$/;

/** A new token; the only moment in which it is known. */
export function newTokenText(): string {
  const secret = PREFIX + randomBytes(32).toString("base64url");
  return secret + checksumOf(secret);
}

/** Whether a text was ever a token. */
export function isTokenText(text: string): boolean {
  if (!TOKEN.test(text)) return false;
  const secret = text.slice(0, -CHECKSUM_LENGTH);
  return checksumOf(secret) === text.slice(-CHECKSUM_LENGTH);
}

/** What is kept of a token. Its 256 random bits need no slow hash. */
export function tokenHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function checksumOf(secret: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(secret));
  return bytes.toString("base64url").slice(0, CHECKSUM_LENGTH);
}
