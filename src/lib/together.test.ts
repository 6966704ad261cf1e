import { expect, test } from "vitest";
import { Together } from "./together.ts";

test("whoever asks while a question is on its way is in the next one, all together", async () => {
  const asked: (readonly string[])[] = [];
  const together = new Together(async (keys: readonly string[]) => {
    asked.push(keys);
    await Promise.resolve();
    return new Map(keys.flatMap((key) => (key === "nobody" ? [] : [[key, key.toUpperCase()]])));
  });
  const answers = await Promise.all(["a", "b", "nobody", "b"].map((key) => together.of(key)));
  expect(answers).toEqual(["A", "B", null, "B"]);
  expect(asked).toEqual([["a"], ["b", "nobody"]]);
  expect(await together.of("c")).toBe("C");
});

test("a question that fails, fails those who wait for it, and nobody who comes later", async () => {
  let isBroken = true;
  const together = new Together(async (keys: readonly string[]) => {
    await Promise.resolve();
    if (isBroken) throw new Error("the database is away");
    return new Map(keys.map((key) => [key, key]));
  });
  const first = together.of("a");
  const second = together.of("b");
  await expect(first).rejects.toThrow("away");
  await expect(second).rejects.toThrow("away");
  isBroken = false;
  expect(await together.of("c")).toBe("c");
});
