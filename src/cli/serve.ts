import type { Command } from "commander";
import { safeJsonText } from "../lib/safe-output.ts";
import type { Settings } from "../model/settings.ts";
import type { Service } from "../service.ts";
import { cureInCommands } from "./cure.ts";
import type { RunCommandLine } from "./serve-commands.ts";
import { commandOf } from "./remedy.ts";
import type { Register } from "./register.ts";
import { settingsOf, withService } from "./session.ts";

const HELP = `
Imports every directory by its schedule, pushes to every app what changed, and answers /healthz,
/readyz, /metrics and the API; a client comes in by a token of \`rollcall tokens\`. Several
replicas may run on one Postgres. On SIGTERM it ends its work at the next safe point. On SIGHUP
it reads the configuration again; what is being done is done by the old one, and a faulty file is refused.`;

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
      const work = async (service: Service): Promise<number> => {
        log.info(
          { database: service.database.title, config: service.settings.file },
          "rollcall started",
        );
        const words = { remedy: commandOf, cure: cureInCommands };
        const { environment, hangups, signal } = console;
        const faceOf = (one: Service) => ({ words, run: commandsOf(one, environment, run) });
        const reload = (): Promise<Settings> => settingsOf(console, options);
        const parse = async (text: string): Promise<Settings> => {
          const { parseSettings } = await import("../config/load.ts");
          return parseSettings(text, service.settings.file, environment);
        };
        await serve(service, { log, faceOf, hangups, reload, parse, signal });
        log.info({}, "rollcall stopped");
        return 0;
      };
      return await withService(console, options, work, { mayBeOld: true });
    });
  };
