import { describe, expect, test } from "vitest";
import { NewestEntries } from "./witness.ts";

const csn = (second: number): Buffer =>
  Buffer.from(`20261128${String(second).padStart(6, "0")}.000000Z#000000#000#000000`);
const newest = (): NewestEntries => new NewestEntries("ldap://one", "entryCSN", null);
const idsOf = (entries: NewestEntries): string[] =>
  entries.witness?.newest.map(({ id }) => id) ?? [];

describe("the entries that were changed last", () => {
  test("are the fifty newest, in whatever order they come, newest first", () => {
    const entries = newest();
    for (let i = 0; i < 2000; i++) entries.note(`e${(i * 7) % 2000}`, csn((i * 7) % 2000));
    expect(idsOf(entries)).toEqual(Array.from({ length: 50 }, (_, i) => `e${1999 - i}`));
  });

  test("an entry whose clock was ahead has its new stamp, although it is an earlier one", () => {
    const entries = newest();
    for (let i = 0; i < 10; i++) entries.note(`e${i}`, csn(100 + i));
    entries.note("e9", csn(1));
    expect(idsOf(entries).at(-1)).toBe("e9");
    expect(idsOf(entries)).toHaveLength(10);
  });

  test("those who are gone are none any more; what no stamp is, is none", () => {
    const entries = newest();
    entries.note("a", csn(1));
    entries.note("b", csn(2));
    entries.note("c", Buffer.from("soon"));
    entries.forget(new Set(["b"]));
    expect(idsOf(entries)).toEqual(["a"]);
  });

  test("what is known of another server, or by another stamp, counts for nothing", () => {
    const entries = newest();
    entries.note("a", csn(1));
    const { witness } = entries;
    expect(idsOf(new NewestEntries("ldap://one", "entryCSN", witness))).toEqual(["a"]);
    expect(idsOf(new NewestEntries("ldap://two", "entryCSN", witness))).toEqual([]);
    expect(idsOf(new NewestEntries("ldap://one", "modifyTimestamp", witness))).toEqual([]);
  });

  test("numbers are compared as numbers", () => {
    const entries = new NewestEntries("dc", "uSNChanged", null);
    for (const number of ["9", "10", "1000"]) entries.note(number, Buffer.from(number));
    expect(idsOf(entries)).toEqual(["1000", "10", "9"]);
  });
});
