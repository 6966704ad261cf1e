import { safeJson } from "../lib/safe-output.ts";
import { Command, CommanderError } from "commander";
import { asRollcallError, RollcallError } from "../model/errors.ts";
import { appsCommand } from "./apps.ts";
import { checkCommand } from "./check.ts";
import { Console, visible, type CommandLine } from "./console.ts";
import { cureInCommands } from "./cure.ts";
import { doctorCommand } from "./doctor.ts";
import { evaluateCommand } from "./evaluate.ts";
import { explainCommand } from "./explain.ts";
import { forceSyncCommand } from "./force-sync.ts";
import { importCommand } from "./import.ts";
import { importsCommand } from "./imports.ts";
import { initCommand } from "./init.ts";
import { logsCommand } from "./logs.ts";
import { mappingsCommand } from "./mappings.ts";
import { migrateCommand } from "./migrate.ts";
import { previewCommand } from "./preview.ts";
import { pushCommand } from "./push.ts";
import { pushesCommand } from "./pushes.ts";
import { serveCommand } from "./serve.ts";
import { COMMAND_PERMISSIONS } from "./permissions.ts";
import { accountName, DEFAULT_CONFIG, settingsOf, type CommonOptions } from "./session.ts";
import { sourcesCommand } from "./sources.ts";
import { adminCommand } from "./admin.ts";
import { tokensCommand } from "./tokens.ts";
import { tasksCommand } from "./tasks.ts";
import { usersCommand } from "./users.ts";
import type { Register } from "./register.ts";
import manifest from "../../package.json" with { type: "json" };

const USAGE = 2;

const HELP = `
Exit status: 0 done, 1 failed, 2 wrong usage or configuration (nothing was started),
3 held by the import safeguard (nothing was changed).

Examples:
  rollcall init ldaps://dc1.example.org   look at a directory, and write a configuration for it
  rollcall check                      is everything configured and reachable?
  rollcall doctor                     what is wrong now?
  rollcall import corp --dry-run      what would an import change?
  rollcall import corp                import now
  rollcall users show ada@example.com a profile, and whose value each attribute has
  rollcall explain ada@example.com department   why is this value not another one?
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
      const name = nameOf(command);
      line.beside?.require(name, options);
      const act = async (): Promise<number> => {
        const console = new Console(line, options.json === true);
        return await action(console, options, positional).finally(() => console.done());
      };
      status = line.beside === undefined ? await elsewhere(name, options, act) : await act();
    });
  };
  /** Carried out by a server that is named, or by the daemon that has the database; or else here. */
  const elsewhere = async (
    name: string,
    options: CommonOptions & Record<string, unknown>,
    act: () => Promise<number>,
  ): Promise<number> => {
    if (!Object.hasOwn(COMMAND_PERMISSIONS, name)) {
      if (options["server"] === undefined) return await act();
      const message = `${name} works on this machine only; it does not go with --server.`;
      throw new RollcallError("usage.invalid", message);
    }
    const { namedServer, daemonOf, runBeside } = await import("./beside-daemon.ts");
    const server = namedServer(options, line.environment);
    if (server !== null) return await runBeside(server, args, line);
    try {
      return await act();
    } catch (thrown) {
      if (!(thrown instanceof RollcallError) || thrown.code !== "database.inUse") throw thrown;
      const settings = await settingsOf(new Console(line, false), options);
      const daemon = daemonOf(settings, accountName());
      if (daemon === null) throw thrown;
      return await runBeside(daemon, args, line);
    }
  };
  const program = build(register, line);
  try {
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return 0;
      const message = thrown.message.replace(/^error: /, "");
      if (args.includes("--json")) printError(new RollcallError("usage.invalid", message), line);
      return USAGE;
    }
    return report(thrown, line, args.includes("--json"));
  }
}

function build(register: Register, line: CommandLine): Command {
  const program = new Command("rollcall")
    .description(
      "Reads people out of directories, keeps one trusted profile per person, and gives everybody the right accounts in apps.",
    )
    .addHelpText("after", HELP)
    .version(manifest.version, "-V, --version", "print the version")
    .option(
      "--config <file>",
      `configuration file (default: $ROLLCALL_CONFIG or ${DEFAULT_CONFIG})`,
    )
    .option("--json", "print JSON on standard output, and nothing else there")
    .showHelpAfterError("(run it with --help to see how it is used)");
  for (const add of [
    initCommand,
    serveCommand(runCommandLine),
    importCommand,
    importsCommand,
    forceSyncCommand,
    previewCommand,
    evaluateCommand,
    mappingsCommand,
    explainCommand,
    doctorCommand,
    sourcesCommand,
    usersCommand,
    appsCommand,
    pushCommand,
    pushesCommand,
    tasksCommand,
    logsCommand,
    tokensCommand,
    adminCommand,
    checkCommand,
    migrateCommand,
  ])
    add(program, register);
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

/** As people write it: `imports approve`. */
function nameOf(command: Command): string {
  const { parent } = command;
  const group = parent === null || parent.parent === null ? "" : `${parent.name()} `;
  return group + command.name();
}

function common(command: Command): Command {
  return command
    .option(
      "--config <file>",
      `configuration file (default: $ROLLCALL_CONFIG or ${DEFAULT_CONFIG})`,
    )
    .option("--json", "print JSON on standard output, and nothing else there")
    .option("--server <url>", "have it done by a daemon elsewhere (default: $ROLLCALL_SERVER)")
    .option("--token <token>", "for --server; better: $ROLLCALL_TOKEN");
}

/** An error as a sentence, its place, and what to do. A stack only for faults of our own, on request. */
function report(thrown: unknown, line: CommandLine, json: boolean): number {
  const error = asRollcallError(thrown);
  const { stderr, environment } = line;
  if (json) printError(error, line);
  const lines = [
    error.message,
    ...error.details.map((detail) => `  ${detail.replaceAll("\n", "\n  ")}`),
  ];
  for (const text of lines.join("\n").split("\n")) stderr.write(`${visible(text)}\n`);
  stderr.write(`→ ${cureInCommands(error.code)} [${error.code}]\n`);
  if (environment["ROLLCALL_DEBUG"] === "1" && thrown instanceof Error)
    stderr.write(`${thrown.stack ?? ""}\n`);
  return /^(?:config|usage|log)\./.test(error.code) ? USAGE : 1;
}

function printError({ code, message, details }: RollcallError, line: CommandLine): void {
  const cure = cureInCommands(code);
  line.stdout.write(`${safeJson({ error: { code, message, details, cure } }, 2)}\n`);
}
