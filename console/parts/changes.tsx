/** What becomes of values, each before and after. */
import type { ChangeFacts } from "../api.ts";
import { value } from "../text.ts";
import { say } from "../texts.ts";

type Changes = ChangeFacts["changes"];

export function Changes({ of }: { readonly of: Changes }) {
  return (
    <ul class="plain">
      {of.map(({ attribute, from, to }) => (
        <li key={attribute}>
          {attribute}: <del>{shown(attribute, from)}</del> → <ins>{shown(attribute, to)}</ins>
        </li>
      ))}
    </ul>
  );
}

/** A status by its name; no attribute of a profile is called so. */
function shown(attribute: string, of: unknown): string {
  return (attribute === "status" ? say().states[String(of)] : undefined) ?? value(of);
}
