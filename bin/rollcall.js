#!/usr/bin/env -S node --max-semi-space-size=8
// The flag keeps short-lived objects of a streamed directory in little memory (src/lib/memory.ts).
// Starts Rollcall with a Node that can run it: this one if it is new enough, otherwise the one
// that the project brings along as an optional package. Signals go on to it, and its end is ours.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
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
  const child = spawn(node, ["--max-semi-space-size=8", main, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) {
    // A terminal sends Ctrl-C to both of us; only a signal that was meant for us alone goes on.
    process.on(name, () => {
      if (name !== "SIGINT" || !process.stdin.isTTY) child.kill(name);
    });
  }
  child.on("exit", (status, signal) => {
    process.exit(signal === null ? status : 128 + constants.signals[signal]);
  });
}

function findNode() {
  const require = createRequire(import.meta.url);
  try {
    const file = require.resolve(`node-${process.platform}-${process.arch}/bin/node`);
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}
