import type { Command } from "commander";
import { closest, count } from "../lib/lines.ts";
import { RollcallError } from "../model/errors.ts";
import { PERSON_ERRORS } from "../model/person-errors.ts";
import type { FailingGroup } from "../questions/failing.ts";
import { visible, type Console } from "./console.ts";
import { cureInCommands } from "./cure.ts";
import type { Register } from "./register.ts";
import { wholeNumber, withService } from "./session.ts";

export function failingCommand(users: Command, register: Register): void {
  const command = users
    .command("failing")
    .description("whose update fails, why and since when, by cause, with the cure")
    .option("--directory <name>", "only of this directory")
    .option("--code <code>", "only with this error code")
    .option("--limit <n>", "how many people of each cause", "10");
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const directory = typeof options["directory"] === "string" ? options["directory"] : null;
      const limit = wholeNumber(String(options["limit"]), "--limit", 100_000);
      const query = { directory, code: codeOption(options["code"]) };
      const groups = await service.users.failing(query, limit);
      console.document(groups.map((one) => ({ ...one, cure: cureInCommands(one.code) })));
      if (groups.length === 0) console.print("Nobody fails.");
      for (const group of groups) print(console, group);
      return 0;
    }),
  );
}

/** @throws RollcallError `usage.invalid` */
function codeOption(value: unknown): string | null {
  if (typeof value !== "string") return null;
  if (Object.hasOwn(PERSON_ERRORS, value)) return value;
  const near = closest(value, Object.keys(PERSON_ERRORS));
  const hint = near === undefined ? "docs/07-errors.md lists them" : `do you mean ${near}?`;
  throw new RollcallError(
    "usage.invalid",
    `--code takes the code of an error that people can have, not ${value}; ${hint}`,
  );
}

function print(console: Console, { code, field, people, since, examples }: FailingGroup): void {
  const began = since === null ? "" : `, since ${since}`;
  const title = `${count(people, "person", "people")}: ${code}, ${field}${began}`;
  console.print(console.style("bold", title));
  console.print(`  → ${cureInCommands(code)}`);
  for (const { directory, dn, login, error, since: own } of examples) {
    const when = own === null ? "" : `  since ${own}`;
    console.print(`    ${visible(login ?? dn)}  (${directory})  ${visible(error.message)}${when}`);
    for (const other of error.others ?? [])
      console.print(`      and ${visible(other.message)} (${other.code}, ${other.field})`);
  }
  if (people > examples.length)
    console.print(`    … and ${(people - examples.length).toLocaleString("en-US")} more`);
  console.print();
}
