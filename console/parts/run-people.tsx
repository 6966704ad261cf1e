import { useLocation } from "preact-iso";
import { ask, type ChangeFacts, given, named, rollcall, type RunFacts } from "../api.ts";
import { ACTIONS, PUSH_ACTIONS, visible } from "../text.ts";
import { Badge } from "./badge.tsx";
import { Changes } from "./changes.tsx";
import { Filters } from "./filters.tsx";
import { List } from "./list.tsx";
import { say } from "../texts.ts";

/** Whom a run concerns; which of them stands in the address. */
export function RunPeople({ run }: { readonly run: RunFacts }) {
  const { query } = useLocation();
  const { action, reason, login, counted } = query;
  const { common, run: words } = say();
  const filter = { action, reason, login, counted };
  const isPush = "app" in run;
  const reasons = isPush ? say().accountReasons : say().reasons;
  return (
    <section aria-labelledby="people">
      <h2 id="people">{counted === "true" ? words.counted : words.people}</h2>
      <Filters
        of={[
          {
            name: "action",
            label: common.what,
            options: isPush ? PUSH_ACTIONS : ACTIONS,
            words: say().actions,
          },
          { name: "reason", label: common.why, options: Object.keys(reasons), words: reasons },
          { name: "login", label: words.loginBeginsWith },
          { name: "counted", label: words.countedBy, options: ["true"] },
        ]}
      />
      <List<ChangeFacts>
        ask={(after) =>
          ask(
            rollcall.runs[":run"].people.$get({
              ...named({ run: run.run }),
              query: given({ ...filter, limit: 50, after }),
            }),
          )
        }
        about={`${run.run} ${run.status} ${JSON.stringify(filter)}`}
        caption={words.peopleOf}
        columns={[common.what, common.who, common.why, words.changes]}
        empty={words.nobody}
        keyOf={({ seq }) => seq}
        Row={ChangeRow}
      />
    </section>
  );
}

/** Both have reasons of the same name that mean something else. */
function why(change: ChangeFacts): string {
  const { reasons, accountReasons } = say();
  const isOfImport = "dn" in change;
  const all: Readonly<Record<string, string>> = isOfImport ? reasons : accountReasons;
  return change.reason === null ? "" : (all[change.reason] ?? change.reason);
}

function ChangeRow({ of: change }: { readonly of: ChangeFacts }) {
  return (
    <tr>
      <td>
        <Badge of={change.action} />
      </td>
      <td>
        {change.login !== null && (
          <a href={`/console/people/${encodeURIComponent(change.login)}`}>{change.login}</a>
        )}
        <p class="quiet">{visible("dn" in change ? change.dn : (change.externalId ?? ""))}</p>
      </td>
      <td>
        {why(change)}
        {change.error !== null && (
          <span class="fault">
            {change.error.message} ({change.error.code})
          </span>
        )}
      </td>
      <td>
        <Changes of={change.changes} />
      </td>
    </tr>
  );
}
