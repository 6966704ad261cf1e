import type { Command } from "commander";
import { findingDocument } from "../documents/finding.ts";
import type { Finding } from "../model/finding.ts";
import { visible, type Console } from "./console.ts";
import type { Register } from "./register.ts";
import { commandOf } from "./remedy.ts";
import { copyable, withService, type CommonOptions } from "./session.ts";

const HELP = `
Looks at held, failed and interrupted runs, directories that are older than their schedule, that cannot be read, or whose
certificate expires, people who fail, apps that are paused or fail, mappings that give nothing, and the configuration. Changes nothing.
Exit status 1 if anything keeps people from being up to date.`;

export function doctorCommand(program: Command, register: Register): void {
  const command = program
    .command("doctor")
    .description("what is wrong now, worst first, and what to do")
    .addHelpText("after", HELP);
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const findings = await service.doctor(console.signal);
      console.document(findings.map((one) => findingDocument(one, commandOf)));
      const isWell = findings.every((one) => one.severity === "info" && one.remedy === null);
      if (isWell) console.print("Nothing is wrong.");
      for (const finding of findings) print(console, finding, options);
      return findings.some((finding) => finding.severity === "error") ? 1 : 0;
    }),
  );
}

const COLOURS = { error: "red", warning: "yellow", info: "gray" } as const;

function print(
  console: Console,
  { severity, directory, app, message, remedy }: Finding,
  options: CommonOptions,
): void {
  const name = app ?? directory;
  const about = name === null ? "" : `${name}: `;
  const mark = console.style(COLOURS[severity], severity.padEnd(7));
  console.print(`${mark}  ${about}${visible(message)}`);
  if (remedy !== null) console.print(`         → ${copyable(commandOf(remedy), options)}`);
}
