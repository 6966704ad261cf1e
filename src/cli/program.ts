import { Command, CommanderError } from "commander";
import { asRollcallError } from "../model/errors.ts";
import { checkCommand } from "./check.ts";
import { Console, type CommandLine } from "./console.ts";
import { forceSyncCommand } from "./force-sync.ts";
import { importCommand } from "./import.ts";
import { importsCommand } from "./imports.ts";
import { logsCommand } from "./logs.ts";
import { migrateCommand } from "./migrate.ts";
import { previewCommand } from "./preview.ts";
import { serveCommand } from "./serve.ts";
import { DEFAULT_CONFIG, type CommonOptions } from "./session.ts";
import { usersCommand } from "./users.ts";

/** Makes an action's result the exit status, and gives it a console. */
export type Register = (
  command: Command,
  action: (
    console: Console,
    options: CommonOptions & Record<string, unknown>,
    args: readonly string[],
  ) => Promise<number>,
) => void;

const USAGE = 2;

const HELP = `
Exit status: 0 done, 1 failed, 2 wrong usage or configuration (nothing was started),
3 held by the import safeguard (nothing was changed).

Examples:
  rollcall check                      is everything configured and reachable?
  rollcall import corp --dry-run      what would an import change?
  rollcall import corp                import now
  rollcall users show ada@example.com a profile, and whose value each attribute has
  rollcall logs --since 1h --filter 'eventType eq "app.user_management.update_from_master_failed"'`;

/** Runs one command. @returns the exit status */
export async function runCommandLine(args: readonly string[], line: CommandLine): Promise<number> {
  let status = 0;
  const register: Register = (command, action) => {
    common(command).action(async (...given: unknown[]) => {
      const options = command.optsWithGlobals<CommonOptions & Record<string, unknown>>();
      const positional = given
        .slice(0, -2)
        .flat()
        .filter((one) => typeof one === "string");
      const console = new Console(line, options.json === true);
      status = await action(console, options, positional).finally(() => console.done());
    });
  };
  const program = build(register, line);
  try {
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : USAGE;
    return report(thrown, line, args.includes("--json"));
  }
}

function build(register: Register, line: CommandLine): Command {
  const program = new Command("rollcall")
    .description("Reads people out of directories and keeps one trusted profile per person.")
    .addHelpText("after", HELP)
    .showHelpAfterError("(run it with --help to see how it is used)");
  for (const add of [
    serveCommand, importCommand, importsCommand, forceSyncCommand, previewCommand,
    usersCommand, logsCommand, checkCommand, migrateCommand,
  ]) add(program, register); // prettier-ignore
  configure(program, line);
  return program;
}

/** Commander's own output goes to our streams, and it throws instead of ending the process. */
function configure(command: Command, line: CommandLine): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => line.stdout.write(text),
    writeErr: (text) => line.stderr.write(text),
  });
  for (const child of command.commands) configure(child, line);
}

function common(command: Command): Command {
  return command
    .option(
      "--config <file>",
      `configuration file (default: $ROLLCALL_CONFIG or ${DEFAULT_CONFIG})`,
    )
    .option("--json", "print JSON on standard output, and nothing else there");
}

/** An error as a sentence, its place, and what to do. A stack only for faults of our own, on request. */
function report(thrown: unknown, line: CommandLine, json: boolean): number {
  const error = asRollcallError(thrown);
  const { stderr, stdout, environment } = line;
  if (json) {
    const { code, message, details, cure } = error;
    stdout.write(`${JSON.stringify({ error: { code, message, details, cure } }, null, 2)}\n`);
  }
  stderr.write(`${error.message}\n`);
  for (const detail of error.details) stderr.write(`  ${detail.replaceAll("\n", "\n  ")}\n`);
  stderr.write(`→ ${error.cure} [${error.code}]\n`);
  if (environment["ROLLCALL_DEBUG"] === "1" && thrown instanceof Error)
    stderr.write(`${thrown.stack ?? ""}\n`);
  const isUsage = error.code.startsWith("config.") || error.code.startsWith("usage.");
  return isUsage ? USAGE : 1;
}
