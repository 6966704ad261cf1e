import type { Command } from "commander";
import type { Register } from "./register.ts";

const HELP = `
Looks at a directory, and writes a configuration for it: where its people are, what identifies them,
and which of its attributes gives which of a user, tried on people who are there. Nothing is changed in
the directory. An existing configuration gets one directory more. Passwords are not written; the configuration
refers to a variable, or to the file that --password-file names.

  rollcall init ldaps://dc1.example.org --bind-dn reader@example.org
  rollcall init hr.csv --name hr
  CORP_PASSWORD=… rollcall init ldap://localhost --bind-dn cn=reader,dc=example,dc=org --yes`;

export function initCommand(program: Command, register: Register): void {
  const command = program
    .command("init")
    .description("look at a directory or a file, and write a configuration for it")
    .argument("[source]", "ldap:// or ldaps:// address, or an LDIF or CSV file")
    .option("--name <name>", "what the directory is called (default: corp, or the file's name)")
    .option("--bind-dn <dn>", "the account that reads; without it, nobody in particular")
    .option(
      "--password-file <file>",
      "file with its password (default: the variable NAME_PASSWORD)",
    )
    .option("--base <dn>", "where the people are, if that is known")
    .option("--start-tls", "encrypt an ldap:// connection")
    .option("--ca <file>", "certificates to trust (PEM)")
    .option(
      "--trust <sha256>",
      "trust what vouches for the server's certificate, if it has this fingerprint",
    )
    .option("--yes", "take every proposal, and ask nothing")
    .addHelpText("after", HELP);
  register(command, async (console, options, [source]) => {
    const { proposeDirectory } = await import("./propose-directory.ts");
    return await proposeDirectory(console, options, source);
  });
}
