import type { Command } from "commander";
import type { Register } from "./register.ts";
import { withService } from "./session.ts";

export function migrateCommand(program: Command, register: Register): void {
  const command = program
    .command("migrate")
    .description("bring the database schema to the newest version (the other commands do it, too)");
  register(command, async (console, options) =>
    withService(console, options, (service) => {
      const { title, schema, migrated } = service.database;
      console.document({ database: title, schema, applied: migrated });
      const what = migrated.length === 0 ? "already is at" : "was brought to";
      console.print(`${title} ${what} schema ${schema}.`);
      return Promise.resolve(0);
    }),
  );
}
