/**
 * Events to elsewhere: in the order of the System Log, at least once, one hook independent of the
 * others. A new hook begins with what happens from then on.
 */
import { claimLease } from "../engine/claim.ts";
import type { Engine } from "../engine/engine.ts";
import type { HookSettings, HookState } from "../model/hook.ts";
import { parseLogFilter } from "../store/filters/log-filter.ts";
import { transact } from "../store/database.ts";
import { fence, type Lease } from "../store/leases.ts";
import { hookState, saveHook } from "../store/hooks.ts";
import { queryLog, settledUntil } from "../store/system-log.ts";
import { sendEvents, verifyHook } from "./send.ts";

/** Of one request. */
const EVENTS = 100;
const FIRST_PATIENCE_MS = 5000;
const MOST_PATIENCE_MS = 3_600_000;
/** A cursor that moved although nothing fitted is written now and then only. */
const SAVE_EVERY_MS = 60_000;

export interface Delivered {
  /** How many events arrived. */
  readonly events: number;
  /** Why they did not; null: nothing failed. */
  readonly error: string | null;
}

/**
 * Works for one hook for as long as this process holds its claim.
 * @param told hears of every request, and of nothing to do as well
 * @throws RollcallError `run.busy` while another process works for it
 */
export async function deliverEvents(
  engine: Engine,
  hook: HookSettings,
  { source, told, signal }: Delivering,
): Promise<void> {
  await using claim = await claimLease(engine.store, `hook:${hook.name}`, engine.holder, signal);
  // Whoever corrected a hook does not wait for what was failing before.
  let state: HookState = { ...(await hookState(engine.store.db, hook.name)), notBefore: null };
  let savedAt = Date.now();
  while (!claim.signal.aborted) {
    const before = state;
    const result = await deliverOnce(engine, hook, { source, state, signal: claim.signal });
    state = result.state;
    if (claim.signal.aborted && result.error !== null) return;
    const isNews = state.failures !== before.failures || state.lastDelivery !== before.lastDelivery;
    const isNew = before.cursor === null;
    if (
      isNew ||
      isNews ||
      state.verified !== before.verified ||
      Date.now() > savedAt + SAVE_EVERY_MS
    ) {
      await save(engine, claim.lease, hook.name, state);
      savedAt = Date.now();
    }
    await told(result);
  }
  // One that is not configured any more was forgotten meanwhile, and stays so.
  const isKept = (await hookState(engine.store.db, hook.name)).cursor !== null;
  if (isKept) await save(engine, claim.lease, hook.name, state);
}

/** Only while the claim is ours: a process that slept must not put the cursor back. */
async function save(
  { store }: Engine,
  lease: Lease,
  name: string,
  state: HookState,
): Promise<void> {
  await transact(store, async (trx) => {
    await fence(trx, lease);
    await saveHook(trx, name, state);
  });
}

export interface Delivering {
  /** How the hook is named in what is sent. */
  readonly source: string;
  readonly told: (result: Delivered) => Promise<void>;
  readonly signal: AbortSignal;
}

async function deliverOnce(
  { store }: Pick<Engine, "store">,
  hook: HookSettings,
  {
    source,
    state,
    signal,
  }: { readonly source: string; readonly state: HookState; readonly signal: AbortSignal },
): Promise<Delivered & { readonly state: HookState }> {
  const before = await settledUntil(store);
  if (state.cursor === null) return { state: { ...state, cursor: before }, events: 0, error: null };
  if (state.notBefore !== null && Date.parse(state.notBefore) > Date.now())
    return { state, events: 0, error: null };
  if (hook.verify && state.verified !== hook.url) {
    const error = await verifyHook(hook, signal);
    if (error !== null) return { state: failed(state, error), events: 0, error };
    return { state: { ...recovered(state), verified: hook.url }, events: 0, error: null };
  }
  const filter = hook.filter === null ? null : parseLogFilter(hook.filter);
  const query = { filter, since: null, until: null, words: [], newestFirst: false };
  const page = { limit: EVENTS, after: state.cursor, before };
  const events = await queryLog(store.db, { ...query, ...page });
  const last = events.at(-1);
  // Whatever came until then and did not fit is done with.
  const cursor =
    events.length < EVENTS && before > state.cursor ? before : (last?.uuid ?? state.cursor);
  if (events.length === 0) return { state: { ...state, cursor }, events: 0, error: null };
  const error = await sendEvents(hook, source, events, signal);
  if (error !== null) return { state: failed(state, error), events: 0, error };
  const lastDelivery = new Date().toISOString();
  return { state: { ...recovered(state), cursor, lastDelivery }, events: events.length, error };
}

function failed(state: HookState, error: string): HookState {
  const failures = state.failures + 1;
  const patience = Math.min(MOST_PATIENCE_MS, FIRST_PATIENCE_MS * 2 ** Math.min(failures - 1, 20));
  return {
    ...state,
    failures,
    error,
    failingSince: state.failingSince ?? new Date().toISOString(),
    notBefore: new Date(Date.now() + patience).toISOString(),
  };
}

function recovered(state: HookState): HookState {
  return { ...state, failures: 0, failingSince: null, notBefore: null, error: null };
}
