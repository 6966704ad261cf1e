/** Pushes for people: what was done or would be, and what to do next. */
import { count } from "../lib/lines.ts";
import { ACCOUNT_REASONS, type Push, type PushChange, type PushCounts } from "../model/account.ts";
import { shown, visible, type Console } from "./console.ts";
import { cureInCommands } from "./cure.ts";
import { copyable, type CommonOptions } from "./session.ts";

const COLOURS = {
  done: "green",
  held: "yellow",
  failed: "red",
  cancelled: "gray",
  running: "cyan",
} as const;

export function printPush(console: Console, push: Push): void {
  const { app, kind, status, dryRun, counts, error, held, startedAt, finishedAt } = push;
  const what = { push: "push", "force-sync": "force sync", revert: "revert" }[kind];
  const dry = dryRun ? ", dry run: nothing was changed" : "";
  const seconds =
    finishedAt === null
      ? ""
      : ` in ${((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000).toFixed(2)} s`;
  console.print(`${app}  ${what} ${console.style(COLOURS[status], status)}${seconds}${dry}`);
  console.print(`  ${pushCountsLine(counts)}`);
  if (counts.assigned === 0 && counts.deactivated === 0)
    console.print("  Nobody is assigned to the app.");
  if (error !== null)
    console.print(`  ${console.style("red", visible(error.message))} (${error.code})`);
  if (held === null) return;
  const over = status !== "held" && !dryRun;
  const words = over ? "It was held: " : dryRun ? "The safeguard would hold this push: " : "";
  console.print(`  ${console.style(over ? "gray" : "yellow", words + visible(held.reason))}`);
}

export function pushCountsLine(counts: PushCounts): string {
  const { assigned, ...others } = counts;
  const parts = Object.entries(others).filter(([, number]) => number > 0);
  const words = parts.map(([name, number]) => `${number.toLocaleString("en-US")} ${name}`);
  return [`${assigned.toLocaleString("en-US")} assigned`, ...words].join(", ");
}

/** What to do next, for whoever ran it by hand. */
export function nextPushSteps(push: Push, options: CommonOptions): string[] {
  const { id, app, status, error, counts, dryRun } = push;
  const command = (words: string): string => copyable(`rollcall pushes ${words} ${id}`, options);
  if (status === "held")
    return [
      "Nothing was sent. Look at the people concerned, then release the push or drop it:",
      `  ${command("show --counted")}`,
      `  ${command("approve")}`,
      `  ${command("cancel")}`,
    ];
  if (error !== null) return [`→ ${cureInCommands(error.code)}`];
  const steps: string[] = [];
  if (dryRun) steps.push(`What it would do: ${command("show")}`);
  if (!dryRun && counts.failed > 0) {
    const failed = count(counts.failed, "account", "accounts");
    steps.push(`${failed} failed: ${copyable(`rollcall tasks ${app}`, options)}`);
  }
  if (counts.held > 0) {
    const held = count(counts.held, "account keeps", "accounts keep");
    steps.push(`${held} access, because a source of these people is held or failing.`);
  }
  return steps;
}

/** One account of a push. */
export function printPushChange(console: Console, change: PushChange): void {
  const { action, login, externalId, reason, changes, error, applied } = change;
  const word = applied || action === "failed" || action === "held" ? action : `to be ${action}`;
  const why = reason === null ? "" : `  (${ACCOUNT_REASONS[reason]})`;
  const id = externalId === null ? "" : `  ${visible(externalId)}`;
  console.print(`${word.padEnd(12)} ${visible(login ?? "")}${id}${why}`);
  for (const { attribute, from, to } of changes)
    console.print(`    ${attribute}: ${visible(shown(from, 60))} → ${visible(shown(to, 60))}`);
  if (error !== null) console.print(`    ${visible(error.message)} (${error.code})`);
}

/** The exit status that a push stands for. */
export function pushStatus({ status }: Push): number {
  return status === "held" ? 3 : status === "failed" || status === "running" ? 1 : 0;
}
