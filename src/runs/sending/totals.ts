import type { PushCounts, PushKind } from "../../model/account.ts";
import type { Total } from "../../model/figures.ts";
import type { RunStatus } from "../../model/run.ts";

/** What a push that ends adds to the metrics. */
export function totalsOfPush(
  app: string,
  kind: PushKind,
  result: RunStatus,
  counts: PushCounts | null = null,
): Total[] {
  const { assigned: _, ...outcomes } = counts ?? { assigned: 0 };
  return [
    { name: "pushes", labels: { app, kind, result }, value: 1 },
    ...Object.entries(outcomes)
      .filter(([, value]) => value > 0)
      .map(([outcome, value]): Total => {
        return { name: "pushed_accounts", labels: { app, outcome }, value };
      }),
  ];
}
