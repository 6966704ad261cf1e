/**
 * Puts back what a run did to profiles and statuses, person by person. It is a run like any other:
 * planned, judged for the access that it takes away, applied in batches, and resumed after a crash.
 */
import type { Engine } from "../engine/engine.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import { decideRevert } from "../reconciler/decide-revert.ts";
import { countPresent } from "../store/app-users.ts";
import { wholeRevertOf } from "../store/runs.ts";
import { countUndoable, undoableAfter } from "../store/undo.ts";
import { usersByIds } from "../store/users.ts";
import { beginRun, newRun, settle, withClaim, type RunRequest } from "./begin.ts";
import { PlanBuilder } from "./plan/builder.ts";
import { concludePlan } from "./plan/conclude.ts";
import { recover } from "./plan/finish.ts";
import type { RunContext } from "./record/context.ts";
import { noteJudging, requireRun } from "./record/notes.ts";
import { Stopwatch } from "./record/stopwatch.ts";

const PAGE = 1000;
const DAY = 86_400_000;

/**
 * @throws RollcallError `run.notFinished`, `run.alreadyReverted`, `run.undoExpired`, or `run.busy`
 */
export async function revertRun(
  engine: Engine,
  id: string,
  request: RunRequest,
  by: AskedBy,
): Promise<Run> {
  const { directory } = await revertible(engine, id);
  return await withClaim(engine, directory, by, async (claimed) => {
    for (const resumed of await recover(claimed, !request.dryRun)) {
      // Somebody wanted the same before, and was interrupted.
      if (resumed.reverts === id && resumed.status === "done" && !request.dryRun) return resumed;
    }
    const target = await revertible(engine, id); // as it is now that nobody else can touch it
    const context = newRun(claimed);
    await beginRun(context, "revert", request, target.id);
    return await settle(context, () => runRevert(context, target));
  });
}

interface Target {
  readonly id: string;
  readonly directory: string;
  /** People whom it changed. */
  readonly total: number;
}

async function revertible(engine: Engine, id: string): Promise<Target> {
  const run = await requireRun({ engine }, id);
  const { directory, status, dryRun, finishedAt } = run;
  if (run.kind === "edit") {
    const message = `The run ${run.id} is an edit of one user by hand, which another edit undoes.`;
    throw new RollcallError("run.notFinished", message);
  }
  if (dryRun || directory === null || finishedAt === null || status === "cancelled") {
    const what = dryRun ? "was a dry run" : `is ${status}`;
    const message = `The run ${run.id} ${what}; there is nothing to put back.`;
    throw new RollcallError("run.notFinished", message);
  }
  const { undoDays } = engine.retention;
  if (Date.now() - Date.parse(finishedAt) > undoDays * DAY) {
    const message = `The run ${run.id} ended at ${finishedAt}; runs can be put back for ${undoDays} days (history.undoDays).`;
    throw new RollcallError("run.undoExpired", message);
  }
  const { all: total, without } = await countUndoable(engine.store.db, run.id);
  if (without > 0) {
    const message = `Of ${without} of the ${total} people whom the run ${run.id} changed, it is not kept what they were before.`;
    throw new RollcallError("run.undoExpired", message);
  }
  const before = await wholeRevertOf(engine.store.db, run.id);
  if (before !== null) {
    const message = `The run ${run.id} was put back by the run ${before} already.`;
    throw new RollcallError("run.alreadyReverted", message);
  }
  return { id: run.id, directory, total };
}

async function runRevert(context: RunContext, target: Target): Promise<void> {
  const { engine, directory } = context;
  const { db } = engine.store;
  const watch = new Stopwatch();
  watch.begin("reading");
  await using plan = new PlanBuilder(context);
  const { total } = target;
  let read = 0;
  for (let after = -1; ;) {
    context.signal.throwIfAborted();
    const page = await undoableAfter(db, target, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) break;
    const ids = page.map((one) => one.userId);
    const users = new Map((await usersByIds(db, ids)).map((user) => [user.id, user]));
    for (const one of page) {
      await plan.add(decideRevert({ ...one, user: users.get(one.userId) ?? null }));
    }
    after = last.seq;
    read += page.length;
    context.progress({ directory: directory.name, phase: "reading", done: read, total });
  }
  await plan.finish();
  await noteJudging(context);
  watch.begin("judging");
  const before = await countPresent(db, directory.name);
  await concludePlan(context, plan, { read, before }, watch);
}
