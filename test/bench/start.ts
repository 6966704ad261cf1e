/**
 * How long commands take to start, as ratios to a Node that does nothing: `node test/bench/start.ts`.
 * Of the bundle, as it is installed; medians, each round one of each, so that all meet the same machine.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startPostgres } from "../support/postgres.ts";

export interface StartFigures {
  /** Seconds. */
  readonly bare: number;
  readonly version: number;
  readonly help: number;
  readonly usersShow: number;
}

const ROUNDS = Number(process.env["ROUNDS"] ?? 15);
const PROGRAM = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

function seconds(args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return (performance.now() - started) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function main(): Promise<void> {
  execFileSync("npm", ["run", "build"], { stdio: "ignore" });
  const folder = mkdtempSync(join(tmpdir(), "rollcall-bench-start-"));
  const postgres = await startPostgres();
  try {
    const config = join(folder, "rollcall.yaml");
    const people = join(folder, "people.ldif");
    writeFileSync(
      people,
      "dn: uid=ada\nobjectClass: person\nentryUUID: ada\nmail: ada@example.org\ngivenName: Ada\nsn: L\n",
    );
    writeFileSync(
      config,
      `database: { url: "${postgres.createDatabase("start")}" }
directories:
  corp:
    type: ldif
    path: ${people}
    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn }
`,
    );
    seconds([PROGRAM, "import", "corp", "--config", config]);
    const commands = {
      bare: ["-e", "0"],
      version: [PROGRAM, "--version"],
      help: [PROGRAM, "--help"],
      usersShow: [PROGRAM, "users", "show", "ada@example.org", "--config", config],
    };
    const samples = Object.fromEntries(Object.keys(commands).map((name) => [name, [] as number[]]));
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, args] of Object.entries(commands)) samples[name]?.push(seconds(args));
    const figures = Object.entries(samples).map(([name, all]) => [name, median(all)] as const);
    process.stdout.write(`${JSON.stringify(Object.fromEntries(figures))}\n`);
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
