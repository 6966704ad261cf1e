/** Cuts the link between a person and an entry; what that would change is shown first. */
import { useState } from "preact/hooks";
import { ask, named, rollcall, type ChangeFacts } from "../api.ts";
import { value } from "../text.ts";
import { changesOf } from "../begun.ts";
import { Act } from "./act.tsx";
import { Confirm } from "./confirm.tsx";
import { say } from "../texts.ts";

interface UnlinkProps {
  readonly login: string;
  readonly directory: string;
  readonly done: () => void;
}

export function Unlink({ login, directory, done }: UnlinkProps) {
  const [seen, setSeen] = useState<readonly ChangeFacts[] | null>(null);
  const words = say().person;
  const unlink = async (dryRun: boolean) =>
    await ask(
      rollcall.users[":user"].unlink.$post({
        ...named({ user: login }),
        json: { directory, dryRun },
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
            await changesOf(await unlink(false));
            done();
          }}
          close={() => setSeen(null)}
        >
          <p>{words.unlinkAbout}</p>
          <ul>
            {seen.flatMap(({ changes }) =>
              changes.map((one) => (
                <li key={one.attribute}>
                  {one.attribute}: <del>{value(one.from)}</del> → <ins>{value(one.to)}</ins>
                </li>
              )),
            )}
          </ul>
          {seen.every(({ changes }) => changes.length === 0) && <p>{words.unlinkChangesNothing}</p>}
        </Confirm>
      )}
    </>
  );
}
