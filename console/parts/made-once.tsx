/** Something that is made here and shown once: whoever leaves the page makes another one. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Confirm } from "./confirm.tsx";
import { say } from "../texts.ts";

interface MadeOnceProps {
  readonly button: string;
  readonly title: string;
  readonly verb: string;
  /** What is to be done with it. */
  readonly about: string;
  readonly make: () => Promise<string>;
  readonly children: ComponentChildren;
}

export function MadeOnce({ button, title, verb, about, make, children }: MadeOnceProps) {
  const [isAsked, setAsked] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  return (
    <>
      <button type="button" onClick={() => setAsked(true)}>
        {button}
      </button>
      {isAsked && (
        <Confirm
          title={title}
          verb={verb}
          count={null}
          act={async () => setMade(await make())}
          close={() => setAsked(false)}
        >
          {children}
        </Confirm>
      )}
      {made !== null && (
        <output class="note">
          <p>{about}</p>
          <pre>
            <code>{made}</code>
          </pre>
          <button type="button" onClick={() => setMade(null)}>
            {say().settings.hide}
          </button>
        </output>
      )}
    </>
  );
}
