import fc from "fast-check";
import { expect, test } from "vitest";
import { dnKey, isWithin, outermost, splitDn } from "./dn.ts";

test.each([
  ["CN=Doe\\, John,OU=People,DC=x", "cn=Doe\\2C John,ou=people,dc=x"],
  ['CN="Doe, John",OU=People,DC=x', "cn=doe\\, john,ou=people,dc=x"],
  ["cn=A  B , ou = People,dc=x", "CN=a b,OU=people,DC=x"],
  ["cn=\\ lead,dc=x", "cn=\\20lead,dc=x"],
  ["cn=a\\+b,dc=x", "cn=a\\2bb,dc=x"],
  ["cn=a+uid=b,dc=x", "UID=b+CN=a,dc=x"],
  ["cn=J\\c3\\bcrgen,dc=x", "cn=Jürgen,dc=x"],
  ["cn=a\\;b,dc=x", "cn=a\\3Bb,dc=x"],
  ["cn=a\\=b,dc=x", "cn=a=b,dc=x"],
  ["cn=😀 A,dc=x", "cn=😀 a,dc=x"],
  ["cn=Ame\u0301lie,dc=x", "cn=Amélie,dc=x"],
  ["cn=ΝΊΚΟΣ,dc=x", "cn=Νίκος,dc=x"],
  ["cn=\u212Aim,dc=x", "cn=kim,dc=x"],
  ["cn=a，b,dc=x", "cn=a\\,b,dc=x"],
  ["UID=J+é@x, OU=People,DC=x", "uid=j+É@x,ou=people,dc=x"],
])("%s is %s", (one, other) => {
  expect(dnKey(one)).toBe(dnKey(other));
});

test.each([
  ["cn=a\\,b,dc=x", "cn=a,b=,dc=x"],
  ["cn=a,dc=x", "cn=a,dc=y"],
  ["cn=a\\+b,dc=x", "cn=a+b=,dc=x"],
  ["cn=ab,dc=x", "cn=a b,dc=x"],
])("%s is not %s", (one, other) => {
  expect(dnKey(one)).not.toBe(dnKey(other));
});

test("a name without anything special is its own key in lower case, and others are read part by part", () => {
  const part = fc.constantFrom("cn", "=", "A", "b-1", "@", ".", "_", " ", ",", "+", "\\", '"', "ä");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const dn = parts.join("");
      // A sign that never is simple makes the other way be taken.
      const [inName, alone] = [`${dn},x=ä`, `x=ä`];
      if (!/^[\w-]+=[^"\\+,]+$/.test(dn)) return;
      expect(dnKey(inName)).toBe(`${dnKey(dn)},${dnKey(alone)}`);
    }),
  );
});

test("a key is its own key, whatever the text", () => {
  const signs = fc.constantFrom(
    "a",
    "=",
    ",",
    ";",
    "+",
    "\\",
    '"',
    " ",
    "\u00a0",
    "2C",
    "oid.1",
    "，",
    "＝",
  );
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({ unit: signs, maxLength: 12 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expect(dnKey(dnKey(text))).toBe(dnKey(text));
    }),
  );
});

test.each(["\\ ,cn=a", "ｃ，=a,dc=x", "cn=a,\\ +b=c"])(
  "%s has a part without a type, and keeps its own form",
  (text) => {
    expect(dnKey(text)).toBe(text.normalize("NFKC"));
    expect(dnKey(dnKey(text))).toBe(dnKey(text));
  },
);

test("escaped names keep their parts", () => {
  expect(splitDn("cn=a\\,b,ou=c")).toEqual(["cn=a\\,b", "ou=c"]);
  expect(splitDn('cn="a,b",ou=c')).toEqual(['cn="a,b"', "ou=c"]);
  expect(splitDn('cn="a')).toBeNull();
  expect(splitDn("")).toEqual([]);
});

test("the outermost of several bases", () => {
  expect(outermost(["ou=a,dc=x", "dc=x", "OU=B,DC=X", "dc=y"])).toEqual(["dc=x", "dc=y"]);
  expect(outermost(["dc=x", "DC=x"])).toEqual(["dc=x"]);
  expect(isWithin("ou=ab,dc=x", "b,dc=x")).toBe(false);
});
