import { useLocation } from "preact-iso";
import { askOkta, given, type ListedEvent } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { Filters } from "../parts/filters.tsx";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { value } from "../text.ts";
import { say } from "../texts.ts";

/** What happens outside runs; the transaction of anything else is a run. */
const IS_OF_NO_RUN = /^(?:user\.session|system\.(?:api_token|configuration))\./;

/** What Okta's documents have administrators look for. */
const QUERIES = [
  ["failed", 'eventType eq "app.user_management.update_from_master_failed"'],
  ["held", 'eventType eq "system.import.roadblock"'],
  ["deactivated", 'eventType eq "user.lifecycle.deactivate"'],
  ["configuration", 'eventType eq "system.configuration.update"'],
] as const;

export function SystemLog() {
  const { q, filter, since, until } = useLocation().query;
  const { navigation, logs } = say();
  const asked = { q, filter, since, until };
  return (
    <Page title={navigation.logs}>
      <Filters
        of={[
          { name: "q", label: logs.words },
          { name: "filter", label: logs.filter },
          { name: "since", label: logs.since },
          { name: "until", label: logs.until },
        ]}
      />
      <ul class="plain">
        {QUERIES.map(([name, ready]) => (
          <li key={name}>
            <a href={`/console/logs?filter=${encodeURIComponent(ready)}`}>{logs.queries[name]}</a>
          </li>
        ))}
      </ul>
      <p class="actions">
        {(["csv", "jsonl"] as const).map((format) => (
          <a key={format} href={exportOf({ ...asked, format })} download>
            {logs.exports[format]}
          </a>
        ))}
      </p>
      <List<ListedEvent>
        ask={(after) =>
          askOkta<ListedEvent>("/logs", { ...asked, sortOrder: "DESCENDING", limit: 50, after })
        }
        about={JSON.stringify(asked)}
        caption={logs.caption}
        columns={[logs.time, logs.event, logs.actor, logs.target, logs.outcome]}
        empty={logs.none}
        keyOf={({ uuid }) => uuid}
        Row={EventRow}
      />
    </Page>
  );
}

/** The same events as a file. */
function exportOf(query: Readonly<Record<string, string | undefined>>): string {
  return `/api/rollcall/v1/logs/export?${new URLSearchParams(given<Record<string, string>>(query)).toString()}`;
}

function EventRow({ of: event }: { readonly of: ListedEvent }) {
  return (
    <tr>
      <td>
        <When at={event.published} />
      </td>
      <td>
        <details>
          <summary>{event.displayMessage}</summary>
          <p class="quiet">
            {event.eventType} ·{" "}
            {!IS_OF_NO_RUN.test(event.eventType) && (
              <a href={`/console/runs/${event.transaction.id}`}>
                {say().logs.run(event.transaction.id)}
              </a>
            )}
          </p>
          <dl>
            {Object.entries(event.debugContext.debugData).flatMap(([name, one]) => [
              <dt key={name}>{name}</dt>,
              <dd key={`${name} value`}>{value(one)}</dd>,
            ])}
          </dl>
        </details>
      </td>
      <td>{event.actor.displayName}</td>
      <td>{(event.target ?? []).map(({ displayName }) => displayName).join(", ")}</td>
      <td>
        <Badge of={event.outcome.result} /> {event.outcome.reason}
      </td>
    </tr>
  );
}
