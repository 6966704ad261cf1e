import { useLocation } from "preact-iso";
import { ask, type ChangeFacts, type PageOf, type RunFacts } from "../api.ts";
import { ACTIONS, REASONS, value, visible } from "../text.ts";
import { Badge } from "./badge.tsx";
import { Filters } from "./filters.tsx";
import { List } from "./list.tsx";

const COLUMNS = ["What", "Who", "Why", "Changes"];

/** Whom a run concerns; which of them stands in the address. */
export function RunPeople({ run }: { readonly run: RunFacts }) {
  const { query } = useLocation();
  const { action, reason, login, counted } = query;
  const filter = { action, reason, login, counted };
  return (
    <section aria-labelledby="people">
      <h2 id="people">{counted === "true" ? "Whom the safeguard counts" : "People"}</h2>
      <Filters
        of={[
          { name: "action", label: "What", options: ACTIONS },
          { name: "reason", label: "Why", options: Object.keys(REASONS) },
          { name: "login", label: "Login begins with" },
          { name: "counted", label: "Counted by the safeguard", options: ["true"] },
        ]}
      />
      <List<ChangeFacts>
        ask={(after) =>
          ask<PageOf<ChangeFacts>>(`/runs/${run.run}/people`, { ...filter, limit: 50, after })
        }
        about={`${run.run} ${run.status} ${JSON.stringify(filter)}`}
        caption="People of this run"
        columns={COLUMNS}
        empty="Nobody."
        keyOf={({ seq }) => seq}
        Row={ChangeRow}
      />
    </section>
  );
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
        <p class="quiet">{visible(change.dn)}</p>
      </td>
      <td>
        {change.reason !== null && REASONS[change.reason]}
        {change.error !== null && (
          <span class="fault">
            {change.error.message} ({change.error.code})
          </span>
        )}
      </td>
      <td>
        <ul class="plain">
          {change.changes.map((one) => (
            <li key={one.attribute}>
              {one.attribute}: <del>{value(one.from)}</del> → <ins>{value(one.to)}</ins>
            </li>
          ))}
        </ul>
      </td>
    </tr>
  );
}
