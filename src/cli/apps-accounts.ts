import type { Command } from "commander";
import { accountLine, accountsHeading } from "../documents/account-export.ts";
import type { Register } from "./register.ts";
import { withService } from "./session.ts";

const HELP = `
Reads all accounts from the app, page by page, and changes nothing. Make one before the first push: it is what
the app had before.`;

/** `apps export`, and `apps unknown`: the same without accounts that belong to somebody here. */
export function appsAccountsCommands(apps: Command, register: Register): void {
  for (const name of ["export", "unknown"] as const) {
    const command = apps
      .command(name)
      .description(
        name === "export"
          ? "all accounts that the app has, as CSV, or with --json one JSON line each"
          : "accounts of the app that belong to nobody here, as CSV or JSON lines",
      )
      .argument("<app>", "its name in the configuration")
      .addHelpText("after", HELP);
    register(command, async (console, options, [app = ""]) =>
      withService(console, options, async (service) => {
        let shown = 0;
        const format = console.json ? "jsonl" : "csv";
        await console.write(accountsHeading(format));
        for await (const page of service.apps.accounts(app, console.signal)) {
          const wanted = name === "export" ? page : page.filter((one) => one.userId === null);
          shown += wanted.length;
          await console.write(wanted.map((one) => accountLine(format, one)).join(""));
        }
        if (!console.json) console.note(`${shown} accounts`);
        return 0;
      }),
    );
  }
}
