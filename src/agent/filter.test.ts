import { expect, test } from "vitest";
import { RollcallError } from "../model/errors.ts";
import { encodeFilter, parseFilter } from "./filter.ts";
import { matchesFilter } from "./match-filter.ts";

// Worked out by hand from RFC 4511 section 4.5.1.7.
test.each([
  ["(objectClass=*)", "870b6f626a656374436c617373"],
  ["(cn=a)", "a3070402636e040161"],
  ["(&(a=b)(!(c>=d)))", "a012a306040161040162a208a506040163040164"],
  ["(cn=a*b*c)", "a40f0402636e3009800161810162820163"],
  [
    "(userAccountControl:1.2.840.113556.1.4.803:=2)",
    "a92f8116312e322e3834302e3131333535362e312e342e3830338212757365724163636f756e74436f6e74726f6c830132",
  ],
])("%s", (text, hex) => {
  expect(encodeFilter(parseFilter(text)).toString("hex")).toBe(hex);
});

test("escapes are bytes, also those that are not ASCII", () => {
  const filter = parseFilter("(objectGUID=\\c3\\a9\\00\\2a)");
  expect(filter).toMatchObject({
    kind: "equal",
    attribute: "objectGUID",
    value: Buffer.from([0xc3, 0xa9, 0, 0x2a]),
  });
  expect(parseFilter("( & (cn;lang-de=é) (2.5.4.3=x) )")).toMatchObject({ kind: "and" });
  expect(parseFilter("(&)")).toEqual({ kind: "and", items: [] });
});

test.each([
  "",
  "cn=a",
  "(cn=a",
  "(cn)",
  "((cn=a))",
  "(&(cn=a)",
  "(cn=a)x",
  "(c n=a)",
  "(cn=\\zz)",
  "(=a)",
  "(cn=a(b)",
  "(!)",
  "(".repeat(200),
])("refused: %s", (text) => {
  expect(() => parseFilter(text)).toThrow(RollcallError);
});

test.each([
  ["(cn=ADA lovelace)", true],
  ["(CN=ada*)", true],
  ["(cn=*love*ace)", true],
  ["(cn=*x*)", false],
  ["(mail=b@c)", true],
  ["(age>=9)", true],
  ["(age<=9)", false],
  ["(!(age=*))", false],
  ["(|(cn=x)(age=10))", true],
  ["(&)", true],
  ["(|)", false],
])("in memory: %s is %s", (text, fits) => {
  expect(
    matchesFilter(parseFilter(text), { cn: "Ada Lovelace", mail: ["a@b", "b@c"], age: "10" }),
  ).toBe(fits);
});
