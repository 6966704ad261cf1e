/**
 * No pattern of the source tries a text again and again: each is looked at for how often it would
 * have to go back, which is what values of a directory can make endless. A pattern that may go back
 * once for every sign, from one place only, is linear; those are listed, each with its reason.
 */
import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { parse } from "acorn";
import { full } from "acorn-walk";
import { isSafePattern } from "redos-detector";
import { expect, test } from "vitest";

/** How often a pattern may go back at most. */
const MOST = 200;
/** How far it is looked for: steps, not seconds, so that a busy machine finds the same. */
const STEPS = 1_000_000;

/** Why these are linear, or never meet a text from outside. */
const LINEAR: ReadonlyMap<string, string> = new Map([
  [
    String.raw`\s*(?:(\()|(\))|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))|([A-Za-z][A-Za-z0-9_.:-]*)|(\S))`,
    "sticky: tried at one place, over at most 4,096 signs that the user writes",
  ],
  [String.raw`^(.*) process (\d+), started `, "begins at one place; the text is our own"],
  [String.raw`\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}`, "meets the configuration only"],
  [
    String.raw`"[^"]*"|'[^']*'|(?<![\p{L}\p{N}_$.])[\p{L}_$][\p{L}\p{N}_$]*(?=\s*\.)`,
    "meets the user's own mappings only",
  ],
]);

interface Found {
  readonly source: string;
  readonly flags: string;
  readonly place: string;
}

function patternsOf(file: string): Found[] {
  const found: Found[] = [];
  const code = stripTypeScriptTypes(readFileSync(file, "utf8"));
  const options = { ecmaVersion: "latest", sourceType: "module", locations: true } as const;
  full(parse(code, options), (node) => {
    if (node.type !== "Literal" || !("regex" in node)) return;
    const { pattern, flags } = node.regex as { readonly pattern: string; readonly flags: string };
    found.push({ source: pattern, flags, place: `${file}:${node.loc?.start.line ?? 0}` });
  });
  return found;
}

const all = globSync("src/**/*.ts").filter((file) => !file.endsWith(".test.ts"));
const patterns = all.flatMap(patternsOf);

function goesBack({ source, flags }: Found): boolean {
  return !isSafePattern(source, {
    caseInsensitive: flags.includes("i"),
    unicode: flags.includes("u"),
    dotAll: flags.includes("s"),
    multiLine: flags.includes("m"),
    maxScore: MOST,
    maxSteps: STEPS,
    timeout: Number.POSITIVE_INFINITY,
    downgradePattern: true,
  }).safe;
}

test("there are patterns to look at, and none is made from texts", () => {
  expect(patterns.length).toBeGreaterThan(100);
  const made = all.filter((file) => /new RegExp\(/.test(readFileSync(file, "utf8")));
  // Its parts are numbers of its own.
  expect(made).toEqual(["src/mapping/time/read-pattern.ts"]);
});

test("no pattern goes back without end, but for those that are linear all the same", () => {
  const bad = patterns.filter((one) => !LINEAR.has(one.source) && goesBack(one));
  expect(bad.map(({ place, source }) => `${place} ${source}`)).toEqual([]);
});

test("what is said to be linear is still there", () => {
  const sources = new Set(patterns.map((one) => one.source));
  expect([...LINEAR.keys()].filter((source) => !sources.has(source))).toEqual([]);
});
