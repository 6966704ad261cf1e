import { ask, type PageOf } from "../api.ts";
import { List } from "../parts/list.tsx";
import { Page } from "../parts/page.tsx";
import { When } from "../parts/when.tsx";
import { number } from "../text.ts";

interface Failing {
  readonly code: string;
  readonly field: string | null;
  readonly people: number;
  readonly since: string;
  readonly cure: string;
  readonly examples: readonly {
    readonly dn: string;
    readonly error: { readonly message: string };
  }[];
}

/** Who could not be updated, by cause, with what helps. */
export function Tasks() {
  return (
    <Page title="Tasks">
      <List<Failing>
        ask={(after) => ask<PageOf<Failing>>("/failing", { limit: 50, after })}
        about="failing"
        caption="People whose last update failed, by cause"
        columns={["Cause", "People", "Since", "What helps", "For example"]}
        empty="Nobody's last update failed."
        keyOf={({ code, field }) => `${code} ${field ?? ""}`}
        Row={FailingRow}
      />
    </Page>
  );
}

function FailingRow({ of: one }: { readonly of: Failing }) {
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
            {dn} <span class="fault">{error.message}</span>
          </>
        ))}
      </td>
    </tr>
  );
}
