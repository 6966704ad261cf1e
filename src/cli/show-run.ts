import { count } from "../lib/lines.ts";
import { WAY_FACTS } from "../model/incremental.ts";
import {
  REASONS,
  type Held,
  type Run,
  type RunChange,
  type RunCounts,
  type RunError,
} from "../model/run.ts";
import { shown, visible, type Console } from "./console.ts";
import { cureInCommands } from "./cure.ts";
import type { CommonOptions } from "./session.ts";

/** What a run did, in a few lines. */
export function printRun(console: Console, run: Run): void {
  const what = kindText(run);
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
    console.print(
      `  ${console.style("red", visible(run.error.message))} (${errorPlace(run.error)})`,
    );
  if (run.held !== null) printHeld(console, run, run.held);
  if (run.replaces !== null)
    console.print(`  takes the place of the run ${run.replaces}, which was held and is cancelled`);
}

function printHeld(console: Console, { status, dryRun }: Run, held: Held): void {
  const over = status !== "held" && !dryRun;
  const what = over ? "It was held: " : dryRun ? "The import safeguard would hold this run: " : "";
  console.print(`  ${console.style(over ? "gray" : "yellow", what + visible(held.reason))}`);
  if (over) return;
  for (const finding of held.findings) console.print(`    ${visible(finding)}`);
}

function errorPlace({ code, phase }: RunError): string {
  return phase === undefined ? code : `${code}, while ${phase}`;
}

function kindText(run: Run): string {
  if (run.kind === "import") return `${run.type} import`;
  if (run.kind === "revert") return `revert of ${run.reverts}`;
  const words = { "force-sync": "force sync", link: "link by hand", edit: "edit by hand" } as const;
  return words[run.kind];
}

/** How the read ended, or how far it came, base by base. */
export function printEvidence(console: Console, { evidence }: Run): void {
  if (evidence === null) return;
  const { entries, pages, end, pageSize, bases, leftOut = [] } = evidence;
  const size = pageSize === null ? "" : ` of up to ${pageSize.toLocaleString("en-US")}`;
  const paged = pages === 0 ? "" : ` in ${count(pages, "page", "pages")}${size}`;
  const ended = end ?? "it did not come to its end";
  console.print(`  read ${count(entries, "entry", "entries")}${paged}: ${ended}`);
  if (leftOut.length > 0)
    console.print(`  left out as credentials or large: ${visible(leftOut.join(", "))}`);
  if (bases.length < 2 && bases.every((base) => base.readable)) return;
  for (const { base, entries: found, readable } of bases) {
    const seen = readable ? "" : "; the base itself cannot be read";
    console.print(`    ${visible(base)}: ${count(found, "entry", "entries")}${seen}`);
  }
}

/** From which server, in which way, and why not in the way that was asked for. */
function printReading(console: Console, run: Run): void {
  const { server, way, type, converted, groups, comparedAt } = run;
  const by = way === null ? "" : `by ${WAY_FACTS[way].title}`;
  const next = by === "" ? "" : `; changes can be read ${by} from here on`;
  if (server !== null) {
    const text = type === "incremental" ? `, ${by}` : next;
    console.print(console.style("gray", `  from ${visible(server)}${text}`));
  }
  const doubt = run.evidence?.doubt;
  if (doubt !== undefined) console.print(console.style("yellow", `  ${visible(doubt)}`));
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
      `  ${command("show")} --counted`,
      `  ${command("export")} > people.csv`,
      `  ${command("approve")}`,
      `  ${command("cancel")}`,
    ];
  }
  if (run.error !== null) return [`→ ${cureInCommands(run.error.code)}`];
  const steps: string[] = [];
  if (run.kind === "revert") steps.push(...revertSteps(run));
  if (run.dryRun) steps.push(`What it would change: ${command("show")}`);
  if (run.counts.skipped > 0) {
    const skipped = count(run.counts.skipped, "person was", "people were");
    steps.push(`${skipped} left out: ${command("show")} --action skipped`);
  }
  if (run.counts.failed > 0) {
    const failed = count(run.counts.failed, "person", "people");
    steps.push(`${failed} failed: ${command("show")} --action failed`);
  }
  return steps;
}

function revertSteps({ counts, dryRun }: Run): string[] {
  const gone = count(counts.removed, "user", "users");
  const deleted = `${gone} whom that run had created ${dryRun ? "would be" : "were"} deleted; a deletion cannot be put back.`;
  return [
    ...(counts.removed > 0 ? [deleted] : []),
    `The next import ${dryRun ? "would be" : "is"} a full one that decides about these people again: correct the cause before it comes.`,
  ];
}

export function countsLine(counts: RunCounts): string {
  const { ignored, skipped, ...always } = counts;
  const parts = Object.entries(always).map(
    ([name, number]) => `${name} ${number.toLocaleString("en-US")}`,
  );
  if (ignored > 0) parts.push(`ignored ${ignored.toLocaleString("en-US")}`);
  if (skipped > 0) parts.push(`left out ${skipped.toLocaleString("en-US")}`);
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
  if (change.reason !== null) console.print(`           ${REASONS[change.reason]}`);
  if (change.error !== null) {
    const { message, code, field, shape } = change.error;
    const what = shape === undefined ? field : `${field}: ${shape}`;
    console.print(`           ${visible(message)} (${code}; ${visible(what)})`);
    for (const other of change.error.others ?? [])
      console.print(`           and ${visible(other.message)} (${other.code}; ${other.field})`);
  }
  if (change.action === "created") return;
  for (const { attribute, from, to, source } of change.changes) {
    console.print(
      `           ${attribute}: ${visible(shown(from, 60))} → ${visible(shown(to, 60))}  (${source})`,
    );
  }
}

function seconds(run: Run): string {
  if (run.finishedAt === null) return "";
  // What was held has waited for a person; only work is counted.
  const worked = run.phases.reduce((sum, phase) => sum + phase.seconds, 0);
  const passed = (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000;
  const elapsed = run.held === null ? passed : worked;
  return ` in ${elapsed.toFixed(1)} s`;
}
