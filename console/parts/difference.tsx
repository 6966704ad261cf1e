/** What another configuration would make of everybody of a directory. */
import type { OrderFacts } from "../api.ts";
import { number, people, value, visible } from "../text.ts";
import { say } from "../texts.ts";

export type DifferenceFacts = OrderFacts["directories"][number];

export function Difference({ of }: { readonly of: DifferenceFacts }) {
  const { directory, people: all, different, ...found } = of;
  const words = say().profileEditor;
  return (
    <div>
      <p>{words.wouldDiffer(directory, number(different), people(all))}</p>
      <ul>
        {Object.entries({ ...found.attributes, ...found.statuses }).map(
          ([attribute, { people: changed, examples }]) => (
            <li key={attribute}>
              {words.wouldGet(attribute, people(changed))}
              {examples.slice(0, 1).map(({ dn, from, to }) => (
                <span key={dn} class="quiet">
                  {" "}
                  ({visible(dn)}: <del>{value(from)}</del> → <ins>{value(to)}</ins>)
                </span>
              ))}
            </li>
          ),
        )}
        {Object.entries(found.cured).map(([code, { people: cured }]) => (
          <li key={code}>{words.wouldBeCured(people(cured))}</li>
        ))}
        {Object.entries(found.failures).map(([code, { people: failing, examples }]) => (
          <li key={code} class="fault">
            {words.wouldFail(people(failing), examples[0]?.message ?? code)}
          </li>
        ))}
      </ul>
    </div>
  );
}
