import type { DirectoryObject, MemberKey, ObjectKind } from "../model/directory-object.ts";
import { dnKey } from "../model/dn.ts";
import { type RawEntry, attributeValues } from "../model/entry.ts";
import { memberKeys } from "../model/members.ts";

/** `<GUID=…>;<SID=…>;CN=…`: a DN as the control for extended DNs writes it (MS-ADTS 3.1.1.3.4.1.5). */
const EXTENDED = /^(?:<GUID=([0-9a-fA-F-]+)>;)?(?:<SID=[^>]*>;)?/;

/** A group or container, with its members as keys. */
export function toDirectoryObject(kind: ObjectKind, raw: RawEntry): DirectoryObject {
  const { profile } = raw.decode();
  const texts = (name: string): string[] =>
    attributeValues(profile, name).filter((value) => typeof value === "string");
  const dn = raw.dn.replace(EXTENDED, "");
  const id = raw.id ?? "";
  const members = [
    ...texts("member").map(dnMember),
    // The syntax allows a bit string behind the name (RFC 4517 section 3.3.21).
    ...texts("uniqueMember").map((value) => dnMember(withoutBits(value))),
    ...texts("memberUid").map((value) => `uid:${value.toLowerCase()}`),
  ];
  return {
    kind,
    id,
    dn,
    name: texts("cn")[0] ?? dn,
    sid: texts("objectSid")[0] ?? null,
    hash: raw.hash,
    keys: memberKeys(id, dn, []),
    members: [...new Set(members)],
  };
}

/** `#'0101'B`, if anything, behind the last number sign. */
function withoutBits(value: string): string {
  const sign = value.lastIndexOf("#");
  return sign >= 0 && /^'[01]*'B$/.test(value.slice(sign + 1)) ? value.slice(0, sign) : value;
}

/** Whom a value of `member` names: by GUID where the server gives it, else by DN. */
function dnMember(value: string): MemberKey {
  const guid = EXTENDED.exec(value)?.[1];
  return guid === undefined ? `dn:${dnKey(value)}` : `id:${guid.toLowerCase()}`;
}
