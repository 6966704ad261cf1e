import type { Command } from "commander";
import type { SourceReport } from "../questions/sources.ts";
import { table, type Console } from "./console.ts";
import type { Register } from "./register.ts";
import { withService } from "./session.ts";

export function sourcesCommand(program: Command, register: Register): void {
  const command = program
    .command("sources")
    .description("how many users and attributes each directory gives");
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const reports = await service.directories.sources();
      console.document(reports);
      print(console, reports);
      return 0;
    }),
  );
}

const number = (value: number): string => value.toLocaleString("en-US");

function print(console: Console, reports: readonly SourceReport[]): void {
  const rows = reports.map(({ source, priority, configured, linked, users, attributes }) => [
    source,
    source === "okta"
      ? "edited here"
      : priority === null
        ? configured
          ? "not a source"
          : "not configured"
        : `source ${priority}`,
    source === "okta" ? "" : `linked to ${number(linked)}`,
    source === "okta"
      ? `${number(users)} users without a directory`
      : `profile source of ${number(users)}`,
    `${number(Object.values(attributes).reduce((sum, one) => sum + one, 0))} values`,
  ]);
  for (const row of table(rows)) console.print(row);
  const countedAt = reports[0]?.countedAt ?? null;
  if (countedAt !== null)
    console.print(
      `counted at ${countedAt}; people may have changed since, and are being counted anew`,
    );
  for (const { source, attributes } of reports) {
    const given = Object.entries(attributes);
    if (given.length === 0) continue;
    console.print();
    console.print(`${source} gives`);
    for (const row of table(given.map(([name, users]) => [`  ${name}`, number(users)])))
      console.print(row);
  }
}
