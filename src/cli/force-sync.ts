import type { Command } from "commander";
import { RollcallError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import type { Service } from "../service.ts";
import type { Console } from "./console.ts";
import type { Register } from "./program.ts";
import { progressReporter } from "./progress.ts";
import { commandActor, statusOf, withService } from "./session.ts";
import { nextSteps, printRun, runDocument } from "./show-run.ts";

const HELP = `
A force sync applies the To-Okta mappings again to what was imported. It reads no directory: if the
app profile itself is out of date, import the directory instead.`;

export function forceSyncCommand(program: Command, register: Register): void {
  const command = program
    .command("force-sync")
    .description("apply the To-Okta mappings again to the stored app profiles")
    .argument("[directory]", "only this directory; default: all, by source priority")
    .option("--user <login>", "only this user")
    .option("--dry-run", "decide everything, change nothing")
    .addHelpText("after", HELP);
  register(command, async (console, options, [directory]) =>
    withService(console, options, async (service) => {
      const login = typeof options["user"] === "string" ? options["user"] : null;
      const targets = await targetsOf(service, directory ?? null, login);
      const runs: Run[] = [];
      for (const { name, externalIds } of targets) {
        const run = await sync(console, service, name, externalIds, options["dryRun"] === true);
        runs.push(run);
        printRun(console, run);
        for (const step of nextSteps(run, options)) console.note(step);
      }
      const documents = runs.map(runDocument);
      console.document(documents.length === 1 ? documents[0] : documents);
      return Math.max(0, ...runs.map(statusOf));
    }),
  );
}

async function sync(
  console: Console,
  service: Service,
  name: string,
  externalIds: readonly string[] | null,
  dryRun: boolean,
): Promise<Run> {
  console.note(`Applying the mappings of ${name} …`);
  return await service.forceSync(name, {
    trigger: "manual",
    actor: commandActor(),
    dryRun,
    externalIds,
    signal: console.signal,
    progress: progressReporter(console),
    note: (text) => console.note(text),
  });
}

interface Target {
  readonly name: string;
  readonly externalIds: readonly string[] | null;
}

/** Directories to work on, highest source priority first. */
async function targetsOf(
  service: Service,
  directory: string | null,
  login: string | null,
): Promise<Target[]> {
  const { directories, profile } = service.settings;
  if (directory !== null && !directories.has(directory)) {
    throw new RollcallError(
      "config.unknownDirectory",
      `There is no directory ${directory} in the configuration.`,
    );
  }
  const ordered = [...new Set([...profile.sources, ...directories.keys()])];
  const names = directory === null ? ordered : [directory];
  if (login === null) return names.map((name) => ({ name, externalIds: null }));
  const { appUsers } = await service.user(login);
  const targets = names.flatMap((name) => {
    const externalIds = appUsers
      .filter((one) => one.directory === name && one.status !== "removed")
      .map((one) => one.externalId);
    return externalIds.length > 0 ? [{ name, externalIds }] : [];
  });
  if (targets.length === 0) {
    const where = directory === null ? "any directory" : directory;
    throw new RollcallError(
      "user.notFound",
      `${login} has no app profile in ${where}, so there is nothing to apply.`,
    );
  }
  return targets;
}
