#!/usr/bin/env node
// Starts Rollcall with a Node that can run it: this one if it is new enough, otherwise the one
// that the project brings along as an optional package.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  await import(main);
} else {
  const node = findNode();
  if (node === null) {
    process.stderr.write(
      `Rollcall needs Node 24; this is ${process.version}, and \`npm ci\` has not brought its own.\n`,
    );
    process.exit(2);
  }
  const { status, signal } = spawnSync(node, [main, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exit(signal === null ? status : 1);
}

function findNode() {
  const require = createRequire(import.meta.url);
  for (const name of [`node-linux-${process.arch}`]) {
    try {
      const file = require.resolve(`${name}/bin/node`);
      if (existsSync(file)) return file;
    } catch {
      // not installed here
    }
  }
  return null;
}
