import fc from "fast-check";
import { expect, test } from "vitest";
import { find, splitBy } from "./find.ts";

test("finds and splits as the platform does, also for long words", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 0, maxLength: 6 });
  const sizes = fc.constantFrom(1, 60, 300);
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), word, sizes, (parts, core, size) => {
      const wanted = core.repeat(size);
      const text = parts.join(wanted).slice(0, 5000);
      fc.pre(wanted !== "");
      expect(find(text, wanted)).toBe(text.indexOf(wanted));
      expect(find(text, wanted, 3)).toBe(text.indexOf(wanted, 3));
      expect(splitBy(text, wanted)).toEqual(text.split(wanted));
    }),
    { numRuns: 2000 },
  );
});
