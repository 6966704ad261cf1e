import fc from "fast-check";
import { expect, test } from "vitest";
import { IdSet } from "./id-set.ts";

test("it answers as a set of strings does, however many come and were expected", () => {
  const ids = fc.array(fc.string({ unit: "grapheme", maxLength: 6 }), { maxLength: 3000 });
  fc.assert(
    fc.property(ids, fc.nat(5000), (list, expected) => {
      const set = new IdSet(expected);
      const real = new Set<string>();
      for (const id of list) {
        expect(set.has(id)).toBe(real.has(id));
        expect(set.add(id)).toBe(!real.has(id));
        real.add(id);
      }
      expect(set.size).toBe(real.size);
      expect(list.every((id) => set.has(id))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("a hundred thousand identifiers that differ little are all told apart", () => {
  const set = new IdSet();
  for (let i = 0; i < 100_000; i++) expect(set.add(`person-${i}`)).toBe(true);
  for (let i = 0; i < 100_000; i++)
    if (!set.has(`person-${i}`) || set.has(`person-${i} `)) throw new Error(`person-${i}`);
  expect(set.size).toBe(100_000);
});

test("with what belongs to it, an identifier is told apart from every other way to divide the same text", () => {
  const text = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 50 }), (pairs) => {
      const set = new IdSet();
      const known = new Set<string>();
      for (const pair of pairs) {
        const isNew = !known.has(JSON.stringify(pair));
        expect(set.has(...pair)).toBe(!isNew);
        expect(set.add(...pair)).toBe(isNew);
        known.add(JSON.stringify(pair));
      }
      expect(set.size).toBe(known.size);
    }),
  );
});
