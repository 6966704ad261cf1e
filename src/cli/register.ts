import type { Command } from "commander";
import type { Console } from "./console.ts";
import type { CommonOptions } from "./session.ts";

/** Makes an action's result the exit status, and gives it a console. */
export type Register = (
  command: Command,
  action: (
    console: Console,
    options: CommonOptions & Record<string, unknown>,
    args: readonly string[],
  ) => Promise<number>,
) => void;
