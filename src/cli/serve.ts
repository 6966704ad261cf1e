import type { Command } from "commander";
import { safeJsonText } from "../lib/safe-output.ts";
import type { Register } from "./register.ts";
import { withService } from "./session.ts";

const HELP = `
Imports every directory by its schedule, and answers /healthz, /readyz and /metrics. Several
replicas may run on one Postgres. On SIGTERM it ends its work at the next safe point.`;

export function serveCommand(program: Command, register: Register): void {
  const command = program
    .command("serve")
    .description("the daemon: schedules of all directories, health and metrics")
    .addHelpText("after", HELP);
  register(command, async (console, options) => {
    // Nothing else writes a log of this kind, or serves anything.
    const { pino } = await import("pino");
    const { serve } = await import("../daemon.ts");
    const log = pino(
      { base: null, timestamp: pino.stdTimeFunctions.isoTime },
      { write: (line: string) => console.note(safeJsonText(line.trimEnd())) },
    );
    return await withService(console, options, async (service) => {
      log.info(
        { database: service.database.title, config: service.settings.file },
        "rollcall started",
      );
      await serve(service, log, console.signal);
      log.info({}, "rollcall stopped");
      return 0;
    });
  });
}
