import { userInfo } from "node:os";
import { shellWord } from "../lib/shell.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import { commandLineActor } from "../model/event.ts";
import type { Run } from "../model/run.ts";
import type { Settings } from "../model/settings.ts";
import type { Lasting, Service } from "../service.ts";
import { visible, type Console } from "./console.ts";
import { progressReporter } from "./progress.ts";

export const DEFAULT_CONFIG = "config/rollcall.yaml";

/** What the options that all commands share say. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** The configuration that is meant. */
export function configFile({ environment }: Console, options: CommonOptions): string {
  return options.config ?? environment["ROLLCALL_CONFIG"] ?? DEFAULT_CONFIG;
}

/** Loaded only where it is asked for, as the service is: help and usage need neither. */
export async function settingsOf(console: Console, options: CommonOptions): Promise<Settings> {
  const { loadSettings } = await import("../config/load.ts");
  return loadSettings(configFile(console, options), console.environment);
}

/** Opens the service for one command, and closes it after. */
export async function withService<T>(
  console: Console,
  options: CommonOptions,
  work: (service: Service) => Promise<T>,
  lasting: Lasting = {},
): Promise<T> {
  const { beside } = console;
  if (beside !== null) return await work(beside.service);
  const settings = await settingsOf(console, options);
  const { compileSettings, openService } = await import("../service.ts");
  await using service = await openService(settings, compileSettings(settings), lasting);
  return await work(service);
}

/** A command as it can be copied: run in a checkout, with the configuration that was named. */
export function copyable(command: string, { config }: CommonOptions): string {
  const named = config === undefined ? "" : ` --config ${shellWord(config)}`;
  return visible(`npx ${command}${named}`);
}

/** Whoever runs the command, by the name of the operating system's account. */
export function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}

/** Whoever waits at this console for what was asked for. */
export function askedBy(console: Console): AskedBy {
  return {
    actor: console.beside?.actor ?? commandLineActor(accountName()),
    signal: console.signal,
    progress: progressReporter(console),
    note: (text) => console.note(text),
  };
}

/** The exit status that a run stands for. */
export function statusOf(run: Run): number {
  switch (run.status) {
    case "done":
    case "cancelled":
      return 0;
    case "held":
      return 3;
    case "failed":
    case "running":
      return 1;
  }
}

/** @throws RollcallError `usage.invalid` */
export function wholeNumber(text: string, option: string, most: number, least = 1): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most) {
    throw new RollcallError(
      "usage.invalid",
      `${option} takes a whole number from ${least} to ${most}, not ${text}.`,
    );
  }
  return number;
}
