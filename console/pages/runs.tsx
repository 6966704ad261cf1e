import { useLocation } from "preact-iso";
import { ask, given, rollcall, type RunFacts } from "../api.ts";
import { news } from "../live.ts";
import { Filters } from "../parts/filters.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { runColumns, RunRow } from "../parts/run-row.tsx";
import { say } from "../texts.ts";

const STATUSES = ["running", "held", "done", "failed", "cancelled"];
const KINDS = ["import", "force-sync", "revert", "push"];

export function Runs() {
  const { query } = useLocation();
  const { directory, app, kind, status } = query;
  const { common, navigation, runs } = say();
  const filter = { directory, app, kind, status };
  return (
    <Page title={navigation.runs}>
      <Filters
        of={[
          { name: "status", label: common.state, options: STATUSES, words: say().states },
          { name: "kind", label: runs.kind, options: KINDS, words: say().kinds },
          { name: "directory", label: common.directory },
          { name: "app", label: runs.app },
        ]}
      />
      <List<RunFacts>
        ask={(after) => ask(rollcall.runs.$get({ query: given({ ...filter, limit: 50, after }) }))}
        about={JSON.stringify(filter)}
        news={news()}
        caption={runs.caption}
        columns={runColumns()}
        empty={runs.none}
        keyOf={({ run }) => run}
        Row={RunRow}
      />
    </Page>
  );
}
