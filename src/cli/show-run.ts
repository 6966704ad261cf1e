import { count } from "../lib/lines.ts";
import { WAY_TEXTS } from "../model/incremental.ts";
import { cureOf } from "../model/errors.ts";
import type { Run, RunChange, RunCounts } from "../model/run.ts";
import type { CommonOptions } from "./session.ts";
import { shown, visible, type Console } from "./console.ts";

/** A run as `--json` prints it. */
export function runDocument(run: Run): Record<string, unknown> {
  const {
    id,
    kind,
    directory,
    type,
    trigger,
    status,
    counts,
    startedAt,
    finishedAt,
    held,
    error,
    dryRun,
    phases,
    decidedBy,
    server,
    way,
    converted,
    groups,
    comparedAt,
  } = run;
  return {
    run: id,
    kind,
    directory,
    type,
    trigger,
    status,
    ...(dryRun ? { dryRun } : {}),
    counts,
    startedAt,
    finishedAt,
    held,
    error,
    phases,
    decidedBy,
    server,
    way,
    converted,
    groups,
    comparedAt,
  };
}

/** What a run did, in a few lines. */
export function printRun(console: Console, run: Run): void {
  const what = run.kind === "import" ? `${run.type} import` : "force sync";
  const status = {
    done: "green",
    held: "yellow",
    failed: "red",
    cancelled: "gray",
    running: "cyan",
  } as const;
  const dry = run.dryRun ? ", dry run: nothing was changed" : "";
  console.print(
    `${run.directory ?? "all"}  ${what} ${console.style(status[run.status], run.status)}${seconds(run)}${dry}`,
  );
  console.print(`  ${countsLine(run.counts)}`);
  if (run.kind === "import") printReading(console, run);
  if (run.error !== null)
    console.print(`  ${console.style("red", visible(run.error.message))} (${run.error.code})`);
  if (run.held !== null) {
    const would = run.dryRun ? "The import safeguard would hold this import: " : "";
    console.print(`  ${console.style("yellow", would + run.held.reason)}`);
  }
}

/** From which server, in which way, and why not in the way that was asked for. */
function printReading(console: Console, run: Run): void {
  const { server, way, type, converted, groups, comparedAt } = run;
  const by = way === null ? "" : `by ${WAY_TEXTS[way].title}`;
  const next = by === "" ? "" : `; changes can be read ${by} from here on`;
  if (server !== null) {
    const text = type === "incremental" ? `, ${by}` : next;
    console.print(console.style("gray", `  from ${visible(server)}${text}`));
  }
  if (type === "incremental" && comparedAt !== null)
    console.print(console.style("gray", `  who is gone was last looked for at ${comparedAt}`));
  if (groups !== null && groups.changed + groups.removed > 0) {
    const changed = count(groups.changed, "group", "groups");
    console.print(`  ${changed} new or changed, ${groups.removed} removed`);
  }
  if (converted !== null)
    console.print(
      `  full instead of incremental: ${visible(converted.reason)} (${converted.code})`,
    );
}

/**
 * What to do next, for whoever ran it by hand.
 * @param options the command's, so that the lines can be copied as they are
 */
export function nextSteps(run: Run, options: CommonOptions): string[] {
  const config = options.config === undefined ? "" : ` --config ${options.config}`;
  const command = (words: string): string => `npx rollcall imports ${words} ${run.id}${config}`;
  if (run.status === "held") {
    return [
      "Nothing was changed. Look at the people concerned, then release the run or drop it:",
      `  ${command("show")}`,
      `  ${command("approve")}`,
      `  ${command("cancel")}`,
    ];
  }
  if (run.error !== null) return [`→ ${cureOf(run.error.code)}`];
  const steps: string[] = [];
  if (run.dryRun) steps.push(`What it would change: ${command("show")}`);
  if (run.counts.failed > 0) {
    const failed = count(run.counts.failed, "person", "people");
    steps.push(`${failed} failed: ${command("show")} --action failed`);
  }
  return steps;
}

export function countsLine(counts: RunCounts): string {
  const { ignored, ...always } = counts;
  const parts = Object.entries(always).map(
    ([name, number]) => `${name} ${number.toLocaleString("en-US")}`,
  );
  if (ignored > 0) parts.push(`ignored ${ignored.toLocaleString("en-US")}`);
  return parts.join(", ");
}

/** One person of a run, and below it the attributes that changed. */
export function printChange(console: Console, change: RunChange): void {
  const who = change.login ?? change.externalId ?? "(no identifier)";
  const colour =
    change.action === "failed" ? "red" : change.action === "removed" ? "yellow" : "cyan";
  console.print(
    `${console.style(colour, change.action.padEnd(8))} ${visible(who)}  ${console.style("gray", visible(change.dn))}`,
  );
  if (change.error !== null)
    console.print(`           ${visible(change.error.message)} (${change.error.code})`);
  if (change.action === "created") return;
  for (const { attribute, from, to, source } of change.changes) {
    console.print(
      `           ${attribute}: ${visible(shown(from, 60))} → ${visible(shown(to, 60))}  (${source})`,
    );
  }
}

function seconds(run: Run): string {
  if (run.finishedAt === null) return "";
  const elapsed = (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000;
  return ` in ${elapsed.toFixed(1)} s`;
}
