import type { Command } from "commander";
import { another } from "./another.ts";
import type { Register } from "./register.ts";

const HELP = `
Reads a profile mapping as Okta exports it (GET /api/v1/mappings/{id}), from the application to the
user profile, and checks every expression. Without --write the configuration stays as it is, and what
would stand in it is printed. Mappings that the export does not have stay.

Expressions call the application by its instance name there; --rename gives it the directory's (again for each further name):
  rollcall mappings import ad.json --directory corp --rename active_directory_0oa1=corp
  rollcall mappings import ad.json --directory corp --write
  rollcall preview corp`;

export function mappingsCommand(program: Command, register: Register): void {
  const mappings = program
    .command("mappings")
    .description("bring To-Okta mappings from elsewhere into the configuration")
    .action(() => mappings.help());
  const command = mappings
    .command("import")
    .description("read an exported Okta profile mapping into a directory's toOkta")
    .argument("<file>", "the exported mapping (JSON)")
    .option("--directory <name>", "whose mappings they become; needed if there are several")
    .option("--rename <old=new>", "another name for a directory; may be given again", another, [])
    .option("--write", "write them into the configuration file")
    .addHelpText("after", HELP);
  register(command, async (console, options, [file = ""]) => {
    const { importMappings } = await import("./import-mappings.ts");
    return await importMappings(console, options, file);
  });
}
