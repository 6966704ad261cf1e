import { signal } from "@preact/signals";
import { act, ask, type PageOf, type SessionFacts } from "../api.ts";
import { Act } from "../parts/act.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { may, me } from "../session.ts";

/** How many sessions were ended here: then the list is another one. */
const ended = signal(0);

async function end(id: string): Promise<void> {
  await act("DELETE", `/sessions/${id}`);
  ended.value++;
}

/** Who may come in. */
export function Settings() {
  return (
    <Page title="Settings">
      <h2>You</h2>
      <p>
        {me.value?.name}, role {me.value?.role}, signed in until{" "}
        <When at={me.value?.expiresAt ?? null} />.
      </p>
      {may("tokens") && (
        <>
          <h2>Sessions</h2>
          <List<SessionFacts>
            ask={(after) => ask<PageOf<SessionFacts>>("/sessions", { limit: 50, after })}
            about={`sessions ${ended.value}`}
            caption="Who is signed in"
            columns={["Who", "Role", "From", "Last use", "Until", "End"]}
            empty="Nobody is signed in."
            keyOf={({ id }) => id}
            Row={SessionRow}
          />
          <p class="quiet">
            API tokens are made and revoked by <code>rollcall tokens</code>.
          </p>
        </>
      )}
    </Page>
  );
}

function SessionRow({ of: one }: { readonly of: SessionFacts }) {
  return (
    <tr>
      <td>{one.name}</td>
      <td>{one.role}</td>
      <td>{one.ipAddress}</td>
      <td>
        <When at={one.lastUsedAt} />
      </td>
      <td>
        <When at={one.expiresAt} />
      </td>
      <td>
        <Act label="Sign out" act={() => end(one.id)} />
      </td>
    </tr>
  );
}
