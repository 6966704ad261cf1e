import { type AppSummaryFacts, ask, given, rollcall } from "../api.ts";
import { news } from "../live.ts";
import { Badge } from "../parts/badge.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { number } from "../text.ts";
import { say } from "../texts.ts";

function columns(): string[] {
  const { common, applications } = say();
  const { assigned, inStep, pending, failing } = applications;
  return [common.application, assigned, inStep, pending, failing, common.lastPush, common.state];
}

export function Applications() {
  return (
    <Page title={say().navigation.applications}>
      <List<AppSummaryFacts>
        ask={(after) => ask(rollcall.apps.$get({ query: given({ limit: 50, after }) }))}
        about="apps"
        news={news()}
        caption={say().navigation.applications}
        columns={columns()}
        empty={say().applications.none}
        keyOf={({ app }) => app}
        Row={AppRow}
      />
    </Page>
  );
}

export function StateOfApp({ of }: { readonly of: AppSummaryFacts }) {
  if (of.heldPush !== null) return <Badge of="held" />;
  return <Badge of={of.paused === null ? "active" : "paused"} />;
}

const COUNTED = ["assigned", "inSync", "pending", "failing"] as const;

function AppRow({ of }: { readonly of: AppSummaryFacts }) {
  return (
    <tr>
      <td>
        <a href={`/console/apps/${encodeURIComponent(of.app)}`}>{of.label}</a>
      </td>
      {COUNTED.map((what) => (
        <td key={what} class="number">
          {number(of[what])}
        </td>
      ))}
      <td>
        <When at={of.lastPush} />
      </td>
      <td>
        <StateOfApp of={of} />
      </td>
    </tr>
  );
}
