import { useRoute } from "preact-iso";
import { ask, type RunFacts } from "../api.ts";
import { useAsked } from "../asked.ts";
import { opened, told } from "../live.ts";
import { Badge } from "../parts/badge.tsx";
import { Decisions } from "../parts/decisions.tsx";
import { Page, Shown } from "../parts/page.tsx";
import { RunPeople } from "../parts/run-people.tsx";
import { isDry, ofRun } from "../parts/run-row.tsx";
import { When } from "../parts/when.tsx";
import { ACTIONS, kind, number } from "../text.ts";

/** One run: what was read, whom it concerns and why; and, where it is held, the decision. */
export function Run() {
  const { run: id = "" } = useRoute().params;
  const path = `/runs/${encodeURIComponent(id)}`;
  const news = told.value.get(id);
  const asked = useAsked(() => ask<RunFacts>(path), id, `${opened.value} ${news?.status ?? ""}`);
  // What the stream told is newer; but for an answer that the page asked for behind it.
  const shown = { ...asked, answer: news ?? asked.answer };
  return (
    <Page
      title={shown.answer === null ? "Run" : titleOf(shown.answer)}
      isBusy={asked.isBusy}
      actions={shown.answer !== null && <Decisions run={shown.answer} again={asked.again} />}
    >
      <Shown of={shown}>
        {(run) => (
          <>
            <p>
              <Badge of={run.status} /> started <When at={run.startedAt} />
              {run.finishedAt !== null && (
                <>
                  , ended <When at={run.finishedAt} />
                </>
              )}
              {run.decidedBy !== null && `, decided by ${run.decidedBy}`}
            </p>
            {run.error !== null && <p class="fault">{run.error.message}</p>}
            <Progress run={run} />
            <Held run={run} />
            <Counts run={run} />
            <Evidence run={run} />
            <RunPeople run={run} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function titleOf(run: RunFacts): string {
  return `${kind(run.kind)} of ${ofRun(run)}${isDry(run) ? " (dry run)" : ""}`;
}

function Progress({ run }: { readonly run: RunFacts }) {
  if (!("progress" in run) || run.progress === null || run.status !== "running") return null;
  const { phase, done, total } = run.progress as {
    phase: string;
    done: number;
    total: number | null;
  };
  return (
    <output>
      {phase}: {number(done)}
      {total !== null && ` of ${number(total)}`}{" "}
      {total !== null && total > 0 && (
        <progress max={total} value={done} aria-label={`${phase} so far`} />
      )}
    </output>
  );
}

function Held({ run }: { readonly run: RunFacts }) {
  const { held } = run;
  if (held === null || held === undefined) return null;
  const { reason, findings } = held as { reason: string; findings?: readonly string[] };
  return (
    <section class="held" aria-labelledby="held">
      <h2 id="held">{run.status === "held" ? "Held: nothing is applied" : "It was held"}</h2>
      <p>{reason}</p>
      {findings !== undefined && findings.length > 0 && (
        <ul>
          {findings.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      <p>
        <a href={`/console/runs/${run.run}?counted=true`}>Whom the safeguard counts</a>
        {" · "}
        <a href={`/api/rollcall/v1/runs/${run.run}/export?format=csv`} download>
          Everybody as a CSV file
        </a>
      </p>
    </section>
  );
}

function Counts({ run }: { readonly run: RunFacts }) {
  const all = Object.entries({ ...run.counts });
  return (
    <ul class="counts" aria-label="Counts">
      {all.map(([action, count]) => (
        <li key={action}>
          {ACTIONS.includes(action) && action !== "unchanged" && count > 0 ? (
            <a href={`/console/runs/${run.run}?action=${action}`}>
              <strong>{number(count)}</strong> {action}
            </a>
          ) : (
            <>
              <strong>{number(count)}</strong> {action}
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

/** What proves that the read was whole. */
function Evidence({ run }: { readonly run: RunFacts }) {
  if (!("evidence" in run) || run.evidence === null) return null;
  const { server, entries, pages, end, complete } = run.evidence as {
    server: string;
    entries: number;
    pages: number;
    end: string;
    complete: boolean;
  };
  return (
    <p class="quiet">
      {server} gave {number(entries)} {entries === 1 ? "entry" : "entries"}
      {pages > 0 && ` on ${number(pages)} pages`}, up to {end}:{" "}
      {complete ? "the read is proven to be whole." : "the read is not proven to be whole."}
    </p>
  );
}
