import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { sleep } from "../lib/sleep.ts";
import { StopAsked, type AskedBy, type Progress, type ReportProgress } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { Store } from "../store/database.ts";
import {
  acquireLease,
  breakLease,
  isAsGoodAsFree,
  LEASE_SECONDS,
  leaseHolder,
  releaseLease,
  renewLease,
  type Lease,
} from "../store/leases.ts";

/**
 * A held lease, renewed until it is disposed of. Its signal aborts when the lease was lost, or when
 * somebody asked its holder to stop.
 */
export interface Claim extends AsyncDisposable {
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** Tells how far the holder is, to every process; at most once a second. */
  readonly report: ReportProgress;
}

/** Progress for whoever waits here, and for whoever looks from elsewhere. */
export function telling(
  by: Pick<AskedBy, "progress">,
  claim: Pick<Claim, "report">,
): ReportProgress {
  return (progress) => {
    by.progress(progress);
    claim.report(progress);
  };
}

/** This process as the holder of leases: host, process id, and when it began. */
export function processHolder(): string {
  return HOLDER;
}

/** The claims that this process holds. */
const alive = new Set<string>();

/** Once: computed again, the start would differ by a millisecond and look like another process. */
const STARTED_AT = new Date(Date.now() - process.uptime() * 1000).toISOString();
const HOLDER = `${hostname()} process ${process.pid}, started ${STARTED_AT}`;

/**
 * Claims a directory for a run.
 * @throws RollcallError `run.busy` if another process, or another run of this one, has it
 */
export async function claimDirectory(
  store: Store,
  directory: string,
  holder: string,
  signal: AbortSignal,
): Promise<Claim> {
  return await claimLease(store, `directory:${directory}`, holder, signal);
}

/**
 * Takes a lease and keeps it renewed. @param name what it is for, a colon, a directory
 * @throws RollcallError `run.busy` if another process, or another part of this one, has it
 */
export async function claimLease(
  store: Store,
  name: string,
  holder: string,
  signal: AbortSignal,
): Promise<Claim> {
  const directory = name.slice(name.indexOf(":") + 1);
  const owner = randomUUID();
  // Before the row is there, so that nobody else in this process takes it for a dead one's.
  alive.add(owner);
  const wanted = { name, holder, owner };
  const taken = await takeInTurn(store, wanted, signal).catch((error: unknown) => {
    alive.delete(owner);
    throw error;
  });
  if (!("fence" in taken)) {
    alive.delete(owner);
    const until = taken.expiresAt.toISOString();
    const message = `${directory} is in use by a run of ${taken.holder}. If that process no longer lives, its claim ends at ${until}.`;
    throw new RollcallError("run.busy", message);
  }
  return keepRenewed(store, taken, signal);
}

interface Wanted {
  readonly name: string;
  readonly holder: string;
  readonly owner: string;
}

const TIDYING_MS = 10_000;
const LOOK_AGAIN_MS = 100;

/**
 * Takes a lease. A run that is seen as ended, or held, has its claim for a moment yet: who decides about
 * it then is not told that somebody else is at work.
 */
async function takeInTurn(
  store: Store,
  wanted: Wanted,
  signal: AbortSignal,
): ReturnType<typeof acquireLease> {
  const until = Date.now() + TIDYING_MS;
  for (;;) {
    const taken = await takeLease(store, wanted);
    if ("fence" in taken || signal.aborted || Date.now() > until) return taken;
    if (!(await isAsGoodAsFree(store.db, wanted.name))) return taken;
    await sleep(LOOK_AGAIN_MS, signal);
  }
}

/** Takes a lease, also from somebody who is certainly dead. */
async function takeLease(
  store: Store,
  { name, holder, owner }: Wanted,
): ReturnType<typeof acquireLease> {
  const taken = await acquireLease(store.db, name, holder, owner);
  if ("fence" in taken || !holderIsGone(store, taken, holder)) return taken;
  await breakLease(store.db, name, taken);
  return await acquireLease(store.db, name, holder, owner);
}

