import { ask, type DirectoryFacts, type PageOf } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { may } from "../session.ts";
import { When } from "../parts/when.tsx";

const COLUMNS = ["Directory", "Type", "Last read", "State", "Mappings"];

export function Directories() {
  const add = may("configuration") && <a href="/console/new-directory">Add a directory…</a>;
  return (
    <Page title="Directory Integrations" actions={add}>
      <List<DirectoryFacts>
        ask={(after) => ask<PageOf<DirectoryFacts>>("/directories", { limit: 50, after })}
        about="directories"
        caption="Directories"
        columns={COLUMNS}
        empty="There is no directory in the configuration."
        keyOf={({ directory }) => directory}
        Row={DirectoryRow}
      />
    </Page>
  );
}

function DirectoryRow({ of: one }: { readonly of: DirectoryFacts }) {
  return (
    <tr>
      <td>
        <a href={`/console/directories/${one.directory}`}>{one.directory}</a>
      </td>
      <td>{one.type}</td>
      <td>
        <When at={one.readAt} />
      </td>
      <td>
        {one.isHeld ? (
          <Badge of="held" />
        ) : (
          <Badge of={one.problem === null ? "active" : "warning"} />
        )}
      </td>
      <td class="number">{one.mappings}</td>
    </tr>
  );
}
