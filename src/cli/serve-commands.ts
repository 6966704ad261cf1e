/** Commands that clients of the daemon ask for, carried out in its process with its database. */
import { realpathSync } from "node:fs";
import { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { RollcallError } from "../model/errors.ts";
import type { CommandRequest } from "../api/context.ts";
import type { Permission } from "../model/role.ts";
import { FRESH_MINUTES } from "../model/session.ts";
import type { Service } from "../service.ts";
import { COMMAND_PERMISSIONS, FRESH_COMMANDS } from "./permissions.ts";
import type { CommandLine } from "./console.ts";

export type RunCommandLine = (args: readonly string[], line: CommandLine) => Promise<number>;

/** @param run carries out a command line @returns what runs a command that somebody asks for */
export function commandsOf(
  service: Service,
  environment: CommandLine["environment"],
  run: RunCommandLine,
): (request: CommandRequest) => Promise<number> {
  return async ({ args, local, caller, print, signal }) => {
    if (local !== null) await requireSame(service, local, print);
    const stream = (to: "out" | "err"): Writable =>
      new Writable({
        decodeStrings: false,
        write: (chunk: string | Buffer, _encoding, done) => {
          void print(to, chunk.toString())
            .catch(() => undefined)
            .finally(() => {
              // A client that is gone hears nothing; what it asked for ends by the signal.
              done();
            });
        },
      });
    const [stdout, stderr] = [stream("out"), stream("err")];
    const status = await run(args, {
      environment: { ...environment, ROLLCALL_SERVER: undefined },
      stdin: Readable.from([]),
      stdout,
      stderr,
      signal,
      beside: {
        service,
        actor: caller.actor,
        require: (command, options) => {
          const permission = permissionOf(command, options);
          if (permission === undefined) {
            const message = `${command} works on the machine that it is for only.`;
            throw new RollcallError("usage.invalid", message);
          }
          if (local === null && options["diff"] !== undefined)
            throw new RollcallError("usage.invalid", "--diff reads a file, which is not there.");
          // What is shown is kept in memory meanwhile.
          if (local === null && Number(options["limit"] ?? 0) > MOST_SHOWN)
            throw new RollcallError("usage.invalid", `--limit takes at most ${MOST_SHOWN} here.`);
          if (!caller.may(permission)) {
            const message = `The role ${caller.role} may not do this; it needs the permission "${permission}".`;
            throw new RollcallError("access.forbidden", message);
          }
          if (FRESH_COMMANDS.has(command) && options["dryRun"] !== true && !caller.isFresh) {
            const message = `${command} needs a sign-in of the last ${FRESH_MINUTES} minutes; yours is older, or its provider does not say when it was.`;
            throw new RollcallError("access.signInAgain", message);
          }
        },
      },
    });
    // The status is the last that is said.
    for (const one of [stdout, stderr]) await finished(one.end());
    return status;
  };
}

const MOST_SHOWN = 10_000;

function permissionOf(
  command: string,
  options: Readonly<Record<string, unknown>>,
): Permission | undefined {
  // One person is computed anew by the help desk, too.
  if (command === "force-sync" && typeof options["user"] === "string") return "sync-person";
  return COMMAND_PERMISSIONS[command];
}

/** Whoever works with another configuration must not be answered by this one. */
async function requireSame(
  { settings }: Service,
  { config, version }: { readonly config: string; readonly version: string },
  print: CommandRequest["print"],
): Promise<void> {
  if (realpathSync(settings.file) !== config) {
    const message = `The daemon that has the database works with ${settings.file}, not with ${config}.`;
    throw new RollcallError("usage.invalid", message);
  }
  if (version !== settings.version)
    await print(
      "err",
      "The configuration was changed since the daemon read it; this works by what it read. SIGHUP has it read it again.\n",
    );
}
