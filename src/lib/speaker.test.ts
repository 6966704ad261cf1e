import { expect, test } from "vitest";
import { speakerAt } from "./speaker.ts";

const { quote, name } = speakerAt("ldap://x", ["correct-Horse 7"]);

test.each([
  ["a server's words", "no such user", "“no such user”"],
  ["nothing", "", ""],
  ["nothing but a NUL", "\0", ""],
  [
    "what Active Directory says, with the NUL at its end",
    "80090308: LdapErr: DSID-0C090449, data 52e, v4563\0",
    "“80090308: LdapErr: DSID-0C090449, data 52e, v4563”",
  ],
  ["several lines", "no\nok      corp: all is well", "“no ok corp: all is well”"],
  ["quotation marks", "a” b “c", '“a" b "c”'],
])("%s", (_, text, quoted) => {
  expect(quote(text)).toBe(quoted);
});

test.each([
  ["as it is", "correct-Horse 7"],
  ["in capitals", "CORRECT-HORSE 7"],
  ["as base64", Buffer.from("correct-Horse 7").toString("base64")],
  ["as hexadecimal digits", Buffer.from("correct-Horse 7").toString("hex")],
  ["in a URL", "correct-Horse%207"],
])("the password that a server repeats is struck out: %s", (_, text) => {
  expect(quote(`bad: ${text}!`)).toBe("“bad: [secret]!”");
  expect(name(`host ${text}`)).toBe("host [secret]");
});

test("of a password that is too short to be struck out, nothing around it is shown", () => {
  expect(speakerAt("ldap://x", ["ab"]).quote("tab")).not.toContain("tab");
});

test("a long text is cut, never within a character", () => {
  const cut = name(`${"a".repeat(299)}😀😀`);
  expect(cut.length).toBeLessThanOrEqual(302);
  expect(cut.isWellFormed()).toBe(true);
});
