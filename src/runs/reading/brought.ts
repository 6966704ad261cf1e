/** What a program brought is taken up by the import that reads it, and only then. */
import { RollcallError } from "../../model/errors.ts";
import { eraseSource, hasBrought, takeUpWaiting } from "../../store/source-entries.ts";
import { appendEvents } from "../../store/system-log.ts";
import { sourceEvent } from "../source-sessions.ts";
import type { RunContext } from "../record/context.ts";
import { write } from "../record/write.ts";

/**
 * Takes up the sessions that wait. Under the claim of the run nobody else does, so it reads one state of
 * the entries, however long it takes.
 * @returns whether anybody ever brought anything; of other directories true
 */
export async function takeUpBrought(context: RunContext): Promise<boolean> {
  const { name, settings } = context.directory;
  if (settings?.source.type !== "identity-source") return true;
  return await write(context, async (trx) => {
    const { isKnown, expired } = await takeUpWaiting(trx, name);
    const drafts = expired.map((id) => sourceEvent("system.import.session.expired", name, id));
    await appendEvents(trx, context.run.id, context.actor, drafts);
    return isKnown;
  });
}

/** @throws RollcallError `source.empty` where nobody brought anything: that is no proof of nobody */
export async function requireBrought(context: RunContext): Promise<void> {
  if (await takeUpBrought(context)) return;
  const { name } = context.directory;
  const message = `Nothing was brought to ${name} yet, so it is not known who is in it.`;
  throw new RollcallError("source.empty", message);
}

/**
 * A directory that was read from somewhere else: what programs brought before is no truth any more, should
 * it be an identity source again.
 */
export async function forgetBrought(context: RunContext): Promise<void> {
  const { name, settings } = context.directory;
  if (settings?.source.type === "identity-source") return;
  if (await hasBrought(context.engine.store.db, name))
    await write(context, (trx) => eraseSource(trx, name));
}
