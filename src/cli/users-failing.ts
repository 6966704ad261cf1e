import type { Command } from "commander";
import { count } from "../lib/lines.ts";
import type { FailingGroup } from "../runs/failing.ts";
import { visible, type Console } from "./console.ts";
import type { Register } from "./program.ts";
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
      const text = (name: string): string | null =>
        typeof options[name] === "string" ? options[name] : null;
      const limit = wholeNumber(String(options["limit"]), "--limit", 100_000);
      const query = { directory: text("directory"), code: text("code") };
      const groups = await service.failing(query, limit);
      console.document(groups);
      if (groups.length === 0) console.print("Nobody fails.");
      for (const group of groups) print(console, group);
      return 0;
    }),
  );
}

function print(
  console: Console,
  { code, field, people, since, cure, examples }: FailingGroup,
): void {
  const began = since === null ? "" : `, since ${since}`;
  const title = `${count(people, "person", "people")}: ${code}, ${field}${began}`;
  console.print(console.style("bold", title));
  console.print(`  → ${cure}`);
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
