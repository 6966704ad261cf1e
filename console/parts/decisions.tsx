/** What can be decided about a run, by whoever may. */
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { act, type RunFacts } from "../api.ts";
import { begin, requestOf } from "../begun.ts";
import { forget } from "../live.ts";
import { may } from "../session.ts";
import { kind, number, people } from "../text.ts";
import { Act } from "./act.tsx";
import { Confirm } from "./confirm.tsx";
import { Question } from "./question.tsx";
import { isDry } from "./run-row.tsx";

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

const WORDS: Readonly<Record<string, string>> = {
  removals: "would be removed",
  deactivations: "would lose their account in the app",
  updates: "would be changed",
  logins: "would get another login",
  grants: "would get access back",
  failures: "could not be updated any more",
};

/** What it is held for, in words, and the number to type: whoever knows it has read whom. */
function concerned({ held }: RunFacts): { readonly count: number; readonly what: string } {
  if (held === null) return { count: 0, what: "" };
  const { removals: count, of, total } = held;
  if (of === "memberships")
    return { count, what: `${number(count)} of ${number(total)} memberships would go` };
  if (of === "people read")
    return { count, what: `${people(count)} of ${number(total)} are missing in the read` };
  return { count, what: `${people(count)} ${WORDS[of] ?? "are concerned"}` };
}

function Approve({ run, again }: Deciding) {
  const [isAsked, setAsked] = useState(false);
  const { count, what } = concerned(run);
  const close = (): void => {
    setAsked(false);
    // What was told before is older than the answer that comes now.
    forget(run.run);
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
    // What was told before is older than the answer that comes now.
    forget(run.run);
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
  const request = requestOf(run.run);
  const revert = (dryRun: boolean) => () => {
    const of = isDry(run) && "reverts" in run ? (run.reverts ?? run.run) : run.run;
    return goTo(act<RunFacts>("POST", `/runs/${of}/revert`, { dryRun }));
  };
  if (run.kind === "revert")
    return isDry(run) && may("revert") ? (
      <Question
        button="Put back…"
        title="Put back as it is shown?"
        verb="Put back"
        field={null}
        act={revert(false)}
      >
        <p>Whoever was changed by something else since is left out.</p>
      </Question>
    ) : null;
  if (isDry(run))
    // By exactly the request of the dry run; of others, nobody here knows whom they were for.
    return request !== null && may("run") ? (
      <Act label="Do it now" act={() => goTo(begin({ ...request, dryRun: false }))} />
    ) : null;
  if (run.kind === "edit") return null;
  return may("revert") ? <Act label="Put back (dry run first)" act={revert(true)} /> : null;
}
