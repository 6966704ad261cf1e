import type { Command } from "commander";
import { asRollcallError } from "../model/errors.ts";
import type { Service } from "../service.ts";
import { visible, type Console } from "./console.ts";
import { cureInCommands } from "./cure.ts";
import type { Register } from "./register.ts";
import { settingsOf } from "./session.ts";

interface Line {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  readonly code: string | null;
  readonly cure: string | null;
  readonly remarks?: readonly string[];
}

export function checkCommand(program: Command, register: Register): void {
  const command = program
    .command("check")
    .description(
      "is the configuration valid, the database, every directory and every app reachable, every scope not empty?",
    );
  register(command, async (console, options) => {
    const { beside } = console;
    const settings = beside?.service.settings ?? (await settingsOf(console, options));
    const { compileSettings, openService } = await import("../service.ts");
    const compiled = compileSettings(settings);
    const lines: Line[] = [];
    const note = (found: Line): void => {
      const line = found.code === null ? found : { ...found, cure: cureInCommands(found.code) };
      lines.push(line);
      print(console, line);
    };
    const ask = async (service: Service): Promise<void> => {
      for await (const line of service.check(console.signal)) note(line);
    };
    try {
      if (beside === null) {
        await using service = await openService(settings, compiled);
        await ask(service);
      } else await ask(beside.service);
    } catch (thrown) {
      const { code, message, cure } = asRollcallError(thrown);
      // A daemon has it, which answers all of this.
      if (code === "database.inUse") throw thrown;
      note({ name: "database", ok: false, message, code, cure });
    }
    const ok = lines.every((line) => line.ok);
    console.document({ ok, checks: lines });
    return ok ? 0 : 1;
  });
}

function print(console: Console, line: Line): void {
  const mark = line.ok ? console.style("green", "ok    ") : console.style("red", "failed");
  console.print(`${mark}  ${line.name}: ${visible(line.message)}`);
  for (const remark of line.remarks ?? []) console.print(`        ${visible(remark)}`);
  if (line.cure !== null) console.print(`        → ${line.cure} [${line.code ?? ""}]`);
}
