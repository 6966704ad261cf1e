import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { act, ask, type PageOf, type SessionFacts, type TokenFacts } from "../api.ts";
import { Act } from "../parts/act.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { may, me } from "../session.ts";

/** How many sessions and tokens were ended here: then the lists are others. */
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
          <h2>API tokens</h2>
          <List<TokenFacts>
            ask={(after) => ask<PageOf<TokenFacts>>("/tokens", { limit: 50, after })}
            about={`tokens ${ended.value}`}
            caption="API tokens"
            columns={["Name", "Role", "Made by", "Last use", "Until", "End"]}
            empty="There are no API tokens."
            keyOf={({ name }) => name}
            Row={TokenRow}
          />
          <p class="quiet">
            <code>rollcall tokens create NAME --role viewer</code> makes one; its secret is shown
            once.
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

function TokenRow({ of }: { readonly of: TokenFacts }) {
  const [isAsked, setAsked] = useState(false);
  const revoke = async (): Promise<void> => {
    await act("DELETE", `/tokens/${encodeURIComponent(of.name)}`);
    ended.value++;
  };
  return (
    <tr>
      <td>{of.name}</td>
      <td>{of.sources === null ? of.role : `${of.role}: ${of.sources.join(", ")}`}</td>
      <td>{of.createdBy}</td>
      <td>
        <When at={of.lastUsedAt} />
      </td>
      <td>
        <When at={of.expiresAt} />
      </td>
      <td>
        <button type="button" onClick={() => setAsked(true)}>
          Revoke…
        </button>
        {isAsked && (
          <Confirm
            title={`Revoke ${of.name}?`}
            verb="Revoke"
            count={null}
            act={revoke}
            close={() => setAsked(false)}
          >
            <p>Whoever still sends it is refused at once.</p>
          </Confirm>
        )}
      </td>
    </tr>
  );
}
