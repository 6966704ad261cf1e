/** Commands that erase what is kept of somebody. */
import type { Command } from "commander";
import type { Forgotten } from "../runs/forget.ts";
import type { Console } from "./console.ts";
import type { Register } from "./register.ts";
import { askedBy, withService } from "./session.ts";

const USER_HELP = `
Erases the profile, the app profiles, the history, the images for putting runs back, and the names in the System
Log. The user has to be deactivated (or deleted already) and in the scope of no directory, which would bring the
person back. It cannot be undone: try --dry-run first. That it was done is itself an event, without the name.
What other people's own entries say of the person (as a manager) is their directory's, and stays. Backups, exports
and what was sent to apps are not reached. It looks through all histories and events, so it takes its time.`;

const ENTRY_HELP = `
Erases what is kept of an entry that left its directory, or never belonged to a user. As long as the directory
shows it in its scope, the next import would read it again, so it is refused.`;

export function forgetUserCommand(users: Command, register: Register): void {
  const command = users
    .command("forget")
    .description("erase everything that is kept of somebody who is in no directory any more")
    .argument("<login>", "the login, or the user's id; also of somebody who was deleted")
    .option("--dry-run", "count what would be erased, erase nothing")
    .addHelpText("after", USER_HELP);
  register(command, async (console, options, [who = ""]) =>
    withService(console, options, async (service) =>
      print(console, await service.users.forget(who, isDryRun(options), askedBy(console))),
    ),
  );
}

export function forgetEntryCommand(imports: Command, register: Register): void {
  const command = imports
    .command("forget")
    .description("erase what is kept of an entry that left its directory")
    .argument("<directory>", "its name")
    .argument("<id>", "the entry's external id, or its DN")
    .option("--dry-run", "count what would be erased, erase nothing")
    .addHelpText("after", ENTRY_HELP);
  register(command, async (console, options, [directory = "", id = ""]) =>
    withService(console, options, async (service) => {
      const { directories } = service;
      const entry = { directory, id };
      return print(console, await directories.forget(entry, isDryRun(options), askedBy(console)));
    }),
  );
}

function isDryRun(options: Record<string, unknown>): boolean {
  return options["dryRun"] === true;
}

function print(console: Console, forgotten: Forgotten): number {
  console.document(forgotten);
  const { run, appProfiles, changes, images, events } = forgotten;
  console.print(run === null ? "would be erased:" : "erased:");
  console.print(`  app profiles ${appProfiles}`);
  console.print(`  entries of the history ${changes}`);
  console.print(`  images for putting runs back ${images}`);
  console.print(`  events without their names ${events}`);
  return 0;
}
