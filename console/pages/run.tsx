import { useRoute } from "preact-iso";
import { ask, named, rollcall, type RunFacts } from "../api.ts";
import { useAsked } from "../asked.ts";
import { opened, told } from "../live.ts";
import { Badge } from "../parts/badge.tsx";
import { Decisions } from "../parts/decisions.tsx";
import { Page, Shown } from "../parts/page.tsx";
import { RunPeople } from "../parts/run-people.tsx";
import { isDry, kindOf, ofRun } from "../parts/run-row.tsx";
import { When } from "../parts/when.tsx";
import { ACTIONS, number, PUSH_ACTIONS, decimal } from "../text.ts";
import { say } from "../texts.ts";

/** One run: what was read, whom it concerns and why; and, where it is held, the decision. */
export function Run() {
  const { run: id = "" } = useRoute().params;
  const words = say().run;
  const news = told.value.get(id);
  const asked = useAsked(
    () => ask(rollcall.runs[":run"].$get(named({ run: id }))),
    id,
    `${opened.value} ${news?.status ?? ""}`,
  );
  // What the stream told is newer; but for an answer that the page asked for behind it.
  const shown = { ...asked, answer: news ?? asked.answer };
  return (
    <Page
      title={shown.answer === null ? say().runs.run : titleOf(shown.answer)}
      isBusy={asked.isBusy}
      actions={shown.answer !== null && <Decisions run={shown.answer} again={asked.again} />}
    >
      <Shown of={shown}>
        {(run) => (
          <>
            <p>
              {words.started(<Badge of={run.status} />, <When at={run.startedAt} />)}
              {run.finishedAt !== null && words.ended(<When at={run.finishedAt} />)}
              {run.decidedBy !== null && words.decidedBy(run.decidedBy)}
            </p>
            {run.error !== null && <p class="fault">{run.error.message}</p>}
            <Progress run={run} />
            <Held run={run} />
            <Counts run={run} />
            <Phases run={run} />
            <Evidence run={run} />
            <RunPeople run={run} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function titleOf(run: RunFacts): string {
  const { run: words, runs } = say();
  return words.title(kindOf(run), ofRun(run)) + (isDry(run) ? runs.dryRun : "");
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
      {total !== null && say().run.of(number(total))}{" "}
      {total !== null && total > 0 && (
        <progress max={total} value={done} aria-label={say().run.soFar(phase)} />
      )}
    </output>
  );
}

function Held({ run }: { readonly run: RunFacts }) {
  const { held } = run;
  const words = say().run;
  if (held === null || held === undefined) return null;
  const { reason, findings } = held as { reason: string; findings?: readonly string[] };
  return (
    <section class="held" aria-labelledby="held">
      <h2 id="held">{run.status === "held" ? words.held : words.wasHeld}</h2>
      <p>{reason}</p>
      {findings !== undefined && findings.length > 0 && (
        <ul>
          {findings.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      <p>
        <a href={`/console/runs/${run.run}?counted=true`}>{words.counted}</a>
        {" · "}
        <a href={`/api/rollcall/v1/runs/${run.run}/export?format=csv`} download>
          {words.everybodyAsCsv}
        </a>
      </p>
    </section>
  );
}

function Counts({ run }: { readonly run: RunFacts }) {
  const all = Object.entries({ ...run.counts });
  const askable = "app" in run ? PUSH_ACTIONS : ACTIONS;
  return (
    <ul class="counts" aria-label={say().run.counts}>
      {all.map(([action, count]) => (
        <li key={action}>
          {askable.includes(action) && action !== "unchanged" && count > 0 ? (
            <a href={`/console/runs/${run.run}?action=${action}`}>
              <strong>{number(count)}</strong> {say().actions[action] ?? action}
            </a>
          ) : (
            <>
              <strong>{number(count)}</strong> {say().actions[action] ?? action}
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Of less, how many a second says nothing; in seconds. */
const LONG = 0.5;

/** How long each step took, and of the reading how many people a second. */
function Phases({ run }: { readonly run: RunFacts }) {
  const { phases } = run;
  if (phases.length === 0) return null;
  const { phase: words } = say().run;
  const read = "read" in run.counts ? run.counts.read : 0;
  const rate = (phase: string, seconds: number): string | null =>
    phase === "reading" && seconds >= LONG ? number(Math.round(read / seconds)) : null;
  return (
    <p class="quiet">
      {phases
        .map(({ phase, seconds }) => words(phase, decimal(seconds), rate(phase, seconds)))
        .join(", ")}
    </p>
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
  const words = say().run;
  return (
    <p class="quiet">
      {words.gave(server, number(entries), pages > 0 ? number(pages) : null, end)}
      {complete ? words.isWhole : words.isNotWhole}
    </p>
  );
}
