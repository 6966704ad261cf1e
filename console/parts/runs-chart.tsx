/** What runs did, one after the other, as bars that a person reads at a glance. */
import type { RunFacts } from "../api.ts";
import { number, time } from "../text.ts";
import { counted, isDry, ofRun, removedBy } from "./run-row.tsx";
import { say } from "../texts.ts";

const ACTIONS = ["created", "updated", "removed", "failed"] as const;
const [WIDTH, HEIGHT, GAP] = [16, 80, 6];

function countOf(run: RunFacts, action: string): number {
  return action === "removed" ? removedBy(run) : counted(run, action);
}

/** @param runs newest first, as lists have them */
export function RunsChart({ runs }: { readonly runs: readonly RunFacts[] }) {
  const shown = runs.filter((run) => run.status !== "running" && !isDry(run)).toReversed();
  const sums = shown.map((run) => ACTIONS.reduce((sum, one) => sum + countOf(run, one), 0));
  const most = Math.max(1, ...sums);
  if (sums.every((sum) => sum === 0)) return null;
  const total = (action: string): number =>
    shown.reduce((sum, run) => sum + countOf(run, action), 0);
  const { actions, dashboard } = say();
  const words = ACTIONS.map((action) => `${number(total(action))} ${actions[action]}`).join(", ");
  return (
    <figure>
      <svg
        viewBox={`0 0 ${shown.length * (WIDTH + GAP)} ${HEIGHT}`}
        width={shown.length * (WIDTH + GAP)}
        height={HEIGHT}
        role="img"
        aria-label={dashboard.theLastRuns(shown.length, words)}
      >
        {shown.map((run, at) => {
          let top = HEIGHT;
          return (
            <g key={run.run}>
              <title>{`${ofRun(run)}, ${time(run.startedAt)}: ${ACTIONS.map((one) => `${countOf(run, one)} ${actions[one]}`).join(", ")}`}</title>
              {ACTIONS.map((action) => {
                const size = (countOf(run, action) / most) * (HEIGHT - 2);
                top -= size;
                return (
                  <rect
                    key={action}
                    class={`bar ${action}`}
                    x={at * (WIDTH + GAP)}
                    y={top}
                    width={WIDTH}
                    height={size}
                  />
                );
              })}
            </g>
          );
        })}
      </svg>
      <figcaption class="quiet">
        {ACTIONS.map((action) => (
          <span key={action}>
            <svg width="10" height="10" aria-hidden="true">
              <rect class={`bar ${action}`} width="10" height="10" />
            </svg>{" "}
            {actions[action]}{" "}
          </span>
        ))}
        {dashboard.inTheLastRuns(shown.length)}
      </figcaption>
    </figure>
  );
}
