import type { Command } from "commander";
import { safeJsonText } from "../lib/safe-output.ts";
import { cureInCommands } from "./cure.ts";
import type { RunCommandLine } from "./serve-commands.ts";
import { commandOf } from "./remedy.ts";
import type { Register } from "./register.ts";
import { withService } from "./session.ts";

const HELP = `
Imports every directory by its schedule, pushes to every app what changed, and answers /healthz,
/readyz, /metrics and the API; a client comes in by a token of \`rollcall tokens\`. Several
replicas may run on one Postgres. On SIGTERM it ends its work at the next safe point.`;

/** @param run carries out the commands that clients of the daemon ask for */
export const serveCommand =
  (run: RunCommandLine) =>
  (program: Command, register: Register): void => {
    const command = program
      .command("serve")
      .description("the daemon: schedules of all directories, health, metrics and the API")
      .addHelpText("after", HELP);
    register(command, async (console, options) => {
      // Nothing else writes a log of this kind, or serves anything.
      const { pino } = await import("pino");
      const { serve } = await import("../daemon.ts");
      const { commandsOf } = await import("./serve-commands.ts");
      const log = pino(
        { base: null, timestamp: pino.stdTimeFunctions.isoTime },
        { write: (line: string) => console.note(safeJsonText(line.trimEnd())) },
      );
      return await withService(console, options, async (service) => {
        log.info(
          { database: service.database.title, config: service.settings.file },
          "rollcall started",
        );
        const words = { remedy: commandOf, cure: cureInCommands };
        const carryOut = commandsOf(service, console.environment, run);
        await serve(service, log, { words, run: carryOut }, console.signal);
        log.info({}, "rollcall stopped");
        return 0;
      });
    });
  };
