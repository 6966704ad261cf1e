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
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "rollcall-rules-"));
  for (const name of ["src", ".oxlintrc.json", "tsconfig.json", "package.json"]) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const VIOLATIONS: readonly (readonly [string, string, string])[] = [
  ["lib", 'import { loginKey } from "../model/user.ts";', "loginKey"],
  ["model", 'import { judge } from "../reconciler/safeguard.ts";', "judge"],
  ["config", 'import { openStore } from "../store/database.ts";', "openStore"],
  ["agent", 'import { openStore } from "../store/database.ts";', "openStore"],
  ["agent", 'import { forceSync } from "../runs/force-sync.ts";', "forceSync"],
  ["mapping", 'import { readFileSync } from "node:fs";', "readFileSync"],
  ["reconciler", 'import { openStore } from "../store/database.ts";', "openStore"],
  ["store", 'import { createDirectory } from "../agent/agent.ts";', "createDirectory"],
  ["store", 'import { judge } from "../reconciler/safeguard.ts";', "judge"],
  ["runs", 'import { runSchedules } from "../schedule/scheduler.ts";', "runSchedules"],
  ["runs", 'import { sql } from "kysely";', "sql"],
  ["schedule", 'import { createDirectory } from "../agent/agent.ts";', "createDirectory"],
  ["http", 'import { createDirectory } from "../agent/agent.ts";', "createDirectory"],
  ["cli", 'import { openStore } from "../store/database.ts";', "openStore"],
];

test.each(VIOLATIONS)("%s: %s", (folder, line, name) => {
  const file = join(copy, "src", folder, "planted.ts");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${line}\nexport const planted: unknown = ${name};\n`);
  const { status, stdout } = spawnSync(join(ROOT, "node_modules/.bin/oxlint"), ["src/" + folder], {
    cwd: copy,
    encoding: "utf8",
  });
  rmSync(file);
  expect(stdout).toContain("no-restricted-imports");
  expect(status).toBe(1);
});

test("without a plant, and with an await forgotten, the linter says so, too", () => {
  const lint = (): number | null =>
    spawnSync(join(ROOT, "node_modules/.bin/oxlint"), ["--type-aware", "src/store"], { cwd: copy })
      .status;
  expect(lint()).toBe(0);
  const file = join(copy, "src/store/leases.ts");
  const source = readFileSync(file, "utf8");
  writeFileSync(
    file,
    `${source}\nexport async function planted(db: Connection): Promise<void> {\n  await db.deleteFrom("leases");\n}\n`,
  );
  expect(lint()).toBe(1);
  writeFileSync(file, source);
});
