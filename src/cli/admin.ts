import type { Command } from "commander";
import { SIGN_IN_ROLES } from "../model/role.ts";
import type { Session } from "../model/session.ts";
import { table, visible, type Console } from "./console.ts";
import type { Register } from "./register.ts";
import { askedBy, copyable, withService } from "./session.ts";

const HELP = `
The link signs in the first browser that opens it, for ten minutes. It needs no account anywhere, so it is
the way in at the beginning, and when everything else is down. Roles are those of API tokens
(rollcall tokens create --help).`;

export function adminCommand(program: Command, register: Register): void {
  const admin = program.command("admin").description("who signs in with a browser");
  signIn(admin, register);
  sessions(admin, register);
  signOut(admin, register);
}

function signIn(admin: Command, register: Register): void {
  const command = admin
    .command("sign-in")
    .description("print a link that signs in once, for ten minutes")
    .option("--role <role>", SIGN_IN_ROLES.join(", "), "admin")
    .addHelpText("after", HELP);
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const link = await service.sessions.link(String(options["role"]), askedBy(console));
      console.document(link);
      console.print(link.url);
      console.note(
        `Signs in once as ${link.role}, until ${link.expiresAt}. The daemon has to run: ${copyable("rollcall serve", options)}`,
      );
      return 0;
    }),
  );
}

function sessions(admin: Command, register: Register): void {
  const command = admin
    .command("sessions")
    .description("who is signed in: role, from where, last use");
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const found = await service.sessions.list();
      console.document(found);
      printSessions(console, found);
      return 0;
    }),
  );
}

function printSessions(console: Console, found: readonly Session[]): void {
  if (found.length === 0) console.print("Nobody is signed in.");
  const rows = found.map(({ id, name, role, ipAddress, lastUsedAt, expiresAt }) => [
    id,
    visible(name),
    role,
    `from ${visible(ipAddress ?? "unknown")}`,
    `last used ${lastUsedAt}`,
    `until ${expiresAt}`,
  ]);
  for (const row of table(rows)) console.print(row);
}

function signOut(admin: Command, register: Register): void {
  const command = admin
    .command("sign-out")
    .description("end a session; its browser is refused at once")
    .argument("<id>", "as admin sessions shows it");
  register(command, async (console, options, [id = ""]) =>
    withService(console, options, async (service) => {
      const session = await service.sessions.end(id, askedBy(console));
      console.document(session);
      console.print(`${visible(session.name)} (${session.role}) is signed out.`);
      return 0;
    }),
  );
}
