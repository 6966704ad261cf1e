import { useLocation, useRoute } from "preact-iso";
import { ask, type DirectoryFacts, type PageOf, type RunFacts } from "../api.ts";
import { useAsked } from "../asked.ts";
import { begin, type RunRequest } from "../begun.ts";
import { news } from "../live.ts";
import { Act } from "../parts/act.tsx";
import { Cure } from "../parts/cure.tsx";
import { List } from "../parts/list.tsx";
import { Page, Shown } from "../parts/page.tsx";
import { RUN_COLUMNS, RunRow } from "../parts/run-row.tsx";
import { When } from "../parts/when.tsx";
import { may } from "../session.ts";
import { value } from "../text.ts";

/** One directory: how current it is, what may be done, how it is set, what happened. */
export function Directory() {
  const { directory = "" } = useRoute().params;
  const { route } = useLocation();
  const latest = news();
  const path = `/directories/${encodeURIComponent(directory)}`;
  const facts = useAsked(() => ask<DirectoryFacts>(path), directory, latest);
  const start = (request: RunRequest) => async (): Promise<void> => {
    const { run } = await begin({ directory, ...request });
    route(`/console/runs/${run}`);
  };
  return (
    <Page
      title={directory}
      isBusy={facts.isBusy}
      actions={
        may("run") && (
          <>
            <Act label="Import now" act={start({ kind: "import" })} />
            <Act label="Try an import (dry run)" act={start({ kind: "import", dryRun: true })} />
            <Act
              label="Force Sync (dry run first)"
              act={start({ kind: "force-sync", dryRun: true })}
            />
          </>
        )
      }
    >
      <Shown of={facts}>{(one) => <Facts of={one} />}</Shown>
      <h2>Import</h2>
      <List<RunFacts>
        ask={(after) => ask<PageOf<RunFacts>>("/runs", { directory, limit: 20, after })}
        about={directory}
        news={latest}
        caption={`Runs of ${directory}`}
        columns={RUN_COLUMNS}
        empty="Nothing was imported yet."
        keyOf={({ run }) => run}
        Row={RunRow}
      />
    </Page>
  );
}

function scheduleOf({ schedule, watch }: DirectoryFacts): string {
  const { full, incremental, timezone } = schedule;
  const parts = [
    ...(incremental === null ? [] : [`incremental ${incremental}`]),
    ...(full === null ? [] : [`full ${full}`]),
    ...(watch ? ["listens"] : []),
  ];
  return parts.length === 0
    ? "none; imports are started by hand"
    : `${parts.join(", ")} (${timezone})`;
}

function Facts({ of: one }: { readonly of: DirectoryFacts }) {
  return (
    <>
      {one.problem !== null && (
        <p class="note">
          {one.problem} <Cure remedy={one.remedy} command={one.command} />
        </p>
      )}
      <h2>To Okta</h2>
      <dl>
        <dt>Type</dt>
        <dd>{one.type}</dd>
        <dt>Last read</dt>
        <dd>
          <When at={one.readAt} />
        </dd>
        <dt>Schedule</dt>
        <dd>{scheduleOf(one)}</dd>
        <dt>Whoever leaves</dt>
        <dd>{one.onRemoval}</dd>
        <dt>Whoever matches nobody</dt>
        <dd>{one.onNoMatch}</dd>
        <dt>Okta Attribute Mappings</dt>
        <dd>
          <a href={`/console/directories/${one.directory}/mappings`}>
            {one.mappings} mappings, and what others would give
          </a>
        </dd>
        <dt>Import safeguard</dt>
        <dd>
          {Object.entries(one.importSafeguard)
            .map(([name, limit]) => `${name}: ${value(limit)}`)
            .join(", ")}
        </dd>
      </dl>
    </>
  );
}
