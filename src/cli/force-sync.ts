import type { Command } from "commander";
import { pushDocument } from "../documents/push.ts";
import { runDocument } from "../documents/run.ts";
import { count } from "../lib/lines.ts";
import { RollcallError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import type { Service } from "../service.ts";
import type { Console } from "./console.ts";
import type { Register } from "./register.ts";
import { commandOf } from "./remedy.ts";
import { askedBy, copyable, statusOf, withService, type CommonOptions } from "./session.ts";
import { nextPushSteps, printPush, pushStatus } from "./show-push.ts";
import { nextSteps, printRun } from "./show-run.ts";

const HELP = `
A force sync applies the To-Okta mappings again to what was imported, with the same decisions as an import: it
takes the mappings of all sources of each user into account, whichever directory it is called for. It reads no
directory: if the app profile itself is older than the directory, import instead; \`rollcall explain LOGIN --live\` tells.
Of an app, it computes the To-App mappings of everybody assigned again, and sends only what differs from
what the app acknowledged last.
Of a directory that is not in the configuration any more, it ends the links; the values stay.

Ctrl-C stops it: before it applies anything, nothing is changed; after that, \`rollcall imports resume RUN\` goes on.`;

export function forceSyncCommand(program: Command, register: Register): void {
  const command = program
    .command("force-sync")
    .description("apply the To-Okta mappings again to the stored app profiles")
    .argument("[directory]", "only this directory, or an app; default: all directories")
    .option("--user <login>", "only this user")
    .option("--dry-run", "decide everything, change nothing")
    .addHelpText("after", HELP);
  register(command, async (console, options, [directory]) =>
    withService(console, options, async (service) => {
      const login = typeof options["user"] === "string" ? options["user"] : null;
      if (directory !== undefined && service.settings.apps.has(directory))
        return await syncApp(console, service, { app: directory, login, options });
      const targets = await targetsOf(service, directory ?? null, login);
      if (targets.length === 0) console.note("The configuration has no directory.");
      const runs: Run[] = [];
      for (const { name, externalIds } of targets) {
        if (console.signal.aborted) {
          console.note(`Stopped before ${name}; repeat the command for it.`);
          break;
        }
        console.note(`Applying the mappings of ${name} …`);
        const run = await service.runs.forceSync(
          name,
          { trigger: "manual", dryRun: options["dryRun"] === true, externalIds },
          askedBy(console),
        );
        runs.push(run);
        printRun(console, run);
        await tellAge(console, service, name, options);
        for (const step of nextSteps(run, options)) console.note(step);
      }
      if (directory === undefined && login === null) await tellFormer(console, service, options);
      const documents = runs.map(runDocument);
      console.document(documents.length === 1 ? documents[0] : documents);
      return Math.max(console.signal.aborted ? 1 : 0, ...runs.map(statusOf));
    }),
  );
}

/** Force Sync To App: mappings computed again for everybody assigned, and what differs is sent. */
async function syncApp(
  console: Console,
  service: Service,
  {
    app,
    login,
    options,
  }: {
    readonly app: string;
    readonly login: string | null;
    readonly options: CommonOptions & Record<string, unknown>;
  },
): Promise<number> {
  console.note(`Computing the To-App mappings of ${app} again …`);
  const dryRun = options["dryRun"] === true;
  const people = login === null ? null : [login];
  const request = { kind: "force-sync", trigger: "manual", dryRun, people } as const;
  const push = await service.pushes.push(app, request, askedBy(console));
  console.document(pushDocument(push));
  printPush(console, push);
  for (const step of nextPushSteps(push, options)) console.note(step);
  return pushStatus(push);
}

/** Only asked for by name it takes links away: a line may be missing in the file by mistake. */
async function tellFormer(
  console: Console,
  service: Service,
  options: CommonOptions,
): Promise<void> {
  for (const { directory, people } of await service.directories.former()) {
    const linked = count(people, "person is", "people are");
    console.note(
      `${directory} is not in the configuration any more, and ${linked} still linked to it: \`${copyable(`rollcall force-sync ${directory}`, options)}\` ends that.`,
    );
  }
}

/** What is kept may be older than the directory; then this was the wrong remedy. */
async function tellAge(
  console: Console,
  service: Service,
  name: string,
  options: CommonOptions,
): Promise<void> {
  if (!service.settings.directories.has(name)) return;
  const { readAt, problem, remedy } = await service.directories.freshness(name);
  if (problem !== null)
    console.note(
      `${problem} A force sync does not help with that${remedy === null ? "." : `: ${copyable(commandOf(remedy), options)}`}`,
    );
  else if (readAt !== null)
    console.note(
      `The app profiles are as of ${readAt.toISOString()}; what changed in ${name} since then, an import brings.`,
    );
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
  const former = (await service.directories.former()).map((one) => one.directory);
  const ordered = [...new Set([...profile.sources, ...directories.keys(), ...former])];
  if (directory !== null && !ordered.includes(directory)) {
    const names = ordered.join(", ");
    const message = `There is no directory ${directory} in the configuration; there are ${names}.`;
    throw new RollcallError("config.unknownDirectory", message);
  }
  const names = directory === null ? ordered.filter((name) => directories.has(name)) : [directory];
  if (login === null) return names.map((name) => ({ name, externalIds: null }));
  const { appUsers } = await service.users.get(login);
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
