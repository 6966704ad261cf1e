/** What can be decided about a run, by whoever may. */
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { ask, named, rollcall, type RunFacts } from "../api.ts";
import { begin, requestOf } from "../begun.ts";
import { forget } from "../live.ts";
import { may } from "../session.ts";
import { number, people } from "../text.ts";
import { Act } from "./act.tsx";
import { Confirm } from "./confirm.tsx";
import { Question } from "./question.tsx";
import { isDry, kindOf } from "./run-row.tsx";
import { say } from "../texts.ts";

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

/** What it is held for, in words, and the number to type: whoever knows it has read whom. */
function concerned({ held }: RunFacts): { readonly count: number; readonly what: string } {
  if (held === null) return { count: 0, what: "" };
  const { removals: count, of, total } = held;
  const words = say().decisions;
  if (of === "memberships") return { count, what: words.memberships(number(count), number(total)) };
  if (of === "people read") return { count, what: words.missing(people(count), number(total)) };
  return { count, what: words.concerned(people(count), of) };
}

function Approve({ run, again }: Deciding) {
  const [isAsked, setAsked] = useState(false);
  const { count, what } = concerned(run);
  const words = say().decisions;
  const of = named({ run: run.run });
  const close = (): void => {
    setAsked(false);
    // What was told before is older than the answer that comes now.
    forget(run.run);
    again();
  };
  return (
    <>
      <button type="button" class="main" onClick={() => setAsked(true)}>
        {words.approve}
      </button>
      {isAsked && (
        <Confirm
          title={words.approveTitle(kindOf(run))}
          verb={words.approveVerb}
          count={count}
          act={() => ask(rollcall.runs[":run"].approve.$post({ ...of, json: {} }))}
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
  const words = say().decisions;
  const of = named({ run: run.run });
  const close = (): void => {
    setAsked(false);
    // What was told before is older than the answer that comes now.
    forget(run.run);
    again();
  };
  return (
    <>
      <button type="button" onClick={() => setAsked(true)}>
        {isHeld ? words.cancel : words.stop}
      </button>
      {isAsked && (
        <Confirm
          title={isHeld ? words.cancelTitle : words.stopTitle}
          verb={isHeld ? words.cancelVerb : words.stopVerb}
          count={null}
          act={() => ask(rollcall.runs[":run"].cancel.$post({ ...of, json: {} }))}
          close={close}
        >
          <p>{isHeld ? words.cancelAbout : words.stopAbout}</p>
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
  const words = say().decisions;
  const revert = (dryRun: boolean) => () => {
    const of = isDry(run) && "reverts" in run ? (run.reverts ?? run.run) : run.run;
    return goTo(
      ask(rollcall.runs[":run"].revert.$post({ ...named({ run: of }), json: { dryRun } })),
    );
  };
  if (run.kind === "revert")
    return isDry(run) && may("revert") ? (
      <Question
        button={words.putBack}
        title={words.putBackTitle}
        verb={words.putBackVerb}
        field={null}
        act={revert(false)}
      >
        <p>{words.putBackAbout}</p>
      </Question>
    ) : null;
  if (isDry(run))
    // By exactly the request of the dry run; of others, nobody here knows whom they were for.
    return request !== null && may("run") ? (
      <Act label={words.doItNow} act={() => goTo(begin({ ...request, dryRun: false }))} />
    ) : null;
  if (run.kind === "edit") return null;
  return may("revert") ? <Act label={words.putBackDryFirst} act={revert(true)} /> : null;
}
