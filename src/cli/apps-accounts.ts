import type { Command } from "commander";
import { csvLine } from "../lib/csv.ts";
import { safeJson } from "../lib/safe-output.ts";
import type { ListedAccount } from "../questions/app-accounts.ts";
import type { Register } from "./register.ts";
import { withService } from "./session.ts";

const COLUMNS = ["externalId", "userName", "active", "emails", "login", "profile"];

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
        if (!console.json) await console.write(`${csvLine(COLUMNS)}\r\n`);
        for await (const page of service.apps.accounts(app, console.signal)) {
          const wanted = name === "export" ? page : page.filter((one) => one.userId === null);
          shown += wanted.length;
          const lines = wanted.map((one) =>
            console.json ? `${safeJson(one)}\n` : `${csvLine(cellsOf(one))}\r\n`,
          );
          await console.write(lines.join(""));
        }
        if (!console.json) console.note(`${shown} accounts`);
        return 0;
      }),
    );
  }
}

function cellsOf(account: ListedAccount): (string | null)[] {
  const { externalId, userName, active, emails, login, profile } = account;
  const values = JSON.stringify(profile);
  return [externalId, userName, active ? "yes" : "no", emails.join(" "), login, values];
}
