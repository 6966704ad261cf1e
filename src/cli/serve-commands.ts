/** Commands that clients of the daemon ask for, carried out in its process with its database. */
import { realpathSync } from "node:fs";
import { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { RollcallError } from "../model/errors.ts";
import type { CommandRequest } from "../api/context.ts";
import type { Service } from "../service.ts";
import { COMMAND_PERMISSIONS } from "./permissions.ts";
import type { CommandLine } from "./console.ts";

export type RunCommandLine = (args: readonly string[], line: CommandLine) => Promise<number>;

/** @param run carries out a command line @returns what runs a command that somebody asks for */
export function commandsOf(
  service: Service,
  environment: CommandLine["environment"],
  run: RunCommandLine,
): (request: CommandRequest) => Promise<number> {
  return async ({ args, config, caller, print, signal }) => {
    if (config !== null) requireSame(service, config);
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
          const permission = COMMAND_PERMISSIONS[command];
          if (permission === undefined) {
            const message = `${command} works on the machine that it is for only.`;
            throw new RollcallError("usage.invalid", message);
          }
          if (config === null && options["diff"] !== undefined)
            throw new RollcallError("usage.invalid", "--diff reads a file, which is not there.");
          if (!caller.may(permission)) {
            const message = `The role ${caller.role} may not do this; it needs the permission "${permission}".`;
            throw new RollcallError("access.forbidden", message);
          }
        },
      },
    });
    // The status is the last that is said.
    for (const one of [stdout, stderr]) await finished(one.end());
    return status;
  };
}

/** Whoever works with another configuration must not be answered by this one. */
function requireSame({ settings }: Service, config: string): void {
  if (realpathSync(settings.file) === config) return;
  const message = `The daemon that has the database works with ${settings.file}, not with ${config}.`;
  throw new RollcallError("usage.invalid", message);
}
