/** Whom a directory shows, and who they are here. */
import { useLocation } from "preact-iso";
import { ask, given, named, rollcall, type DirectoryPersonFacts } from "../api.ts";
import { visible } from "../text.ts";
import { say } from "../texts.ts";
import { Badge } from "./badge.tsx";
import { Filters } from "./filters.tsx";
import { List } from "./list.tsx";
import { When } from "./when.tsx";

interface DirectoryPeopleProps {
  readonly directory: string;
  /** Another text when others may be there. */
  readonly news: string;
}

export function DirectoryPeople({ directory, news }: DirectoryPeopleProps) {
  const { q } = useLocation().query;
  const { common, directory: words } = say();
  const { people } = rollcall.directories[":directory"];
  return (
    <section aria-labelledby="assignments">
      <h2 id="assignments">{words.assignments}</h2>
      <Filters of={[{ name: "q", label: words.personBeginsWith }]} />
      <List<DirectoryPersonFacts>
        ask={(after) =>
          ask(people.$get({ ...named({ directory }), query: given({ q, limit: 20, after }) }))
        }
        about={JSON.stringify([directory, q])}
        news={news}
        caption={words.assignmentsOf(directory)}
        columns={[common.login, words.entry, common.state, common.lastRead]}
        empty={words.nobodyYet}
        keyOf={({ userId }) => userId}
        Row={PersonRow}
      />
    </section>
  );
}

function PersonRow({ of: one }: { readonly of: DirectoryPersonFacts }) {
  return (
    <tr>
      <td>
        <a href={`/console/people/${one.userId}`}>{one.login}</a>
      </td>
      <td>
        {visible(one.dn)} <p class="quiet">{visible(one.externalId)}</p>
      </td>
      <td>
        <Badge of={one.status} />
        {one.error !== null && (
          <span class="fault">
            {" "}
            {one.error.message} ({one.error.code})
          </span>
        )}
      </td>
      <td>
        <When at={one.lastImported} />
      </td>
    </tr>
  );
}
