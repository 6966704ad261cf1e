#!/usr/bin/env -S node --max-semi-space-size=8
// The flag keeps short-lived objects of a streamed directory in little memory (src/lib/memory.ts).
// Starts Rollcall with a Node that can run it: this one if it is new enough, otherwise the one
// that a checkout brings along. Signals go on to it, and its end is ours.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** How long a process may take to end that was asked twice. */
const LAST_SECONDS = 5;

// A checkout has the sources, which Node 24 reads as they are; the package has what was made of them.
const sources = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const isCheckout = existsSync(sources);
const main = isCheckout ? sources : fileURLToPath(new URL("../dist/main.js", import.meta.url));
const needed = isCheckout ? 24 : 22;
const canRun = Number(process.versions.node.split(".", 1)[0]) >= needed;

// The daemon has somebody above it, who can end it where its own loop stands still.
if (canRun && !process.argv.includes("serve")) {
  await import(main);
} else {
  const node = canRun ? process.execPath : findNode();
  if (node === null) {
    process.stderr.write(`Rollcall needs Node ${needed} or newer; this is ${process.version}.\n`);
    process.exit(2);
  }
  const child = spawn(node, ["--max-semi-space-size=8", main, ...process.argv.slice(2)], {
    // By the channel it hears of it if this process is killed.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  let asked = 0;
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) {
    process.on(name, () => {
      // A terminal sends Ctrl-C to both of us; only a signal that was meant for us alone goes on.
      if (name !== "SIGINT" || !process.stdin.isTTY) child.kill(name);
      // Whoever asks twice waits no longer for a process that does not hear; runs are resumed.
      if (name !== "SIGHUP" && ++asked === 2)
        setTimeout(() => child.kill("SIGKILL"), LAST_SECONDS * 1000).unref();
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
