import { ask, type FindingFacts, rollcall, type RunFacts } from "../api.ts";
import { useAsked } from "../asked.ts";
import { Columns } from "../parts/columns.tsx";
import { Badge } from "../parts/badge.tsx";
import { Cure } from "../parts/cure.tsx";
import { Freshness } from "../parts/freshness.tsx";
import { Page, Shown } from "../parts/page.tsx";
import { PeopleChart } from "../parts/people-chart.tsx";
import { runColumns, RunRow } from "../parts/run-row.tsx";
import { RunsChart } from "../parts/runs-chart.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { news } from "../live.ts";
import { say } from "../texts.ts";

/** Of the last runs, how many as rows. */
const LISTED = 5;

/** What is wrong, worst first, and what helps; then how current everything is. */
export function Dashboard() {
  // Whatever a run did may have changed what is wrong.
  const latest = news();
  const { navigation, dashboard } = say();
  const findings = useAsked(
    () => ask(rollcall.doctor.$get({ query: { limit: "200" } })),
    "doctor",
    latest,
  );
  const directories = useAsked(
    () => ask(rollcall.directories.$get({ query: { limit: "100" } })),
    "directories",
    latest,
  );
  const runs = useAsked(() => ask(rollcall.runs.$get({ query: { limit: "30" } })), "runs", latest);
  const people = useAsked(
    () => ask(rollcall["people-by-day"].$get({ query: { days: "90" } })),
    "people",
    latest,
  );
  return (
    <Page
      title={navigation.dashboard}
      isBusy={findings.isBusy || directories.isBusy || runs.isBusy}
    >
      <section aria-labelledby="wrong">
        <h2 id="wrong">{dashboard.needsYou}</h2>
        <Shown of={findings}>{({ items }) => <Findings items={items} />}</Shown>
      </section>
      <section aria-labelledby="fresh">
        <h2 id="fresh">{dashboard.howCurrent}</h2>
        <Shown of={directories}>
          {({ items }) => (
            <ul class="cards">
              {items.length === 0 && <li>{dashboard.noDirectory}</li>}
              {items.map((one) => (
                <li key={one.directory}>
                  <a href={`/console/directories/${one.directory}`}>{one.directory}</a>{" "}
                  {one.isHeld && <Badge of="held" />}
                  <Freshness of={one} />
                </li>
              ))}
            </ul>
          )}
        </Shown>
      </section>
      <section aria-labelledby="people">
        <h2 id="people">{dashboard.overTime}</h2>
        <Shown of={people}>{({ items }) => <PeopleChart days={items} />}</Shown>
      </section>
      <section aria-labelledby="last">
        <h2 id="last">{dashboard.lastRuns}</h2>
        <Shown of={runs}>{({ items }) => <LastRuns items={items} />}</Shown>
      </section>
    </Page>
  );
}

function Findings({ items }: { readonly items: readonly FindingFacts[] }) {
  const serious = items.filter(({ severity }) => severity !== "info");
  const others = items.filter(({ severity }) => severity === "info");
  return (
    <>
      {serious.length === 0 && <p class="quiet">{say().dashboard.nothingWrong}</p>}
      <ul class="findings">
        {[...serious, ...others].map((one) => (
          <li key={`${subjectOf(one) ?? ""} ${one.message}`}>
            <Badge of={one.severity} />{" "}
            <span>
              {subjectOf(one) !== null && <strong>{subjectOf(one)}: </strong>}
              {one.message}
            </span>{" "}
            <Cure remedy={one.remedy} command={one.command} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** The directory or the app that it is about; null: everything. */
function subjectOf({ app, directory }: FindingFacts): string | null {
  return app ?? directory;
}

function LastRuns({ items }: { readonly items: readonly RunFacts[] }) {
  return (
    <>
      <RunsChart runs={items} />
      <Scroll label={say().runs.caption}>
        <table>
          <Columns of={runColumns()} />
          <tbody>
            {items.slice(0, LISTED).map((run) => (
              <RunRow key={run.run} of={run} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}
