/** Cuts the link between a person and an entry; what that would change is shown first. */
import { useState } from "preact/hooks";
import { ask, named, rollcall, type ChangeFacts } from "../api.ts";
import { changesOf } from "../begun.ts";
import { Act } from "./act.tsx";
import { Changes } from "./changes.tsx";
import { Confirm } from "./confirm.tsx";
import { say } from "../texts.ts";

interface UnlinkProps {
  readonly login: string;
  readonly directory: string;
  /** Of the entry that is meant. */
  readonly id: string;
  readonly done: () => void;
}

export function Unlink({ login, directory, id, done }: UnlinkProps) {
  const [seen, setSeen] = useState<readonly ChangeFacts[] | null>(null);
  const words = say().person;
  const unlink = async (dryRun: boolean) =>
    await ask(
      rollcall.users[":user"].unlink.$post({
        ...named({ user: login }),
        json: { directory, id, dryRun },
      }),
    );
  const look = async (): Promise<void> => setSeen(await changesOf(await unlink(true)));
  return (
    <>
      <Act label={words.unlink(directory)} act={look} />
      {seen !== null && (
        <Confirm
          title={words.unlinkTitle(login, directory)}
          verb={words.unlinkVerb}
          count={null}
          act={async () => {
            try {
              await changesOf(await unlink(false));
            } finally {
              // Whether it was done or not, if that is not known: the page says how it is.
              done();
            }
          }}
          close={() => setSeen(null)}
        >
          <p>{words.unlinkAbout}</p>
          {seen.map(({ seq, changes }) => (
            <Changes key={seq} of={changes} />
          ))}
          {seen.every(({ changes }) => changes.length === 0) && <p>{words.unlinkChangesNothing}</p>}
        </Confirm>
      )}
    </>
  );
}
