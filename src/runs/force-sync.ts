/**
 * A force sync: the To-Okta mappings are applied again to the app profiles that are kept, with
 * the same decisions as in an import. It reads no directory, so it cannot tell who has left.
 */
import { IdSet } from "../lib/id-set.ts";
import { mapAhead } from "../lib/ahead.ts";
import type { Run } from "../model/run.ts";
import type { Sighting } from "../reconciler/decide.ts";
import { claimsLogin } from "../reconciler/writes.ts";
import {
  appUsersByIds,
  countPresent,
  presentAfter,
  type StoredAppUser,
} from "../store/app-users.ts";
import { concludePlan } from "./conclude-plan.ts";
import type { Engine, RunContext } from "./context.ts";
import { decideOne, writesNothing } from "./decide-one.ts";
import { beginRun, settle, withContext, type RunRequest } from "./import.ts";
import { noteMapped } from "./note-mapped.ts";
import { loadKnown, type KnownPeople } from "./known.ts";
import { Stopwatch } from "./lifecycle.ts";
import { PlanBuilder } from "./plan-builder.ts";
import { planGone, planRemovals } from "./plan-leavers.ts";

const PAGE = 1000;
const IN_FLIGHT = 2;

export interface SyncRequest extends RunRequest {
  /** Only these app users; null: all of the directory. */
  readonly externalIds: readonly string[] | null;
}

export async function forceSync(engine: Engine, name: string, request: SyncRequest): Promise<Run> {
  return await withContext(engine, name, request, async (context) => {
    await beginRun(context, "force-sync", request);
    const run = await settle(context, () => runSync(context, request));
    if (run.status === "done" && !run.dryRun && engine.settings.has(name))
      await noteMapped(context, request.externalIds);
    return run;
  });
}

async function runSync(context: RunContext, request: SyncRequest): Promise<void> {
  const { engine, settings } = context;
  const { store } = engine;
  const watch = new Stopwatch();
  watch.begin("deciding");
  const plan = new PlanBuilder(context);
  const before = await countPresent(store.db, settings.name);
  const configured = engine.settings.has(settings.name);
  const read = configured
    ? await planAll(context, request, plan)
    : await planDisconnect(context, request, plan, before.own);
  await plan.finish();
  await concludePlan(context, plan, { read, before }, watch);
}

/** A directory that is not configured any more has no mappings: its links end, the values stay. */
async function planDisconnect(
  context: RunContext,
  { externalIds }: SyncRequest,
  plan: PlanBuilder,
  total: number,
): Promise<number> {
  const leaving = { replaced: new Set<string>(), absences: DISCONNECTED };
  if (externalIds !== null) {
    await planGone(context, plan, externalIds, leaving);
    return externalIds.length;
  }
  await planRemovals(context, plan, { isGone: () => true }, leaving, total);
  return total;
}

const DISCONNECTED = { of: () => Promise.resolve(() => "disconnected" as const) };

async function planAll(
  context: RunContext,
  request: SyncRequest,
  plan: PlanBuilder,
): Promise<number> {
  const { engine, settings, directory } = context;
  const { db } = engine.store;
  const linked = new IdSet(Date.now());
  const total = request.externalIds?.length ?? (await countPresent(db, settings.name)).own;
  const look = async (
    page: readonly StoredAppUser[],
  ): Promise<{ page: readonly StoredAppUser[]; known: KnownPeople }> => {
    return { page, known: await loadKnown(context, directory, page.map(toSighting), page, linked) };
  };
  let read = 0;
  for await (const { page, known } of mapAhead(pages(context, request), IN_FLIGHT, look)) {
    context.signal.throwIfAborted();
    for (const appUser of page) {
      const sighting = toSighting(appUser);
      const person = known.of(sighting);
      const planned = decideOne({ rules: engine.rules, directory }, sighting, person);
      if (writesNothing(planned, appUser.hash)) plan.count(planned.action);
      else await plan.add(planned, claimsLogin(planned, person.user));
    }
    read += page.length;
    context.progress({ directory: settings.name, phase: "comparing", done: read, total });
  }
  return read;
}

async function* pages(
  context: RunContext,
  request: SyncRequest,
): AsyncGenerator<readonly StoredAppUser[]> {
  const { engine, settings } = context;
  const { db } = engine.store;
  if (request.externalIds !== null) {
    const chosen = await appUsersByIds(db, settings.name, request.externalIds);
    yield chosen.filter((appUser) => appUser.status !== "removed");
    return;
  }
  for (let after = ""; ;) {
    const page = await presentAfter(db, settings.name, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last.externalId;
  }
}

/** The stored app user as if it had just been read. An entry that could not be kept stays as it is. */
function toSighting({ externalId: id, dn, status, profile, hash }: StoredAppUser): Sighting {
  return { id, dn, hash, profile, disabled: status === "disabled" };
}
