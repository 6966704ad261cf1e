import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turnstile } from "./turnstile.ts";

test("so many are inside at once, so many wait, and whoever comes then is sent away", async () => {
  const gate = new Turnstile(2, 3);
  let inside = 0;
  let most = 0;
  const open: (() => void)[] = [];
  const work = async (): Promise<number> => {
    most = Math.max(most, ++inside);
    await new Promise<void>((resolve) => open.push(resolve));
    return inside--;
  };
  const all = Array.from({ length: 7 }, () => gate.pass(work));
  expect(await Promise.all(all.slice(5))).toEqual([null, null]);
  while (open.length > 0) {
    open.shift()?.();
    await turn();
  }
  expect((await Promise.all(all)).filter((one) => one !== null)).toHaveLength(5);
  expect(most).toBe(2);
});

test("whoever fails makes room as well", async () => {
  const gate = new Turnstile(1, 1);
  await expect(gate.pass(() => Promise.reject(new Error("planted")))).rejects.toThrow("planted");
  expect(await gate.pass(() => Promise.resolve(7))).toEqual({ result: 7 });
});
