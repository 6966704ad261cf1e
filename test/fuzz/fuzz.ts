/**
 * Tries what nobody thought of on every parser that meets bytes from outside:
 * `npm run fuzz -- [--seconds 60] [--seed N] [PARSER…]`. An input that a parser does not stand is kept
 * in `test/fuzz/corpus/PARSER/`, which the tests replay from then on.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { corpusOf } from "./corpus.ts";
import { mutate, randomOf } from "./mutate.ts";
import { TARGETS, type Target } from "./targets.ts";

/** An input that takes longer stands still: nobody's value may do that. */
const LONGEST_MS = 5000;

const { values, positionals } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } },
  allowPositionals: true,
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const wanted = positionals.length === 0 ? Object.keys(TARGETS) : positionals;
const each = (Number(values.seconds) * 1000) / wanted.length;
let faults = 0;
for (const name of wanted) {
  const target = TARGETS[name];
  if (target === undefined) throw new Error(`There is no parser ${name}.`);
  faults += await fuzz(name, target);
}
process.exitCode = faults === 0 ? 0 : 1;

async function fuzz(name: string, target: Target): Promise<number> {
  const random = randomOf(seed);
  const inputs = [...target.seeds.map((one) => Buffer.from(one)), ...corpusOf(name)];
  const end = Date.now() + each;
  let tried = 0;
  for (; Date.now() < end; tried++) {
    const input = mutate(inputs, target.words, random);
    const began = Date.now();
    const fault = await faultOf(target, input);
    const slow = Date.now() - began > LONGEST_MS ? "stands still" : null;
    if (fault === null && slow === null) {
      // What grew is more interesting than what it grew from.
      if (random() < 0.01) inputs[Math.floor(random() * inputs.length)] = input;
      continue;
    }
    const folder = join(import.meta.dirname, "corpus", name);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, createHash("sha1").update(input).digest("hex").slice(0, 12));
    writeFileSync(file, input);
    process.stdout.write(`${name}: ${fault ?? slow ?? ""}\n  kept in ${file}, seed ${seed}\n`);
    return 1;
  }
  process.stdout.write(`${name}: ${tried} inputs, no fault (seed ${seed})\n`);
  return 0;
}

async function faultOf(target: Target, input: Buffer): Promise<string | null> {
  try {
    await target.run(input);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
