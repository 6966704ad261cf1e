import type { Total } from "../../model/figures.ts";
import type { PhaseTime, Run, RunCounts, RunStatus } from "../../model/run.ts";
import { KINDS } from "./kinds.ts";

type Facts = Pick<Run, "kind" | "directory" | "type" | "dryRun">;

/** What a run that ends adds to the metrics. Dry runs are not counted. */
export function totalsOf(
  run: Facts,
  result: RunStatus,
  ended: {
    readonly counts?: RunCounts;
    readonly phases?: readonly PhaseTime[];
    readonly code?: string;
  },
): Total[] {
  if (run.dryRun) return [];
  const directory = run.directory ?? "all";
  const kind = KINDS[run.kind].readsDirectory ? `${run.type} ${run.kind}` : run.kind;
  const { read: _, ...outcomes } = ended.counts ?? { read: 0 };
  return [
    { name: "runs", labels: { directory, kind, result }, value: 1 },
    ...(ended.phases ?? []).flatMap(({ phase, seconds }): Total[] => [
      { name: "phase_seconds", labels: { directory, phase }, value: seconds },
      { name: "phases", labels: { directory, phase }, value: 1 },
    ]),
    ...Object.entries(outcomes)
      .filter(([, value]) => value > 0)
      .map(([outcome, value]): Total => {
        return { name: "people", labels: { directory, outcome }, value };
      }),
    ...(ended.code === undefined
      ? []
      : [{ name: "run_errors", labels: { directory, code: ended.code }, value: 1 } as const]),
  ];
}
