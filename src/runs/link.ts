import type { Engine, RunContext } from "../engine/engine.ts";
import { decideOne, guarded } from "../engine/people/decide-one.ts";
import { loadAround } from "../engine/people/relations.ts";
import { storedSighting } from "../engine/people/sightings.ts";
/**
 * Links that a person makes and cuts by hand, and entries that are set aside. Linking is a run like
 * an import of one entry: planned, judged, applied, and put back if need be; it reads the stored
 * app profile.
 */
import { RollcallError } from "../model/errors.ts";
import type { EventDraft } from "../model/event.ts";
import type { PlannedChange } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import type { LinkOrigin, User } from "../model/user.ts";
import { findUser } from "../questions/user-view.ts";
import { decideUnlink } from "../reconciler/decide-link.ts";
import type { Known } from "../reconciler/decide.ts";
import { claimsLogin } from "../reconciler/writes.ts";
import {
  appUsersOfUsers,
  countPresent,
  findAppUser,
  type StoredAppUser,
} from "../store/app-users.ts";
import { transact } from "../store/database.ts";
import { fence } from "../store/leases.ts";
import { noteLink } from "../store/links.ts";
import { appendEvents } from "../store/system-log.ts";
import { beginRun, settle, withContext, type RunRequest } from "./import.ts";
import { PlanBuilder } from "./plan/builder.ts";
import { concludePlan } from "./plan/conclude.ts";
import { recover, Stopwatch } from "./record/end.ts";

/** Where the entry is: its directory, and its identifier there or its DN. */
export interface EntryName {
  readonly directory: string;
  readonly id: string;
}

/**
 * Links an entry to a user, or makes a new user of it.
 * @param who a login or a user's id; null: a new user
 * @throws RollcallError `link.entryNotFound`, `link.taken`, `user.notFound`, `run.busy`
 */
export async function linkEntry(
  engine: Engine,
  entry: EntryName,
  who: string | null,
  request: RunRequest,
): Promise<Run> {
  const link: LinkOrigin = { how: "manual", by: request.actor.displayName };
  return await runOne(engine, entry.directory, request, async (context) => {
    const appUser = await presentEntry(engine, entry);
    const user = who === null ? null : await findUser(engine.store.db, who);
    const links = user === null ? [] : await appUsersOfUsers(engine.store.db, [user.id]);
    requireFree(appUser, user, links);
    const known: Known = { ...(await knownOf(context, appUser, user, links)), link };
    const rules = { rules: engine.rules, directory: context.directory };
    const planned = decideOne(rules, storedSighting(appUser), known);
    return { planned, claims: claimsLogin(planned, user) };
  });
}

/**
 * Cuts the link between a user and an entry; the entry is set aside.
 * @throws RollcallError `link.none`, `user.notFound`, `run.busy`
 */
export async function unlinkEntry(
  engine: Engine,
  who: string,
  directory: string,
  request: RunRequest & { readonly keepStatus: boolean },
): Promise<Run> {
  const link = decidedNow("unlinked", request);
  return await runOne(engine, directory, request, async (context) => {
    const user = await findUser(engine.store.db, who);
    const links = await appUsersOfUsers(engine.store.db, [user.id]);
    const appUser = links.find((one) => one.directory === directory);
    if (appUser === undefined) {
      const linked = links.map((one) => one.directory).join(", ");
      const message = `${user.login} is not linked to ${directory}, but to ${linked === "" ? "no directory" : linked}.`;
      throw new RollcallError("link.none", message);
    }
    const known = { ...(await knownOf(context, appUser, user, links)), user };
    const rules = { rules: engine.rules, directory: context.directory };
    const planned = guarded(rules, storedSighting(appUser), known, () =>
      decideUnlink(rules, appUser, known, link, request.keepStatus),
    );
    return { planned, claims: claimsLogin(planned, user) };
  });
}

interface Decided {
  readonly planned: PlannedChange;
  readonly claims: boolean;
}

function decidedNow(
  how: "ignored" | "unlinked",
  { actor }: Pick<RunRequest, "actor">,
): LinkOrigin & { readonly by: string } {
  return { how, by: actor.displayName, at: new Date().toISOString() };
}

