/** What a parser once did not stand, and some thousand inputs around it. */
import { describe, expect, test } from "vitest";
import { corpusOf } from "./corpus.ts";
import { mutate, randomOf } from "./mutate.ts";
import { TARGETS } from "./targets.ts";

describe.each(Object.entries(TARGETS))("whatever comes, %s answers or refuses", (name, target) => {
  const seeds = target.seeds.map((one) => Buffer.from(one));
  test("what it is made for, and what once was too much for it", async () => {
    for (const input of [...seeds, ...corpusOf(name)])
      await expect(
        Promise.resolve(target.run(input)),
        input.toString("base64"),
      ).resolves.toBeUndefined();
  });

  test("inputs made from these", async () => {
    const random = randomOf(15);
    const inputs = [...seeds, ...corpusOf(name)];
    const all = async (): Promise<void> => {
      for (let i = 0; i < 2000; i++) await target.run(mutate(inputs, target.words, random));
    };
    await expect(all()).resolves.toBeUndefined();
  });
});
