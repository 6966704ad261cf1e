import type { RunFacts } from "../api.ts";
import { told } from "../live.ts";
import { kind, number } from "../text.ts";
import { Badge } from "./badge.tsx";
import { When } from "./when.tsx";
import { say } from "../texts.ts";

export function runColumns(): string[] {
  const { common, runs } = say();
  const { created, updated, removed, failed } = runs;
  return [runs.run, runs.of, runs.started, common.state, created, updated, removed, failed];
}

const COUNTED = ["created", "updated", "removed", "failed"] as const;

/** Of what a run is: a directory, or an app. */
export function ofRun(run: RunFacts): string {
  return "app" in run ? run.app : (run.directory ?? "");
}

/** A Force Sync of an app is a push that everybody is computed anew for. */
export function kindOf(run: RunFacts): string {
  return kind("forceSync" in run ? "force-sync" : run.kind);
}

export function isDry(run: RunFacts): boolean {
  return "dryRun" in run && run.dryRun === true;
}

export function counted(run: RunFacts, action: string): number {
  const counts: Readonly<Record<string, number>> = { ...run.counts };
  return counts[action] ?? 0;
}

/** A push takes accounts away, an import people. */
export function removedBy(run: RunFacts): number {
  return counted(run, "removed") + counted(run, "deactivated");
}

/** What the stream told of it counts more than what a list said. */
export function RunRow({ of }: { readonly of: RunFacts }) {
  const run = told.value.get(of.run) ?? of;
  return (
    <tr>
      <td>
        <a href={`/console/runs/${run.run}`}>
          {kindOf(run)}
          {isDry(run) && say().runs.dryRun}
        </a>
      </td>
      <td>{ofRun(run)}</td>
      <td>
        <When at={run.startedAt} />
      </td>
      <td>
        <Badge of={run.status} />
      </td>
      {COUNTED.map((action) => (
        <td key={action} class="number">
          {number(action === "removed" ? removedBy(run) : counted(run, action))}
        </td>
      ))}
    </tr>
  );
}
