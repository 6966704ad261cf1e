import type { Command } from "commander";
import { runDocument } from "../documents/run.ts";
import { RollcallError } from "../model/errors.ts";
import type { Register } from "./register.ts";
import { askedBy, statusOf, withService } from "./session.ts";
import { nextSteps, printRun } from "./show-run.ts";

const HELP = `
An import reads the directory, decides about every person, and asks the import safeguard before it
changes anything. Without an option it reads changes only, where the directory has a way that
shows deletions, too; else everybody. If too many people would be removed, the run is held (exit status 3).`;

export function importCommand(program: Command, register: Register): void {
  const command = program
    .command("import")
    .description("import a directory now")
    .argument("<directory>", "its name in the configuration")
    .option("--full", "read everybody")
    .option("--incremental", "read changes only, where the directory offers a way; else everybody")
    .option("--dry-run", "decide everything, change nothing")
    .addHelpText("after", HELP);
  register(command, async (console, options, [directory = ""]) => {
    if (options["full"] === true && options["incremental"] === true) {
      throw new RollcallError("usage.invalid", "Give --full or --incremental, not both.");
    }
    const type =
      options["full"] === true ? "full" : options["incremental"] === true ? "incremental" : null;
    return await withService(console, options, async (service) => {
      const request = { type, trigger: "manual", dryRun: options["dryRun"] === true } as const;
      const run = await service.runs.import(directory, request, askedBy(console));
      console.document(runDocument(run));
      printRun(console, run);
      for (const step of nextSteps(run, options)) console.note(step);
      return statusOf(run);
    });
  });
}
