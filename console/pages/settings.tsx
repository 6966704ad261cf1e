import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { ask, given, named, rollcall, type SessionFacts, type TokenFacts } from "../api.ts";
import { useAsked } from "../asked.ts";
import { Act } from "../parts/act.tsx";
import { Invite, NewToken } from "../parts/come-in.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { List } from "../parts/list.tsx";
import { Page, Shown } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { may, me } from "../session.ts";
import { say } from "../texts.ts";

/** How many sessions and tokens were made or ended here: then the lists are others. */
const ended = signal(0);

async function end(id: string): Promise<void> {
  await ask(rollcall.sessions[":id"].$delete(named({ id })));
  ended.value++;
}

/** Who may come in. */
export function Settings() {
  const { common, navigation, settings } = say();
  return (
    <Page title={navigation.settings}>
      <h2>{settings.you}</h2>
      <p>
        {settings.signedInUntil(
          me.value?.name ?? "",
          me.value?.role ?? "",
          <When at={me.value?.expiresAt ?? null} />,
        )}
      </p>
      {may("tokens") && (
        <>
          <h2>{settings.sessions}</h2>
          <List<SessionFacts>
            ask={(after) => ask(rollcall.sessions.$get({ query: given({ limit: 50, after }) }))}
            about={`sessions ${ended.value}`}
            caption={settings.whoIsSignedIn}
            columns={[
              common.who,
              common.role,
              settings.from,
              common.lastUse,
              common.until,
              common.end,
            ]}
            empty={settings.nobody}
            keyOf={({ id }) => id}
            Row={SessionRow}
          />
          <Invite />
          <h2>{settings.tokens}</h2>
          <List<TokenFacts>
            ask={(after) => ask(rollcall.tokens.$get({ query: given({ limit: 50, after }) }))}
            about={`tokens ${ended.value}`}
            caption={settings.tokens}
            columns={[
              common.name,
              common.role,
              settings.madeBy,
              common.lastUse,
              common.until,
              common.end,
            ]}
            empty={settings.noTokens}
            keyOf={({ name }) => name}
            Row={TokenRow}
          />
          <NewToken made={() => ended.value++} />
        </>
      )}
      {may("configuration") && <Configuration />}
    </Page>
  );
}

/** As the daemon read it; of secrets only that there are some. */
function Configuration() {
  const { settings } = say();
  const asked = useAsked(() => ask(rollcall.configuration.$get()), "configuration");
  return (
    <section aria-labelledby="configuration">
      <h2 id="configuration">{settings.configuration}</h2>
      <Shown of={asked}>
        {(loaded) => (
          <>
            <p>
              <code>{loaded.file}</code>{" "}
              <span class="quiet">{settings.version(loaded.version.slice(0, 12))}</span>
            </p>
            <details>
              <summary>{settings.asLoaded}</summary>
              <pre tabIndex={0}>{JSON.stringify(loaded, null, 2)}</pre>
            </details>
          </>
        )}
      </Shown>
    </section>
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
        <Act label={say().common.signOut} act={() => end(one.id)} />
      </td>
    </tr>
  );
}

function TokenRow({ of }: { readonly of: TokenFacts }) {
  const [isAsked, setAsked] = useState(false);
  const { settings } = say();
  const revoke = async (): Promise<void> => {
    await ask(rollcall.tokens[":name"].$delete(named({ name: of.name })));
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
          {settings.revoke}
        </button>
        {isAsked && (
          <Confirm
            title={settings.revokeTitle(of.name)}
            verb={settings.revokeVerb}
            count={null}
            act={revoke}
            close={() => setAsked(false)}
          >
            <p>{settings.revokeAbout}</p>
          </Confirm>
        )}
      </td>
    </tr>
  );
}
