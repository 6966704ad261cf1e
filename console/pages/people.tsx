import { useLocation } from "preact-iso";
import { askOkta, type ListedUser } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { Filters } from "../parts/filters.tsx";
import { List } from "../parts/list.tsx";
import { NewPerson } from "../parts/new-person.tsx";
import { Page } from "../parts/page.tsx";
import { may } from "../session.ts";
import { value } from "../text.ts";
import { say } from "../texts.ts";

const STATUSES = ["ACTIVE", "STAGED", "SUSPENDED", "DEPROVISIONED"];

export function People() {
  const { q, status } = useLocation().query;
  const filter = status === undefined ? undefined : `status eq "${status}"`;
  const asked = { q, search: filter };
  const { common, navigation, peoplePage } = say();
  return (
    <Page title={navigation.people} actions={may("edit") && <NewPerson />}>
      <Filters
        of={[
          { name: "q", label: peoplePage.beginsWith },
          { name: "status", label: peoplePage.status, options: STATUSES, words: say().states },
        ]}
      />
      <List<ListedUser>
        ask={(after) => askOkta<ListedUser>("/users", { ...asked, limit: 50, after })}
        about={JSON.stringify(asked)}
        caption={navigation.people}
        columns={[common.login, common.name, peoplePage.status, peoplePage.profileSource]}
        empty={peoplePage.none}
        keyOf={({ id }) => id}
        Row={UserRow}
      />
    </Page>
  );
}

function UserRow({ of: { status: state, profile, credentials } }: { readonly of: ListedUser }) {
  return (
    <tr>
      <td>
        <a href={`/console/people/${encodeURIComponent(String(profile["login"]))}`}>
          {String(profile["login"])}
        </a>
      </td>
      <td>
        {value(
          profile["displayName"] ?? `${value(profile["firstName"])} ${value(profile["lastName"])}`,
        )}
      </td>
      <td>
        <Badge of={state} />
      </td>
      <td>{credentials?.provider?.name ?? "—"}</td>
    </tr>
  );
}
