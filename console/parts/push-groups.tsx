import { ask, given, named, type PushedGroupFacts, rollcall } from "../api.ts";
import { number, visible } from "../text.ts";
import { Badge } from "./badge.tsx";
import { List } from "./list.tsx";
import { say } from "../texts.ts";

/** Groups of directories that an app is told, with their members. @param news changes with whatever is pushed */
export function PushGroups({ app, news }: { readonly app: string; readonly news: string }) {
  const { common, application } = say();
  return (
    <List<PushedGroupFacts>
      ask={(after) =>
        ask(
          rollcall.apps[":app"].groups.$get({
            ...named({ app }),
            query: given({ limit: 50, after }),
          }),
        )
      }
      about={app}
      news={news}
      caption={application.groupsPushed(app)}
      columns={[application.group, common.state, common.inTheApp, application.members]}
      empty={application.noGroup(app)}
      keyOf={({ directory, group, externalId }) => `${directory} ${group} ${externalId ?? ""}`}
      Row={GroupRow}
    />
  );
}

function GroupRow({ of }: { readonly of: PushedGroupFacts }) {
  const { application } = say();
  const { directory, group, name, externalId, state, members, unsure } = of;
  return (
    <tr>
      <td>
        {visible(group)} <span class="quiet">{application.ofDirectory(directory)}</span>
      </td>
      <td>
        <Badge of={state} />
      </td>
      <td>
        {name === null ? "—" : visible(name)} <span class="quiet">{externalId}</span>
      </td>
      <td>
        {number(members)}
        {unsure > 0 && <span class="quiet">{application.notAcknowledged(number(unsure))}</span>}
      </td>
    </tr>
  );
}
