import { ask, type DirectoryFacts, given, rollcall } from "../api.ts";
import { news } from "../live.ts";
import { Badge } from "../parts/badge.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { may } from "../session.ts";
import { When } from "../parts/when.tsx";
import { say } from "../texts.ts";

export function Directories() {
  const { common, directories, navigation } = say();
  const add = may("configuration") && <a href="/console/new-directory">{directories.add}</a>;
  return (
    <Page title={navigation.directories} actions={add}>
      <List<DirectoryFacts>
        ask={(after) => ask(rollcall.directories.$get({ query: given({ limit: 50, after }) }))}
        about="directories"
        news={news()}
        caption={directories.caption}
        columns={[common.directory, common.type, common.lastRead, common.state, common.mappings]}
        empty={directories.none}
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
