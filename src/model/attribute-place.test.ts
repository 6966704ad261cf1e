import { expect, test } from "vitest";
import { CORE_USER, placeName, placeOf } from "./attribute-place.ts";

test.each([
  ["title", { attribute: "title", select: null, sub: null }],
  ["name.givenName", { attribute: "name", sub: "givenName" }],
  ["emails.^[primary==true].value", { select: { primary: true }, sub: "value" }],
  ["phoneNumbers.^[type==work].type", { select: { type: "work" }, sub: "type" }],
  ['emails[type eq "work"].value', { select: { type: "work" }, sub: "value" }],
  [
    "emails.^[type=='work' && primary==true]",
    { select: { type: "work", primary: true }, sub: "value" },
  ],
])("%s is an external name", (name, place) => {
  expect(placeOf(name, CORE_USER)).toMatchObject({ place: { ...place, namespace: null } });
});

test.each(["", "two words", "a.b.c", "emails[", "emails[type]", "1st", "__proto__"])(
  "%j is none",
  (name) => {
    expect(placeOf(name, CORE_USER)).toHaveProperty("fault");
  },
);

test("another namespace is a key of its own, and no URN is none", () => {
  expect(placeOf("x", "urn:example:1")).toMatchObject({ place: { namespace: "urn:example:1" } });
  expect(placeOf("x", CORE_USER.toLowerCase())).toMatchObject({ place: { namespace: null } });
  expect(placeOf("x", "https://example.org")).toHaveProperty("fault");
});

test("a place is written as people write it", () => {
  const parsed = placeOf('emails[type eq "work"].value', CORE_USER);
  expect("place" in parsed ? placeName(parsed.place) : "").toBe("emails.^[type==work].value");
});
