/** What a program brought is taken up by the import that reads it, and only then. */
import { RollcallError } from "../../model/errors.ts";
import { eraseSource, hasBrought, takeUpWaiting } from "../../store/source-entries.ts";
import type { ReadingContext } from "../record/context.ts";
import { write } from "../record/write.ts";

/**
 * Takes up the sessions that wait. Under the claim of the import nobody else does, so it reads one state of
 * the entries, however long it takes.
 * @throws RollcallError `source.empty` where nobody brought anything: that is no proof of nobody
 */
export async function takeUpBrought(context: ReadingContext): Promise<void> {
  const { name, settings } = context.directory;
  if (settings.source.type === "identity-source") {
    const isKnown = await write(context, (trx) => takeUpWaiting(trx, name));
    if (isKnown) return;
    const message = `Nothing was brought to ${name} yet, so it is not known who is in it.`;
    throw new RollcallError("source.empty", message);
  }
  // It is read from somewhere else now: what was brought before is no truth any more, should it change back.
  if (await hasBrought(context.engine.store.db, name))
    await write(context, (trx) => eraseSource(trx, name));
}
