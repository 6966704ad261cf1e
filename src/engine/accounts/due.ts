import { checksum } from "../../lib/checksum.ts";
import { nextRetry } from "../../store/accounts.ts";
import { appState, lastChanges } from "../../store/app-states.ts";
import { listPushes } from "../../store/pushes.ts";
import { configuredApp } from "../apps.ts";
import type { Engine } from "../engine.ts";

/** Everybody is compared so often, whatever is known of changes. */
const WHOLE_EVERY_MS = 10 * 60_000;

/** Changes with whatever a push of an app may have to look at: users, links, groups, the configuration. */
export async function changeMark(engine: Engine, app: string): Promise<string> {
  const { settings } = configuredApp(engine.apps, app);
  const groups = checksum(JSON.stringify(settings.pushGroups));
  return `${engine.appFingerprintOf(app)} ${groups} ${await lastChanges(engine.store.db)}`;
}

/**
 * Whether a push by itself has something to look at: users, links, groups or assignments changed,
 * or something is to be tried again. Not while the app is paused, asks for patience, or a push of it
 * waits for a person. @param now milliseconds since 1970
 */
export async function isPushDue(engine: Engine, app: string, now: number): Promise<boolean> {
  const { db } = engine.store;
  const { paused, notBefore, seen, fullAt } = await appState(db, app);
  if (paused !== null || (notBefore !== null && notBefore > now)) return false;
  const [held] = await listPushes(db, { app, status: "held", limit: 1 });
  if (held !== undefined) return false;
  if (seen === null || fullAt === null || now - fullAt.getTime() > WHOLE_EVERY_MS) return true;
  if (seen !== (await changeMark(engine, app))) return true;
  const retry = await nextRetry(db, app);
  return retry !== null && retry.getTime() <= now;
}
