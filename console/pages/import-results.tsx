import { signal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { ask, given, rollcall, type UnmatchedFacts } from "../api.ts";
import { changesOf } from "../begun.ts";
import { news } from "../live.ts";
import { Act } from "../parts/act.tsx";
import { Badge } from "../parts/badge.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { Filters } from "../parts/filters.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { Question } from "../parts/question.tsx";
import { When } from "../parts/when.tsx";
import { may } from "../session.ts";
import { visible } from "../text.ts";
import { say } from "../texts.ts";

/** How many entries were decided here: then the list is another one. */
const decided = signal(0);

/** Entries that belong to nobody yet: whose they may be, and the decision. */
export function ImportResults() {
  const { directory, ignored } = useLocation().query;
  const filter = { directory, ignored };
  const { common, results, navigation } = say();
  return (
    <Page title={navigation.results}>
      <Filters
        of={[
          { name: "directory", label: common.directory },
          { name: "ignored", label: results.setAside, options: ["true"] },
        ]}
      />
      <List<UnmatchedFacts>
        ask={(after) =>
          ask(rollcall.unmatched.$get({ query: given({ ...filter, limit: 25, after }) }))
        }
        about={`${JSON.stringify(filter)} ${decided.value}`}
        news={news()}
        caption={results.caption}
        columns={[results.entry, common.since, common.why, results.whoItMayBe, results.decide]}
        empty={results.none}
        keyOf={({ directory: of, externalId }) => `${of} ${externalId}`}
        Row={EntryRow}
      />
    </Page>
  );
}

function EntryRow({ of }: { readonly of: UnmatchedFacts }) {
  return (
    <tr>
      <td>
        {of.directory} <p class="quiet">{visible(of.dn)}</p>
      </td>
      <td>
        <When at={of.since} />
      </td>
      <td>{of.error?.message ?? say().results.nobodyFound}</td>
      <td>
        <ul class="plain">
          {of.candidates.map(({ login, status, because, linkedTo }) => (
            <li key={login}>
              <a href={`/console/people/${encodeURIComponent(login)}`}>{login}</a>{" "}
              <Badge of={status} /> {because}
              {linkedTo !== null && <span class="quiet">{say().results.isAlready(linkedTo)}</span>}
            </li>
          ))}
        </ul>
      </td>
      <td class="actions">{may("match") && <Decide of={of} />}</td>
    </tr>
  );
}

function Decide({ of }: { readonly of: UnmatchedFacts }) {
  const { query } = useLocation();
  const { results } = say();
  const [user, setUser] = useState<string | null>(null);
  const entry = { directory: of.directory, id: of.externalId };
  const ignore = async (undo: boolean): Promise<void> => {
    await ask(rollcall.unmatched.ignore.$post({ json: { ...entry, undo } }));
    decided.value++;
  };
  const confirm = async (whom: { readonly user?: string }): Promise<void> => {
    await changesOf(await ask(rollcall.unmatched.confirm.$post({ json: { ...entry, ...whom } })));
    decided.value++;
  };
  const free = of.candidates.filter(({ linkedTo }) => linkedTo === null);
  // The list of those that were set aside has nobody else.
  if (query["ignored"] === "true") return <Act label={results.takeUp} act={() => ignore(true)} />;
  return (
    <>
      {free.map(({ login }) => (
        <button type="button" key={login} onClick={() => setUser(login)}>
          {results.itIs(login)}
        </button>
      ))}
      <Question
        button={results.somebodyElse}
        title={results.whoseTitle(visible(of.dn))}
        verb={results.confirm}
        field={say().common.login}
        act={(login) => confirm({ user: login })}
      />
      <Question
        button={results.somebodyNew}
        title={results.newTitle(visible(of.dn))}
        verb={results.newVerb}
        field={null}
        act={() => confirm({})}
      >
        <p>{results.newAbout(of.directory)}</p>
      </Question>
      <Act label={results.ignore} act={() => ignore(false)} />
      {user !== null && (
        <Confirm
          title={results.isIt(visible(of.dn), user)}
          verb={results.confirm}
          count={null}
          act={() => confirm({ user })}
          close={() => setUser(null)}
        >
          <p>{results.confirmAbout(of.directory, user)}</p>
        </Confirm>
      )}
    </>
  );
}
