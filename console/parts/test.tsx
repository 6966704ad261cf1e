import { useState } from "preact/hooks";
import { ask, type CheckFacts, rollcall } from "../api.ts";
import { visible } from "../text.ts";
import { say } from "../texts.ts";
import { Act } from "./act.tsx";
import { Badge } from "./badge.tsx";

/** Whether a directory or an app can be reached and answers as it should; asked when somebody wants to know. */
export function Test({ of }: { readonly of: string }) {
  const [found, setFound] = useState<CheckFacts["checks"] | null>(null);
  const test = async (): Promise<void> => {
    setFound(null);
    const { checks } = await ask(rollcall.check.$get());
    setFound(checks.filter(({ name }) => name === of));
  };
  return (
    <>
      <Act label={say().common.test} act={test} />
      <output>
        {found?.map(({ ok, message, cure, remarks }) => (
          <div key={message}>
            <Badge of={ok ? "SUCCESS" : "FAILURE"} /> {visible(message)}{" "}
            {cure !== null && <span class="quiet">{cure}</span>}
            <ul>
              {remarks.map((one) => (
                <li key={one}>{visible(one)}</li>
              ))}
            </ul>
          </div>
        ))}
      </output>
    </>
  );
}
