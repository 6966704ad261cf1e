import { ask, type AppSummaryFacts, type PageOf } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { number } from "../text.ts";

const COLUMNS = ["Application", "Assigned", "In step", "Pending", "Failing", "Last push", "State"];

export function Applications() {
  return (
    <Page title="Applications">
      <List<AppSummaryFacts>
        ask={(after) => ask<PageOf<AppSummaryFacts>>("/apps", { limit: 50, after })}
        about="apps"
        caption="Applications"
        columns={COLUMNS}
        empty="There is no app in the configuration."
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

function AppRow({ of }: { readonly of: AppSummaryFacts }) {
  return (
    <tr>
      <td>
        <a href={`/console/apps/${encodeURIComponent(of.app)}`}>{of.label}</a>
      </td>
      {[of.assigned, of.inSync, of.pending, of.failing].map((count, at) => (
        <td key={COLUMNS[at + 1]} class="number">
          {number(count)}
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
