/** What a list shows, kept in the address: a link to it shows the same. */
import { useLocation } from "preact-iso";
import { say } from "../texts.ts";

export interface Filter {
  readonly name: string;
  readonly label: string;
  /** What can be chosen; absent: a text. */
  readonly options?: readonly string[];
  /** How options are told; one that is not among them as it is. */
  readonly words?: Readonly<Record<string, string>>;
}

export function Filters({ of }: { readonly of: readonly Filter[] }) {
  const { query, path, route } = useLocation();
  const apply = (event: Event): void => {
    event.preventDefault();
    const form = new FormData((event.currentTarget as Element).closest("form") ?? undefined);
    const given = [...form].filter(([, value]) => value !== "") as [string, string][];
    const text = new URLSearchParams(given).toString();
    route(text === "" ? path : `${path}?${text}`);
  };
  return (
    <search>
      <form class="filters" onSubmit={apply} key={JSON.stringify(query)}>
        {of.map(({ name, label, options, words }) => (
          <label key={name}>
            {label}
            {options === undefined ? (
              <input name={name} defaultValue={query[name] ?? ""} />
            ) : (
              <select name={name} onChange={apply}>
                <option value="">{say().common.all}</option>
                {options.map((one) => (
                  <option key={one} value={one} selected={query[name] === one}>
                    {words?.[one] ?? one}
                  </option>
                ))}
              </select>
            )}
          </label>
        ))}
        <button type="submit">{say().common.filter}</button>
      </form>
    </search>
  );
}