interface Asking {
  readonly store: Store;
  readonly holder: string;
}

/** Whether a run of the directory is under way: somebody holds the claim who is not certainly dead. */
export async function isClaimed(asking: Asking, directory: string): Promise<boolean> {
  return (await claimedBy(asking, directory)) !== null;
}

/** Which process works on a directory now, in words; null: none that is not certainly dead. */
export async function claimedBy(
  { store, holder: self }: Asking,
  directory: string,
): Promise<string | null> {
  const lease = await leaseHolder(store.db, `directory:${directory}`);
  return lease === null || holderIsGone(store, lease, self) ? null : lease.holder;
}

/**
 * Whether the holder of a lease certainly is dead: nobody but this process can have the embedded
 * database open, and a process of this host can be looked for.
 */
function holderIsGone(
  store: Store,
  { holder: other, owner }: { readonly holder: string; readonly owner: string },
  self: string,
): boolean {
  // A claim of this process that nobody in it holds could not be given back, because the
  // database was away.
  if (other === self) return !alive.has(owner);
  if (store.kind === "embedded") return true;
  const match = /^(.*) process (\d+), started /.exec(other);
  if (match === null || match[1] !== hostname()) return false;
  if (Number(match[2]) === process.pid) return true;
  try {
    process.kill(Number(match[2]), 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

const RENEWALS = 3;
const TELL_EVERY_MS = 1000;
const FAREWELL_MS = 5000;
/** So many times in turn the same question had no answer: the database is silent. */
const SILENCE = 2 * RENEWALS;

function keepRenewed(store: Store, lease: Lease, signal: AbortSignal): Claim {
  const lost = new AbortController();
  let renewing: Promise<void> | null = null;
  const renew = async (progress: Progress | null = null): Promise<void> => {
    try {
      const stopBy = await renewLease(store.db, lease, progress);
      if (stopBy !== null) lost.abort(new StopAsked(stopBy));
    } catch (error) {
      // A database that is away for a moment is no loss; the fence decides at the next write.
      if (error instanceof RollcallError) lost.abort(error);
    } finally {
      renewing = null;
    }
  };
  // Asked for by itself: a renewal may wait for a long transaction of ours, which locks the row.
  // Counted and not timed, so that a process that was asleep does not take its sleep for silence.
  let asking = false;
  let unanswered = 0;
  const ask = (): void => {
    asking = true;
    const answered = (): number => (unanswered = 0);
    void store
      .ping()
      .then(answered, () => undefined)
      .finally(() => (asking = false));
  };
  const timer = setInterval(
    () => {
      if (++unanswered > SILENCE) {
        const seconds = (SILENCE * LEASE_SECONDS) / RENEWALS;
        const message = `The database did not answer for ${seconds} seconds.`;
        lost.abort(new RollcallError("database.silent", message));
        store.abandon();
      }
      if (!asking) ask();
      renewing ??= renew();
    },
    (LEASE_SECONDS * 1000) / RENEWALS,
  );
  let told = 0;
  // What is told late must not renew what was given back.
  let closed = false;
  return {
    lease,
    signal: AbortSignal.any([signal, lost.signal]),
    report: (progress) => {
      if (closed || renewing !== null || Date.now() < told + TELL_EVERY_MS) return;
      told = Date.now();
      renewing = renew(progress);
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      clearInterval(timer);
      alive.delete(lease.owner);
      await giveBack(store, lease, renewing);
    },
  };
}

/** A database that is silent just now must not keep us; the lease ends by itself. */
async function giveBack(store: Store, lease: Lease, renewing: Promise<void> | null): Promise<void> {
  const release = async (): Promise<void> => {
    if (renewing !== null) await renewing;
    await releaseLease(store.db, lease);
  };
  const patience = new AbortController();
  const released = release().catch(() => undefined);
  await Promise.race([released, sleep(FAREWELL_MS, patience.signal)]);
  patience.abort();
}