/** A run about one entry of a directory; what is wrong with the request is told before it begins. */
async function runOne(
  engine: Engine,
  directory: string,
  request: RunRequest,
  decide: (context: RunContext) => Promise<Decided>,
): Promise<Run> {
  return await withContext(engine, directory, request, async (context) => {
    await recover(context, !request.dryRun);
    const { planned, claims } = await decide(context);
    await beginRun(context, "link", request);
    return await settle(context, async () => {
      const watch = new Stopwatch();
      watch.begin("deciding");
      await using plan = new PlanBuilder(context);
      await plan.add(planned, claims);
      await plan.finish();
      const before = await countPresent(engine.store.db, directory);
      await concludePlan(context, plan, { read: 1, before }, watch);
    });
  });
}

/** What is known about an entry and the user that it is to belong to. @param links of the user */
async function knownOf(
  context: RunContext,
  appUser: StoredAppUser,
  user: User | null,
  links: readonly StoredAppUser[],
): Promise<Known> {
  const { engine, directory, now } = context;
  const configured = engine.rules.directories;
  const others = links.filter(
    (one) => one.directory !== directory.name && configured.has(one.directory),
  );
  const own = [appUser, ...others];
  const around = (await loadAround(engine, now, own))(own);
  return { appUser, user, others, matchProblem: null, link: null, around };
}

/** Each entry has one user, and each user one entry of a directory. */
function requireFree(
  { dn, directory, userId }: StoredAppUser,
  user: User | null,
  links: readonly StoredAppUser[],
): void {
  const what = `${dn} of ${directory}`;
  if (userId !== null) {
    const whom = userId === user?.id ? user.login : "another user";
    throw new RollcallError("link.taken", `${what} is linked to ${whom} already.`);
  }
  const twin = links.find((one) => one.directory === directory);
  if (user !== null && twin !== undefined)
    throw new RollcallError(
      "link.taken",
      `${user.login} is linked to ${twin.dn} of ${directory} already.`,
    );
}

async function presentEntry(
  { store }: Pick<Engine, "store">,
  { directory, id }: EntryName,
): Promise<StoredAppUser> {
  const appUser = await findAppUser(store.db, directory, id);
  if (appUser !== null && appUser.status !== "removed") return appUser;
  const gone =
    appUser === null ? "has imported nobody with" : "does not show any more the entry with";
  const message = `${directory} ${gone} the identifier or DN ${id}.`;
  throw new RollcallError("link.entryNotFound", message);
}

/**
 * Sets an entry without a user aside, so that imports leave it alone and nobody is told of it; or
 * takes that back. @throws RollcallError `link.taken`, `link.entryNotFound`, `run.busy`
 */
export async function setEntryAside(
  engine: Engine,
  entry: EntryName,
  undo: boolean,
  request: Pick<RunRequest, "actor" | "signal" | "progress" | "note">,
): Promise<StoredAppUser> {
  return await withContext(engine, entry.directory, request, async (context) => {
    await recover(context, true);
    const appUser = await presentEntry(engine, entry);
    if (appUser.userId !== null) {
      const message = `${appUser.dn} belongs to a user; \`rollcall users unlink\` cuts the link and sets the entry aside.`;
      throw new RollcallError("link.taken", message);
    }
    const link = undo ? null : decidedNow("ignored", request);
    await transact(engine.store, async (trx) => {
      await fence(trx, context.lease);
      await noteLink(trx, appUser, link);
      await appendEvents(trx, context.runId, request.actor, [asideEvent(appUser, undo)]);
    });
    return appUser;
  });
}

function asideEvent({ externalId, dn, directory }: StoredAppUser, undo: boolean): EventDraft {
  return {
    eventType: undo ? "application.account.decision.revoke" : "application.account.decision.ignore",
    severity: "INFO",
    outcome: { result: "SUCCESS" },
    target: [
      { id: externalId, type: "AppUser", alternateId: dn, displayName: dn },
      { id: directory, type: "AppInstance", alternateId: directory, displayName: directory },
    ],
    debugData: { AppName: directory },
  };
}
