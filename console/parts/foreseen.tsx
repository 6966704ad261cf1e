/** What a decision about one entry would change, before it is made. */
import type { Foreseen } from "../begun.ts";
import { say } from "../texts.ts";
import { Changes } from "./changes.tsx";

export function WouldChange({ of: { changes, held } }: { readonly of: Foreseen }) {
  const words = say().decisions;
  return (
    <>
      {changes.map(({ seq, changes: values }) => (
        <Changes key={seq} of={values} />
      ))}
      {changes.every(({ changes: values }) => values.length === 0) && <p>{words.changesNothing}</p>}
      {held !== null && <p class="note">{words.wouldWait(held)}</p>}
    </>
  );
}
