/** Cuts the link between a person and an entry; what that would change is shown first. */
import { useState } from "preact/hooks";
import { ask, named, rollcall } from "../api.ts";
import { foreseen, requireDone, type Foreseen } from "../begun.ts";
import { Act } from "./act.tsx";
import { Confirm } from "./confirm.tsx";
import { WouldChange } from "./foreseen.tsx";
import { say } from "../texts.ts";

interface UnlinkProps {
  readonly login: string;
  readonly directory: string;
  /** Of the entry that is meant. */
  readonly id: string;
  readonly done: () => void;
}

export function Unlink({ login, directory, id, done }: UnlinkProps) {
  const [seen, setSeen] = useState<Foreseen | null>(null);
  const words = say().person;
  const unlink = async (dryRun: boolean) =>
    await ask(
      rollcall.users[":user"].unlink.$post({
        ...named({ user: login }),
        json: { directory, id, dryRun },
      }),
    );
  const look = async (): Promise<void> => setSeen(await foreseen(await unlink(true)));
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
              await requireDone(await unlink(false));
            } finally {
              // Whether it was done or not, if that is not known: the page says how it is.
              done();
            }
          }}
          close={() => setSeen(null)}
        >
          <p>{words.unlinkAbout}</p>
          <WouldChange of={seen} />
        </Confirm>
      )}
    </>
  );
}
