import { signal } from "@preact/signals";
import { ask, given, named, rollcall, type TaskFacts, type FailingFacts } from "../api.ts";
import { news } from "../live.ts";
import { Act } from "../parts/act.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { may } from "../session.ts";
import { number, visible } from "../text.ts";
import { say } from "../texts.ts";

/** How many tasks were tried or taken off here: then the list is another one. */
const tried = signal(0);

/** What an app refused, and who could not be updated, by cause, with what helps. */
export function Tasks() {
  const { common, navigation, tasks } = say();
  return (
    <Page title={navigation.tasks}>
      <h2>{common.applications}</h2>
      <List<TaskFacts>
        ask={(after) => ask(rollcall.tasks.$get({ query: given({ limit: 50, after }) }))}
        about={`tasks ${tried.value}`}
        news={news()}
        caption={tasks.caption}
        columns={[
          tasks.app,
          common.who,
          common.what,
          common.since,
          tasks.inTheAppsWords,
          tasks.whatHelps,
          tasks.do,
        ]}
        empty={tasks.none}
        keyOf={({ id }) => id}
        Row={TaskRow}
      />
      <h2>{tasks.people}</h2>
      <List<FailingFacts>
        ask={(after) => ask(rollcall.failing.$get({ query: given({ limit: 50, after }) }))}
        about="failing"
        news={news()}
        caption={tasks.failing}
        columns={[tasks.cause, tasks.people, common.since, tasks.whatHelps, tasks.forExample]}
        empty={tasks.nobodyFails}
        keyOf={({ code, field }) => `${code} ${field ?? ""}`}
        Row={FailingRow}
      />
    </Page>
  );
}

function FailingRow({ of: one }: { readonly of: FailingFacts }) {
  return (
    <tr>
      <td>
        {one.field ?? ""} <span class="quiet">{one.code}</span>
      </td>
      <td class="number">{number(one.people)}</td>
      <td>
        <When at={one.since} />
      </td>
      <td>{one.cure}</td>
      <td>
        {one.examples.slice(0, 1).map(({ dn, error }) => (
          <>
            {visible(dn)} <span class="fault">{error.message}</span>
          </>
        ))}
      </td>
    </tr>
  );
}

function TaskRow({ of }: { readonly of: TaskFacts }) {
  const having = (what: "retry" | "dismiss") => async (): Promise<void> => {
    await ask<object>(rollcall.tasks[":task"][what].$post({ ...named({ task: of.id }), json: {} }));
    tried.value++;
  };
  return (
    <tr>
      <td>
        <a href={`/console/apps/${encodeURIComponent(of.app)}`}>{of.app}</a>
      </td>
      <td>
        {of.login !== null && (
          <a href={`/console/people/${encodeURIComponent(of.login)}`}>{of.login}</a>
        )}
      </td>
      <td>{of.what}</td>
      <td>
        <When at={of.since} />
      </td>
      <td>{of.error.appSaid ?? of.error.message}</td>
      <td>{of.cure}</td>
      <td class="actions">
        {may("retry") && (
          <>
            <Act label={say().tasks.retry} act={having("retry")} />
            <Act label={say().tasks.dismiss} act={having("dismiss")} />
          </>
        )}
      </td>
    </tr>
  );
}
