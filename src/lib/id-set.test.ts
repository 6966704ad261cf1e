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
