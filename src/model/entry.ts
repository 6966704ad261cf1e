import type { Problem } from "./errors.ts";

/** Bytes that are not text although their attribute is not known to be binary. */
export interface Opaque {
  readonly base64: string;
}

/**
 * One value of an attribute: text, or bytes. Values of attributes that are known to be binary
 * (objectGUID, jpegPhoto, options `;binary`) are base64 text; other values that are not valid
 * UTF-8 or contain NUL are kept as `Opaque`, so that no mapping takes them for text.
 */
export type AttributeValue = string | Opaque;

/** All that was read of a person, by attribute name as the server wrote it. */
export type AppProfile = Record<string, AttributeValue | readonly AttributeValue[]>;

/** What a directory returns for one person, already decoded. */
export interface Entry {
  readonly dn: string;
  /** The immutable identifier: the external id of the app user. */
  readonly id: string;
  /** Null if it cannot be seen; then `problem` tells why. */
  readonly disabled: boolean | null;
  readonly problem: Problem | null;
  readonly profile: AppProfile;
}

/** An entry of a read before it is decoded: enough to tell whether it changed. */
export interface RawEntry {
  /** Null if the entry has no usable identifier; then `problem` tells why. */
  readonly id: string | null;
  /** Where the entry has several identifiers: all of them. */
  readonly claims?: readonly string[];
  readonly dn: string;
  /** 16 bytes, hexadecimal; equal only if nothing changed that Rollcall reads. */
  readonly hash: string;
  readonly problem: Problem | null;
  /** About how many bytes it holds. */
  readonly size: number;
  /** Decodes the entry. Only to be called while its batch is being worked on. */
  decode(): Entry;
}

/**
 * How a read ended. Only a complete one may conclude that somebody is gone, and completeness is
 * shown by the protocol: result code 0 and no paging cookie left, no referral, no limit.
 */
export interface ReadEvidence {
  readonly complete: boolean;
  readonly entries: number;
  readonly pages: number;
  readonly server: string;
  /** How it ended, in the protocol's words; null while it goes on, and if it was cut off. */
  readonly end: string | null;
  /** Why it may not have been everybody all the same; absent where nothing speaks for that. */
  readonly doubt?: string;
  /** Attributes that were not kept, as they hold credentials, look like it, or are large; absent if none. */
  readonly leftOut?: readonly string[];
  /** Most entries of a page; null: all at once. */
  readonly pageSize: number | null;
  /** How each search base answered. */
  readonly bases: readonly BaseEvidence[];
}

export interface BaseEvidence {
  readonly base: string;
  readonly entries: number;
  readonly pages: number;
  /** Whether the account sees the base itself. */
  readonly readable: boolean;
}

/**
 * What a profile has under a name, as it is written there. Objects have members of their own, such as
 * `constructor`, which are no attributes.
 */
export function ownValue(profile: AppProfile, name: string): AppProfile[string] | undefined {
  return Object.hasOwn(profile, name) ? profile[name] : undefined;
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
