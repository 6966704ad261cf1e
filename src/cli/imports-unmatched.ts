/** Entries that belong to no user: the list, and what a person can decide about them. */
import type { Command } from "commander";
import type { Unmatched } from "../questions/unmatched.ts";
import { visible, type Console } from "./console.ts";
import { forgetEntryCommand } from "./forget.ts";
import type { Register } from "./register.ts";
import { askedBy, wholeNumber, withService } from "./session.ts";
import { linkByHand } from "./users-edit.ts";

const HELP = `
An entry belongs to no user where no matching rule finds one and the directory may not create users (onNoMatch:
ignore), where a person has to confirm whom a rule finds (onMatch), where several users fit, or where another user
has its login. Decide with
  rollcall imports confirm DIRECTORY ID LOGIN   it is this user
  rollcall imports confirm DIRECTORY ID         it is somebody new
  rollcall imports ignore DIRECTORY ID          it is nobody; imports leave it alone`;

export function unmatchedCommands(imports: Command, register: Register): void {
  list(imports, register);
  confirm(imports, register);
  ignore(imports, register);
  forgetEntryCommand(imports, register);
}

function list(imports: Command, register: Register): void {
  const command = imports
    .command("unmatched")
    .description("entries that belong to no user, and who they may be")
    .argument("[directory]", "only of this directory")
    .option("--ignored", "those that a person set aside, instead")
    .option("--limit <n>", "how many", "50")
    .addHelpText("after", HELP);
  register(command, async (console, options, [directory]) =>
    withService(console, options, async (service) => {
      const limit = wholeNumber(String(options["limit"]), "--limit", 100_000);
      const aside = options["ignored"] === true;
      const query = { directory: directory ?? null, aside, after: null, limit: limit + 1 };
      const found = await service.directories.unmatched(query);
      const page = found.slice(0, limit);
      console.document(page);
      if (page.length === 0)
        console.print(aside ? "No entry is set aside." : "Every entry belongs to a user.");
      for (const one of page) print(console, one);
      if (found.length > limit) console.note(`There are more; show more with --limit.`);
      return 0;
    }),
  );
}

function print(console: Console, entry: Unmatched): void {
  const { directory, externalId, dn, error, since, decision, candidates } = entry;
  console.print(console.style("bold", visible(dn)));
  console.print(`  ${directory} ${visible(externalId)}, since ${since}`);
  if (decision !== null) console.print(`  ${decision.how} by ${visible(decision.by ?? "nobody")}`);
  else if (error === null)
    console.print(
      "  it has no user yet: no rule finds one and none may be created, or the next full import decides",
    );
  else console.print(`  ${visible(error.message)} (${error.code})`);
  for (const { login, status, because, linkedTo } of candidates) {
    const taken = linkedTo === null ? "" : `, but linked to ${linkedTo}`;
    console.print(`    ${visible(login)} (${status}): ${visible(because + taken)}`);
  }
  if (candidates.length === 0 && decision === null)
    console.print("    nobody has the same login, address or name");
}

function confirm(imports: Command, register: Register): void {
  const command = imports
    .command("confirm")
    .description("link an entry to a user, or make a new user of it")
    .argument("<directory>", "its name in the configuration")
    .argument("<id>", "the entry's external id, or its DN")
    .argument("[login]", "the user; without it, a new one is made")
    .option("--dry-run", "show what it would change, change nothing");
  register(command, async (console, options, [directory = "", id = "", who]) =>
    withService(console, options, (service) =>
      linkByHand(console, service, options, { directory, id, who: who ?? null }),
    ),
  );
}

function ignore(imports: Command, register: Register): void {
  const command = imports
    .command("ignore")
    .description("set an entry aside: it belongs to nobody, and imports leave it alone")
    .argument("<directory>", "its name in the configuration")
    .argument("<id>", "the entry's external id, or its DN")
    .option("--undo", "take that back; the next import decides about the entry again");
  register(command, async (console, options, [directory = "", id = ""]) =>
    withService(console, options, async (service) => {
      const undo = options["undo"] === true;
      const entry = { directory, id };
      const { dn } = await service.directories.setAside(entry, undo, askedBy(console));
      console.document({ directory, id, dn, ignored: !undo });
      const what = undo
        ? "is not set aside any more; the next full import decides about it"
        : "is set aside";
      console.print(`${visible(dn)} ${what}.`);
      return 0;
    }),
  );
}
