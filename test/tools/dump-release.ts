/**
 * Keeps a database of this version for the versions to come: `node test/tools/dump-release.ts`, at each
 * release. Writes `test/fixtures/releases/VERSION.sql`, and beside it what the commands say of it, which later
 * versions have to say as well (`test/house/upgrade.test.ts`).
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresBin, startPostgres } from "../support/postgres.ts";
import { run } from "../support/process.ts";
import { STORY, writeConfiguration, writeDirectories } from "../support/release-story.ts";

const FOLDER = "test/fixtures/releases";
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const folder = mkdtempSync(join(tmpdir(), "rollcall-release-"));
const postgres = await startPostgres();
const url = postgres.createDatabase("release");
const config = writeConfiguration(folder, url);

function rollcall(status: number, ...args: readonly string[]): string {
  const command = ["src/main.ts", ...args, "--config", config];
  const done = spawnSync(process.execPath, command, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.status === status) return done.stdout;
  throw new Error(`${args.join(" ")} ended with ${done.status}:\n${done.stderr}`);
}

try {
  for (const { time, command, status } of STORY) {
    writeDirectories(folder, time);
    rollcall(status, ...command);
  }
  mkdirSync(FOLDER, { recursive: true });
  const dump = run(join(postgresBin() ?? "", "pg_dump"), ["--no-owner", "--no-privileges", url]);
  // What newer versions of pg_dump write for psql alone, other servers do not know.
  writeFileSync(join(FOLDER, `${version}.sql`), dump.replaceAll(/^\\(?:un)?restrict .*\n/gm, ""));
  writeFileSync(join(FOLDER, `${version}.users.jsonl`), rollcall(0, "users", "export", "--json"));
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
