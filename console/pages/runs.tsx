import { useLocation } from "preact-iso";
import { ask, type PageOf, type RunFacts } from "../api.ts";
import { news } from "../live.ts";
import { Filters } from "../parts/filters.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { RUN_COLUMNS, RunRow } from "../parts/run-row.tsx";

const STATUSES = ["running", "held", "done", "failed", "cancelled"];
const KINDS = ["import", "force-sync", "revert", "push"];

export function Runs() {
  const { query } = useLocation();
  const { directory, app, kind, status } = query;
  const filter = { directory, app, kind, status };
  return (
    <Page title="Import Monitoring">
      <Filters
        of={[
          { name: "status", label: "State", options: STATUSES },
          { name: "kind", label: "Kind", options: KINDS },
          { name: "directory", label: "Directory" },
          { name: "app", label: "App" },
        ]}
      />
      <List<RunFacts>
        ask={(after) => ask<PageOf<RunFacts>>("/runs", { ...filter, limit: 50, after })}
        about={JSON.stringify(filter)}
        news={news()}
        caption="Runs, newest first"
        columns={RUN_COLUMNS}
        empty="There is no such run."
        keyOf={({ run }) => run}
        Row={RunRow}
      />
    </Page>
  );
}
