/** The rules of the house are lint rules: each violation that is planted here must be found. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FOLDERS, forbiddenTo } from "./folders.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "rollcall-rules-"));
  const files = [
    "src",
    "oxlint.config.ts",
    "test/house/folders.ts",
    "tsconfig.json",
    "package.json",
  ];
  for (const name of files) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** What the linter says of files, by their path, each finding with its rule. */
function lint(...args: string[]): Map<string, string> {
  const program = join(ROOT, "node_modules/.bin/oxlint");
  const { stdout } = spawnSync(program, ["--format", "json", ...args], {
    cwd: copy,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const found = new Map<string, string>();
  for (const { filename, code } of (JSON.parse(stdout) as { diagnostics: Diagnostic[] })
    .diagnostics)
    found.set(filename, `${found.get(filename) ?? ""} ${code}`);
  return found;
}

interface Diagnostic {
  readonly filename: string;
  readonly code: string;
}

function plant(file: string, text: string): string {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), text);
  return file;
}

/** A file in one folder that takes something out of another. */
function importing(from: string, what: string, number: string): string {
  const path = what.endsWith(".ts") ? `../${what}` : `../${what}/something.ts`;
  const text = `import { something } from "${path}";\nexport const planted: unknown = something;\n`;
  return plant(`src/${from}/planted-${number}.ts`, text);
}

test("no folder may import what the table does not allow it", () => {
  const planted = new Map<string, string>();
  for (const folder of Object.keys(FOLDERS)) {
    for (const [i, room] of forbiddenTo(folder).entries())
      planted.set(importing(folder, room, `room-${i}`), `${folder} → ${room}`);
    for (const [i, file] of (FOLDERS[folder]?.never ?? []).entries())
      planted.set(importing(folder, file, `file-${i}`), `${folder} → ${file}`);
    for (const [i, room] of (FOLDERS[folder]?.typesOf ?? []).entries())
      planted.set(importing(folder, room, `value-${i}`), `${folder} → value of ${room}`);
  }
  const found = lint("src");
  const missed = [...planted].filter(([file]) => !found.get(file)?.includes("restricted-imports"));
  for (const file of planted.keys()) rmSync(join(copy, file));
  expect(missed.map(([, what]) => what)).toEqual([]);
  expect(planted.size).toBeGreaterThan(100);
});

describe("each of these, planted, is found", () => {
  test.each([
    ["SQL in a run", "runs", 'import { sql } from "kysely";', "sql"],
    [
      "a run's write without its fence",
      "runs",
      'import { transact } from "../store/database.ts";',
      "transact",
    ],
    ["I/O in a decision", "reconciler", 'import { readFileSync } from "node:fs";', "readFileSync"],
    ["LDAP in the store", "store", 'import { Client } from "ldapts";', "Client"],
    ["a server in the command line", "cli", 'import { Hono } from "hono";', "Hono"],
  ])("%s", (...[, folder, line, name]) => {
    const file = plant(
      `src/${folder}/planted.ts`,
      `${line}\nexport const planted: unknown = ${name};\n`,
    );
    const found = lint(`src/${folder}`);
    rmSync(join(copy, file));
    expect(found.get(file)).toContain("restricted-imports");
  });

  test("the time of day in the expression language", () => {
    const file = plant("src/mapping/planted.ts", "export const planted: unknown = new Date();\n");
    const found = lint("src/mapping");
    rmSync(join(copy, file));
    expect(found.get(file)).toContain("no-restricted-globals");
  });

  test("a circle, also one of types only", () => {
    const [one, two] = ["src/lib/planted-one.ts", "src/lib/planted-two.ts"];
    plant(one, 'import type { Two } from "./planted-two.ts";\nexport type One = Two | 1;\n');
    plant(two, 'import type { One } from "./planted-one.ts";\nexport type Two = One | 2;\n');
    const found = lint("src/lib");
    for (const file of [one, two]) rmSync(join(copy, file));
    expect([...found.keys()].toSorted()).toEqual([one, two]);
    expect(found.get(one)).toContain("no-cycle");
  });

  test("a function with five parameters", () => {
    const file = plant(
      "src/lib/planted.ts",
      "export function planted(a: 1, b: 1, c: 1, d: 1, e: 1): number {\n  return a + b + c + d + e;\n}\n",
    );
    const found = lint("src/lib");
    rmSync(join(copy, file));
    expect(found.get(file)).toContain("max-params");
  });

  test("a statement that is never executed", () => {
    const file = "src/store/leases.ts";
    const source = readFileSync(join(copy, file), "utf8");
    const forgotten =
      'export async function planted(db: Connection): Promise<void> {\n  await db.deleteFrom("leases");\n}\n';
    expect([...lint("--type-aware", "src/store")]).toEqual([]);
    plant(file, `${source}\n${forgotten}`);
    const found = lint("--type-aware", "src/store");
    plant(file, source);
    expect(found.get(file)).toContain("await-thenable");
  });
});

test("the formatter is switched off nowhere", () => {
  const { stdout } = spawnSync("grep", ["-rlE", "(prettier|oxfmt)-ignore", "src"], {
    cwd: copy,
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});

test("no word of the command line stands below the commands", () => {
  const commands =
    "check|doctor|evaluate|explain|force-sync|import|imports|logs|mappings|migrate|preview|serve|sources|users";
  // A command that is quoted, with `rollcall` before it or with something behind it.
  const quoted = `(\\\\?\`)(rollcall [a-z]|(${commands}) [a-zA-Z-]+(\\1|[ $]))`;
  const search = (folder: string): string =>
    spawnSync("grep", ["-rnE", "--include=*.ts", "--exclude-dir=cli", quoted, folder], {
      cwd: copy,
      encoding: "utf8",
    }).stdout;
  expect(search("src")).toBe("");
  const file = plant("src/runs/planted.ts", "export const planted = `See \\`imports show\\`.`;\n");
  const found = search("src");
  rmSync(join(copy, file));
  expect(found).toContain(file);
});
