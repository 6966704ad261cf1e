import fc from "fast-check";
import { expect, test } from "vitest";
import { externalId, externalIdInFile, idBytes } from "./identity.ts";

const ATTRIBUTES = [
  "employeeNumber",
  "objectGUID",
  "GUID",
  "mS-DS-ConsistencyGuid",
  "objectSid",
  "uid",
];

test("different values of an attribute are different identifiers, whatever bytes they are", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 20 }).map((list) => Buffer.from(list)),
    fc.uint8Array({ minLength: 16, maxLength: 16 }).map((list) => Buffer.from(list)),
    fc.string({ minLength: 1 }).map((text) => Buffer.from(text)),
    fc
      .uint8Array({ minLength: 1, maxLength: 8 })
      .map((list) => Buffer.from(Buffer.from(list).toString("hex"))),
    fc.constantFrom("{hex}00", "{text}{hex}00", "{text}a").map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...ATTRIBUTES), bytes, bytes, (attribute, a, b) => {
      fc.pre(!a.equals(b));
      expect(externalId(attribute, a)).not.toBe(externalId(attribute, b));
    }),
  );
});

test("an identifier is searched for by the bytes that the directory has", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ATTRIBUTES),
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 20 }).map((list) => Buffer.from(list)),
        fc.string({ minLength: 1 }).map((text) => Buffer.from(text)),
      ),
      (attribute, bytes) => {
        expect(idBytes(attribute, externalId(attribute, bytes) ?? "")).toEqual(bytes);
      },
    ),
  );
});

test("Active Directory writes the first groups of a GUID backwards, eDirectory does not", () => {
  const bytes = Buffer.from("00112233445566778899aabbccddeeff", "hex");
  expect(externalId("objectGUID", bytes)).toBe("33221100-5544-7766-8899-aabbccddeeff");
  expect(externalId("GUID", bytes)).toBe("00112233-4455-6677-8899-aabbccddeeff");
});

test("a GUID of a file is the same one as text, in braces, in capitals and as bytes; a server's is as it is", () => {
  const text = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
  const bytes = Buffer.from("ff19966f868b11d0b42d00c04fc964ff", "hex");
  for (const value of [text, `{${text.toUpperCase()}}`, ` ${text} `])
    expect(externalIdInFile("objectGUID", Buffer.from(value))).toBe(text);
  expect(externalIdInFile("objectGUID", bytes)).toBe(text);
  // What a server writes as text has to be found by that text.
  const written = externalId("guid", Buffer.from(text)) ?? "";
  expect(idBytes("guid", written).toString()).toBe(text);
});
