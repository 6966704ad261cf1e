import fc from "fast-check";
import { expect, test } from "vitest";
import { BUILT_IN_ATTRIBUTES } from "../../model/app-attributes.ts";
import type { AppAttribute } from "../../model/app.ts";
import { CORE_USER, ENTERPRISE_USER, placeOf } from "../../model/attribute-place.ts";
import type { JsonObject } from "./answer.ts";
import { laidOver, newResource, notKept, patchOf, profileIn, withActive } from "./resource.ts";

function attribute(name: string, namespace: string): AppAttribute {
  const parsed = placeOf(name, namespace);
  return { type: "string", place: "place" in parsed ? parsed.place : null, refersToUser: false };
}
const ATTRIBUTES = new Map([
  ...BUILT_IN_ATTRIBUTES,
  ["team", attribute("team", CORE_USER)],
  ["badge", attribute("badge.number", "urn:example:1.0")],
  ["pager", attribute("phoneNumbers.^[type==pager].value", CORE_USER)],
] as const);

const profile = fc.dictionary(
  fc.constantFrom(...ATTRIBUTES.keys()),
  fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text.trim() !== ""),
);
const change = { attributes: ATTRIBUTES, removed: [], externalId: "me" };

test("a new account names what it has in schemas, and the e-mail is the primary one, at work", () => {
  const resource = newResource(
    { userName: "ada", givenName: "Ada", email: "a@x.org", department: "R&D" },
    ATTRIBUTES,
    "me",
  );
  expect(resource).toEqual({
    schemas: [CORE_USER, ENTERPRISE_USER],
    externalId: "me",
    userName: "ada",
    name: { givenName: "Ada" },
    emails: [{ type: "work", primary: true, value: "a@x.org" }],
    [ENTERPRISE_USER]: { department: "R&D" },
    active: true,
  });
});

test("what is put in its places is found there, whatever else the app has", () => {
  fc.assert(
    fc.property(profile, profile, (first, second) => {
      const theirs = { ...newResource(first, ATTRIBUTES, "other"), unknown: { of: "theirs" } };
      const resource = laidOver(theirs, second, change);
      expect(profileIn(resource, ATTRIBUTES)).toEqual({ ...first, ...second });
      expect(notKept(second, resource, ATTRIBUTES)).toEqual([]);
      expect(resource).toMatchObject({ unknown: { of: "theirs" }, externalId: "other" });
    }),
  );
});

test("what is taken away is gone, and nothing else is", () => {
  fc.assert(
    fc.property(profile, fc.constantFrom(...ATTRIBUTES.keys()), (before, name) => {
      const resource = laidOver(
        newResource(before, ATTRIBUTES, "me"),
        {},
        { ...change, removed: [name] },
      );
      const { [name]: _, ...rest } = before;
      expect(profileIn(resource, ATTRIBUTES)).toEqual(rest);
    }),
  );
});

test("a PATCH makes of the app's resource what a PUT would make of it", () => {
  fc.assert(
    fc.property(
      profile,
      profile,
      fc.array(fc.constantFrom(...ATTRIBUTES.keys())),
      (first, second, removed) => {
        const before = newResource(first, ATTRIBUTES, "me");
        const after = laidOver(before, second, { ...change, removed });
        const operations = patchOf(before, after);
        const { schemas: _, ...patched } = apply(before, operations);
        const { schemas: __, ...wanted } = after;
        expect(withoutEmpty(patched)).toEqual(withoutEmpty(wanted));
        expect(operations.every(({ op }) => op === "replace" || op === "remove")).toBe(true);
      },
    ),
  );
});

/** The parts of RFC 7644, 3.5.2 that are used. */
function apply(before: JsonObject, operations: readonly JsonObject[]): JsonObject {
  const resource = structuredClone(before);
  for (const { op, path, value } of operations) {
    const [parent, name] = split(String(path));
    const inner = (resource[parent] ?? {}) as JsonObject;
    if (name === null) {
      if (op === "remove") delete resource[parent];
      else resource[parent] = value;
    } else {
      if (op === "remove") delete inner[name];
      else inner[name] = value;
      resource[parent] = inner;
    }
  }
  return resource;
}

function split(path: string): [string, string | null] {
  if (!path.startsWith("urn:")) {
    const [parent = "", name = null] = path.split(".");
    return [parent, name];
  }
  const at = path.lastIndexOf(":");
  return [path.slice(0, at), path.slice(at + 1)];
}

function withoutEmpty(resource: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(resource).filter(([, value]) => JSON.stringify(value) !== "{}"),
  );
}

test("switching on and off changes nothing else, and leaves out what only the app writes", () => {
  const before = {
    id: "1",
    userName: "a",
    Active: true,
    meta: { version: "1" },
    groups: [],
    x: [1],
  };
  expect(withActive(before, false, "me")).toEqual({
    id: "1",
    userName: "a",
    Active: false,
    externalId: "me",
    x: [1],
    schemas: [CORE_USER],
  });
});

test("of several e-mail addresses only the primary one is ours", () => {
  const before = {
    emails: [
      { value: "home@x.org", type: "home" },
      { value: "old@x.org", primary: true, display: "old@x.org" },
    ],
  };
  expect(laidOver(before, { email: "new@x.org" }, change)["emails"]).toEqual([
    { value: "home@x.org", type: "home" },
    { value: "new@x.org", primary: true },
  ]);
});

test("numbers and truth values that come back as text were kept", () => {
  const attributes = new Map([["level", attribute("level", CORE_USER)]] as const);
  expect(notKept({ level: 7 }, { level: "7" }, attributes)).toEqual([]);
  expect(notKept({ level: true }, { level: "True" }, attributes)).toEqual([]);
  expect(notKept({ level: 7 }, { level: { no: 7 } }, attributes)).toEqual(["level"]);
  expect(notKept({ level: 7 }, {}, attributes)).toEqual(["level"]);
});
