/** The reading phase of a full import: everybody is read, and what that means is planned. */
import { LinkedUsers } from "../../engine/people/linked-users.ts";
import { expiredIds } from "../../engine/people/expiry.ts";
import type { DirectorySession } from "../../agent/directory.ts";
import { scopeFingerprint } from "../../engine/fingerprint.ts";
import { mayRepeat } from "../../model/directory.ts";
import { RollcallError } from "../../model/errors.ts";
import type { Mark } from "../../model/incremental.ts";
import { countPresent, isUnknownDirectory } from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import { settleContested } from "../plan/contested.ts";
import { settleReferrers } from "../plan/referrers.ts";
import type { Considered } from "../plan/conclude.ts";
import type { ReadingContext, RunContext } from "../record/context.ts";
import { note, noteJudging } from "../record/notes.ts";
import { LazyAbsence } from "./absence.ts";
import { Census } from "./census.ts";
import { planEntries, type Planning } from "./entries.ts";
import { readAllObjects } from "./groups.ts";
import { readMoved } from "./moved.ts";
import { VanishedContainers } from "./vanished.ts";
import { planRemovals } from "./leavers.ts";
import { SettledEntries } from "./settled.ts";
import { mayStay, planWhoIsWho } from "./who-is-who.ts";

/** Of so many, the first people are read while those who are known as they are come from the database. */
const MANY = 20_000;

/**
 * Reads all people and plans what to do with each; after them groups and containers.
 * @throws RollcallError if the read was not proven complete
 */
export async function readEverybody(
  context: ReadingContext,
  plan: PlanBuilder,
): Promise<Considered> {
  const { engine, directory, signal } = context;
  const { name, settings } = directory;
  const { db } = engine.store;
  const [before, nobodyKnown, due] = await Promise.all([
    countPresent(db, name),
    isUnknownDirectory(db, name),
    expiredIds(engine, name, settings.source.users),
  ]);
  await using session = await (await engine.openDirectory(name)).open(signal);
  await session.changes?.begin(await earlierMark(context));
  await using settled = nobodyKnown ? null : new SettledEntries(context, before.own);
  // Few are there in no time, and an embedded database answers one question after the other.
  if (before.own < MANY || engine.store.kind === "embedded") await settled?.loaded();
  const census = new Census(mayRepeat(settings.source));
  const linked = new LinkedUsers();
  const planning = {
    plan,
    census,
    linked,
    due,
    nobodyKnown,
    settled,
    total: before.own > 0 ? before.own : null,
  };
  // Those whom the searches show, and those who moved meanwhile.
  const shown = await readPeople(context, session, planning);
  const moved = census.known < before.own ? await readMoved(context, session, planning) : 0;
  // Nobody is looked up any more: what follows needs the connection, and not the memory.
  await settled?.[Symbol.asyncDispose]();
  const read = shown + moved;
  const { counts: groups, vanished: containers } = await readAllObjects(context, session, null);
  const mark = session.changes?.mark() ?? null;
  await noteJudging(context, { server: session.server, groups, mark, way: mark?.way ?? null });
  const closed = census.close();
  const replaced = await planWhoIsWho(context, plan, closed, linked);
  const gone = before.own - closed.known;
  if (gone > 0) {
    await using absence = new LazyAbsence(context, gone);
    const isGone = (id: string): boolean => closed.isGone(id);
    const vanished = new VanishedContainers(containers, census.peopled, closed.movedPlaces);
    const leaving = { replaced, absence, vanished, mayStay: mayStay(closed, true) };
    await planRemovals(context, plan, { ...leaving, isGone, total: before.own });
    plan.noteVanished(vanished.list());
  }
  await plan.finish();
  await settleReferrers(context, plan, census.moved);
  await settleContested(context, plan, {
    ids: closed.contested,
    neverCounted: closed.neverCounted,
    users: [...linked.contested],
  });
  return { read, before };
}

/** @throws RollcallError `ldap.connectionLost` if nothing proves that it was everybody */
async function readPeople(
  context: ReadingContext,
  session: DirectorySession,
  planning: Planning,
): Promise<number> {
  let read: number;
  try {
    read = await planEntries(context, session.people(), planning);
  } finally {
    await noteEvidence(context, session);
  }
  if (session.evidence().complete) return read;
  const message = `The read of ${context.directory.name} ended without proof that it is complete.`;
  throw new RollcallError("ldap.connectionLost", message);
}

/** How far the read came, also where it failed; then its own error is what counts. */
async function noteEvidence(context: RunContext, session: DirectorySession): Promise<void> {
  await note(context, { evidence: session.evidence() }).catch(() => undefined);
}

async function earlierMark({ engine, directory }: ReadingContext): Promise<Mark | null> {
  const checkpoint = await readCheckpoint(engine.store.db, directory.name);
  const same = checkpoint?.scope === scopeFingerprint(directory.settings.source);
  return same ? checkpoint.mark : null;
}
