import type { Command } from "commander";
import type { ApiToken } from "../model/api-token.ts";
import { RollcallError } from "../model/errors.ts";
import { ROLE_NAMES } from "../model/role.ts";
import { tokenExpiry } from "../model/token-expiry.ts";
import { table, visible, type Console } from "./console.ts";
import { another } from "./another.ts";
import type { Register } from "./register.ts";
import { askedBy, copyable, withService } from "./session.ts";

const HELP = `
Roles, each with what the ones before it may:
  (source   brings people to identity sources, to those of --source or to all, and sees nothing)
  viewer    sees people, apps, runs and the System Log
  helpdesk  asks why a value is what it is, and computes one person anew
  operator  starts imports, force syncs and pushes; edits, matches, cancels, retries
  admin     approves what the safeguard held, puts runs back, makes tokens

The secret is printed once; only a hash of it is kept. A client sends it as
  Authorization: SSWS TOKEN          (Okta's clients)
  Authorization: Bearer TOKEN`;

export function tokensCommand(program: Command, register: Register): void {
  const tokens = program.command("tokens").description("API tokens: list, create, revoke");
  list(tokens, register);
  create(tokens, register);
  revoke(tokens, register);
}

function list(tokens: Command, register: Register): void {
  const command = tokens
    .command("list", { isDefault: true })
    .description("who may ask over the network: role, expiry, last use");
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const found = await service.tokens.list();
      console.document(found);
      printTokens(console, found);
      if (found.length === 0)
        console.note(`Make one: ${copyable("rollcall tokens create NAME --role viewer", options)}`);
      return 0;
    }),
  );
}

function printTokens(console: Console, tokens: readonly ApiToken[]): void {
  if (tokens.length === 0) console.print("There are no API tokens.");
  const rows = tokens.map(({ expiresAt, lastUsedAt, createdBy, ...token }) => [
    visible(token.name),
    roleOf(token),
    expiryOf(expiresAt),
    lastUsedAt === null ? "never used" : `last used ${lastUsedAt}`,
    `made by ${visible(createdBy)}`,
  ]);
  for (const row of table(rows)) console.print(row);
}

function roleOf({ role, sources }: Pick<ApiToken, "role" | "sources">): string {
  return sources === null ? role : `${role} of ${sources.map(visible).join(", ")}`;
}

function expiryOf(expiresAt: string | null): string {
  if (expiresAt === null) return "does not expire";
  return Date.parse(expiresAt) <= Date.now() ? `expired ${expiresAt}` : `until ${expiresAt}`;
}

function create(tokens: Command, register: Register): void {
  const command = tokens
    .command("create")
    .description("make a token; its secret is printed once")
    .argument("<name>", "whom or what it is for; stands in the System Log")
    .requiredOption("--role <role>", ROLE_NAMES.join(", "))
    .option(
      "--source <name>",
      "of the role source: good for this identity source only; may be given again",
      another,
    )
    .option("--expires <when>", "after this time (90d, 12h), or at a date; default: never")
    .addHelpText("after", HELP);
  register(command, async (console, options, [name = ""]) =>
    withService(console, options, async (service) => {
      const expires = options["expires"];
      const expiresAt = typeof expires === "string" ? expiryAt(expires) : null;
      const sources = (options["source"] as string[] | undefined) ?? null;
      const request = { name, role: String(options["role"]), expiresAt, sources };
      const made = await service.tokens.create(request, askedBy(console));
      const { token, role } = made;
      const document = { name: made.name, role, sources: made.sources, token };
      console.document({ ...document, expiresAt: made.expiresAt });
      console.print(token);
      console.note(`The token of ${visible(name)}, role ${roleOf(made)}: it is shown this once.`);
      return 0;
    }),
  );
}

/** @throws RollcallError `usage.invalid` */
function expiryAt(text: string): Date {
  const at = tokenExpiry(text, Date.now());
  if (at !== null) return at;
  const message = `--expires takes a time such as 90d or 12h, or a date such as 2027-01-31, not ${text}.`;
  throw new RollcallError("usage.invalid", message);
}

function revoke(tokens: Command, register: Register): void {
  const command = tokens
    .command("revoke")
    .description("end a token; whoever still sends it is refused at once")
    .argument("<name>", "its name");
  register(command, async (console, options, [name = ""]) =>
    withService(console, options, async (service) => {
      const token = await service.tokens.revoke(name, askedBy(console));
      console.document(token);
      console.print(`${visible(token.name)} (${token.role}) opens nothing any more.`);
      return 0;
    }),
  );
}
