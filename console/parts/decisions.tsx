/** What can be decided about a run, by whoever may. */
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { act, type RunFacts } from "../api.ts";
import { may } from "../session.ts";
import { kind, people } from "../text.ts";
import { Act } from "./act.tsx";
import { Confirm } from "./confirm.tsx";
import { counted, isDry } from "./run-row.tsx";

interface Deciding {
  readonly run: RunFacts;
  /** Asks for the run again. */
  readonly again: () => void;
}

export function Decisions({ run, again }: Deciding) {
  const isHeld = run.status === "held";
  return (
    <>
      {isHeld && may("approve") && <Approve run={run} again={again} />}
      {(isHeld || run.status === "running") && may("resume") && <Cancel run={run} again={again} />}
      {run.status === "done" && <Afterwards run={run} />}
    </>
  );
}

/** How many lose something by a held run, in words and as the number to type. */
function concerned(run: RunFacts): { readonly count: number; readonly what: string } {
  const removed = counted(run, "removed");
  if (removed > 0) return { count: removed, what: `${people(removed)} would be removed` };
  const changed = counted(run, "created") + counted(run, "updated");
  return { count: changed, what: `${people(changed)} would be created or changed` };
}

function Approve({ run, again }: Deciding) {
  const [isAsked, setAsked] = useState(false);
  const { count, what } = concerned(run);
  const close = (): void => {
    setAsked(false);
    again();
  };
  return (
    <>
      <button type="button" class="main" onClick={() => setAsked(true)}>
        Approve…
      </button>
      {isAsked && (
        <Confirm
          title={`Carry out this ${kind(run.kind).toLowerCase()} as it is shown?`}
          verb="Approve"
          count={count}
          act={() => act("POST", `/runs/${run.run}/approve`, {})}
          close={close}
        >
          <p>
            {what}. {run.held?.reason}
          </p>
        </Confirm>
      )}
    </>
  );
}

function Cancel({ run, again }: Deciding) {
  const [isAsked, setAsked] = useState(false);
  const isHeld = run.status === "held";
  const close = (): void => {
    setAsked(false);
    again();
  };
  return (
    <>
      <button type="button" onClick={() => setAsked(true)}>
        {isHeld ? "Cancel…" : "Stop…"}
      </button>
      {isAsked && (
        <Confirm
          title={isHeld ? "Drop this run?" : "Stop this run?"}
          verb={isHeld ? "Cancel the run" : "Stop the run"}
          count={null}
          act={() => act("POST", `/runs/${run.run}/cancel`, {})}
          close={close}
        >
          <p>{isHeld ? "Nothing of it is applied." : "It ends at the next safe point."}</p>
        </Confirm>
      )}
    </>
  );
}

/** After a dry run the same in earnest; after anything else, to put it back, seen first. */
function Afterwards({ run }: { readonly run: RunFacts }) {
  const { route } = useLocation();
  const goTo = async (begun: Promise<RunFacts>): Promise<void> => {
    route(`/console/runs/${(await begun).run}`);
  };
  const of = "app" in run ? { app: run.app } : { directory: run.directory };
  const repeat = () => goTo(act<RunFacts>("POST", "/runs", { ...of, kind: run.kind }));
  const revert = (dryRun: boolean) => () => {
    const of = isDry(run) && "reverts" in run ? (run.reverts ?? run.run) : run.run;
    return goTo(act<RunFacts>("POST", `/runs/${of}/revert`, { dryRun }));
  };
  if (run.kind === "revert")
    return isDry(run) && may("revert") ? <Act label="Put back now" act={revert(false)} /> : null;
  if (isDry(run)) return may("run") ? <Act label="Do it now" act={repeat} /> : null;
  return may("revert") ? <Act label="Put back (dry run first)" act={revert(true)} /> : null;
}
