import { signal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { ask, given, rollcall, type UnmatchedFacts, type RunFacts } from "../api.ts";
import { foreseen, requireDone, type Foreseen } from "../begun.ts";
import { news } from "../live.ts";
import { Act } from "../parts/act.tsx";
import { Badge } from "../parts/badge.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { WouldChange } from "../parts/foreseen.tsx";
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
        about={JSON.stringify(filter)}
        // What is shown stays until the answer comes: a decision that was refused says so in its row.
        news={`${news()} ${decided.value}`}
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

/** A login; absent: somebody new. */
type Whose = { readonly user?: string };

function decisionsAbout({ directory, externalId: id }: UnmatchedFacts) {
  const entry = { directory, id };
  const decide = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } finally {
      // Whether it was done or not, if that is not known: the list says how it is.
      decided.value++;
    }
  };
  const ignore = async (undo: boolean): Promise<void> => {
    await decide(ask(rollcall.unmatched.ignore.$post({ json: { ...entry, undo } })));
  };
  const begin = async (whose: Whose, dryRun: boolean): Promise<RunFacts> =>
    await ask(rollcall.unmatched.confirm.$post({ json: { ...entry, ...whose, dryRun } }));
  const look = async (whose: Whose): Promise<Foreseen> => await foreseen(await begin(whose, true));
  // What cannot be is said while the entry still waits, and by whoever began it.
  const confirm = async (whose: Whose): Promise<void> => {
    await look(whose);
    await decide(begin(whose, false).then(requireDone));
  };
  return { ignore, look, confirm };
}

function Decide({ of }: { readonly of: UnmatchedFacts }) {
  const { query } = useLocation();
  const { results } = say();
  const [user, setUser] = useState<string | null>(null);
  // What somebody new would be.
  const [newcomer, setNewcomer] = useState<Foreseen | null>(null);
  const { ignore, look, confirm } = decisionsAbout(of);
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
        isRequired
        act={(login) => confirm({ user: login.trim() })}
      />
      <Act label={results.somebodyNew} act={async () => setNewcomer(await look({}))} />
      <Act label={results.ignore} act={() => ignore(false)} />
      {newcomer !== null && (
        <Confirm
          title={results.newTitle(visible(of.dn))}
          verb={results.newVerb}
          count={null}
          act={() => confirm({})}
          close={() => setNewcomer(null)}
        >
          <p>{results.newAbout(of.directory)}</p>
          <WouldChange of={newcomer} />
        </Confirm>
      )}
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
