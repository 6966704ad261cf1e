/** The demo: the commands that a newcomer would type, one after the other, with what they print. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";

/** ROLLCALL: another program than the checkout's, such as an installed one. */
const PROGRAM = process.env["ROLLCALL"] ?? "bin/rollcall.js";
const CONFIG = "config/demo/demo.yaml";
const files = {
  first: "./config/demo/people.ldif",
  changed: "./config/demo/people-changed.ldif",
  missing: "./config/demo/people-missing.ldif",
};
const FAILED = 'eventType eq "app.user_management.update_from_master_failed"';
// A terminal tells the command, too; what it was asked to end is not followed by the next one.
let stopped = false;
process.on("SIGINT", () => (stopped = true));

/** Runs one command as a user would, and shows it. @throws if it ends otherwise than expected */
async function show(title: string, args: readonly string[], file: string, expected = 0): Promise<void> {
  process.stdout.write(`\n── ${title}\n$ rollcall ${args.map(quoted).join(" ")}\n`);
  const child = spawn(process.execPath, [PROGRAM, ...args, "--config", CONFIG], {
    env: { ...process.env, DEMO_LDIF: file },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [status] = (await once(child, "close")) as [number | null];
  if (stopped) process.exit(130);
  if (status !== expected) {
    process.stdout.write(`\nThe demo did not go as it should: exit status ${status ?? "none"} instead of ${expected}.\n`);
    process.exit(1);
  }
}

function quoted(argument: string): string {
  return /[\s"']/.test(argument) ? `'${argument}'` : argument;
}

process.stdout.write("Rollcall demo: Aurora Ltd., 200 people in eight countries, on the embedded database.\n");
await show("Import the people of the company's directory", ["import", "corp"], files.first);
await show("Import what human resources know about them", ["import", "hr"], files.first);
await show("One user, and whose value each attribute has", ["users", "show", "misaki.sato@aurora.example"], files.first);
await show("Who could not be updated, and why", ["logs", "--filter", FAILED, "--since", "52w", "--limit", "8"], files.first);
await show("A month later: what would an import change?", ["import", "corp", "--dry-run"], files.changed);
await show("Somebody mistypes a filter: most people are missing", ["import", "corp"], files.missing, 3);
process.stdout.write(`
Nobody was removed. Go on by yourself, for example:
  npx rollcall imports --config ${CONFIG}
  npx rollcall users --q misaki --config ${CONFIG}
`);
if (process.argv.includes("--serve")) await serve();
else process.stdout.write("In a browser: npm run demo -- --serve\n");

/** The daemon on what the demo left, with a link that signs in to its console. */
async function serve(): Promise<void> {
  if (existsSync("console/vite.config.ts")) {
    const built = spawn("npm", ["run", "--silent", "build:console"], { stdio: "inherit" });
    await once(built, "close");
  }
  const daemon = spawn(process.execPath, [PROGRAM, "serve", "--config", CONFIG], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(daemon, "close");
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => daemon.kill(name));
  // It has the embedded database from now on, and makes the link.
  while (daemon.exitCode === null && !(await fetch("http://127.0.0.1:8080/healthz").catch(() => null))?.ok)
    await new Promise((resolve) => setTimeout(resolve, 100));
  if (daemon.exitCode === null) {
    process.stdout.write("\nOpen this link; it signs in once, for ten minutes. Ctrl-C ends the daemon.\n");
    const link = spawn(process.execPath, [PROGRAM, "admin", "sign-in", "--config", CONFIG], {
      stdio: ["ignore", "inherit", "ignore"],
    });
    await once(link, "close");
  }
  const [status] = (await ended) as [number | null];
  process.exitCode = status ?? 1;
}
