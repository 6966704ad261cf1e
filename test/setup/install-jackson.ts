/**
 * Installs SAML Jackson for `npm run test:jackson`, beside what the project needs, and without running
 * anything of what comes with it. Prints where.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { run } from "../support/process.ts";

const VERSION = "26.2.0";
const folder = resolve("node_modules/.cache/jackson", VERSION);

if (!existsSync(join(folder, "node_modules/@boxyhq/saml-jackson"))) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), `{ "private": true }\n`);
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  run("npm", ["install", ...quiet, `@boxyhq/saml-jackson@${VERSION}`], { cwd: folder });
}
process.stdout.write(`${folder}\n`);
