/**
 * Links that a person makes and cuts by hand, and entries that are set aside. Linking is a run like
 * an import of one entry: planned, judged, applied, and put back if need be; it reads the stored
 * app profile.
 */
import type { Engine } from "../engine/engine.ts";
import { decideOne, guarded } from "../engine/people/decide-one.ts";
import { findUser } from "../engine/people/find-user.ts";
import { loadRelations } from "../engine/people/relations.ts";
import { storedSighting } from "../engine/people/sightings.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { EventDraft } from "../model/event.ts";
import type { PlannedChange } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import type { LinkOrigin, User } from "../model/user.ts";
import { decideUnlink } from "../reconciler/decide-link.ts";
import type { DecisionContext, Known } from "../reconciler/decide.ts";
import {
  appUsersOfUsers,
  countPresent,
  findAppUser,
  type StoredAppUser,
} from "../store/app-users.ts";
import { noteLink } from "../store/links.ts";
import { appendEvents } from "../store/system-log.ts";
import { beginRun, newRun, settle, withClaim, type RunRequest } from "./begin.ts";
import { PlanBuilder } from "./plan/builder.ts";
import { concludePlan } from "./plan/conclude.ts";
import { recover } from "./plan/finish.ts";
import type { Claimed, RunContext } from "./record/context.ts";
import { noteJudging } from "./record/notes.ts";
import { Stopwatch } from "./record/stopwatch.ts";
import { write } from "./record/write.ts";

/** Where the entry is: its directory, and its identifier there or its DN. */
export interface EntryName {
  readonly directory: string;
  readonly id: string;
}

export interface LinkRequest extends RunRequest {
  /** A login or a user's id; null: a new user. */
  readonly who: string | null;
}

export interface UnlinkRequest extends RunRequest {
  /** A login or a user's id. */
  readonly who: string;
  /** Leaves the user's status as it is. */
  readonly keepStatus: boolean;
  /** The external id of the entry that is meant; absent: whichever it is. */
  readonly id?: string | null;
}

/**
 * Links an entry to a user, or makes a new user of it.
 * @throws RollcallError `link.entryNotFound`, `link.taken`, `user.notFound`, `run.busy`
 */
export async function linkEntry(
  engine: Engine,
  entry: EntryName,
  request: LinkRequest,
  by: AskedBy,
): Promise<Run> {
  const { who } = request;
  const link: LinkOrigin = { how: "manual", by: by.actor.displayName };
  return await withClaim(engine, entry.directory, by, (claimed) =>
    runOne(claimed, request, async (context) => {
      const appUser = await presentEntry(engine, entry);
      const user = who === null ? null : await findUser(engine.store.db, who);
      const links = user === null ? [] : await appUsersOfUsers(engine.store.db, [user.id]);
      requireFree(appUser, user, links);
      const known: Known = { ...(await knownOf(context, appUser, user, links)), link };
      return decideOne(decisionsOf(context), storedSighting(appUser), known);
    }),
  );
}

/**
 * Cuts the link between a user and an entry; the entry is set aside.
 * @throws RollcallError `link.none`, `user.notFound`, `run.busy`
 */
export async function unlinkEntry(
  engine: Engine,
  directory: string,
  request: UnlinkRequest,
  by: AskedBy,
): Promise<Run> {
  const { who, keepStatus } = request;
  const link = decidedNow("unlinked", by);
  return await withClaim(engine, directory, by, (claimed) =>
    runOne(claimed, request, async (context) => {
      const user = await findUser(engine.store.db, who);
      const links = await appUsersOfUsers(engine.store.db, [user.id]);
      const appUser = links.find((one) => one.directory === directory);
      if (appUser === undefined) {
        const linked = links.map((one) => one.directory).join(", ");
        const message = `${user.login} is not linked to ${directory}, but to ${linked === "" ? "no directory" : linked}.`;
        throw new RollcallError("link.none", message);
      }
      const meant = request.id ?? appUser.externalId;
      if (meant !== appUser.externalId) {
        const message = `${user.login} is linked to ${appUser.externalId} of ${directory} now, not to ${meant}.`;
        throw new RollcallError("link.none", message);
      }
      const known = { ...(await knownOf(context, appUser, user, links)), user };
      const decisions = decisionsOf(context);
      return guarded(decisions, storedSighting(appUser), known, () =>
        decideUnlink(decisions, { appUser, known, link, keepStatus }),
      );
    }),
  );
}

function decisionsOf({ engine, directory }: RunContext): DecisionContext {
  return { rules: engine.rules, directory: directory.rules };
}

function decidedNow(
  how: "ignored" | "unlinked",
  { actor }: AskedBy,
): LinkOrigin & { readonly by: string } {
  return { how, by: actor.displayName, at: new Date().toISOString() };
}

/** A run about one entry of a directory; what is wrong with the request is told before it begins. */
async function runOne(
  claimed: Claimed,
  request: RunRequest,
  decide: (context: RunContext) => Promise<PlannedChange>,
): Promise<Run> {
  await recover(claimed, !request.dryRun);
  const { engine, directory } = claimed;
  const context = newRun(claimed);
  const planned = await decide(context);
  await beginRun(context, "link", request);
  return await settle(context, async () => {
    const watch = new Stopwatch();
    watch.begin("judging");
    await using plan = new PlanBuilder(context);
    await plan.add(planned);
    await plan.finish();
    await noteJudging(context);
    const before = await countPresent(engine.store.db, directory.name);
    await concludePlan(context, plan, { read: 1, before }, watch);
  });
}

/** What is known about an entry and the user that it is to belong to. @param links of the user */
async function knownOf(
  { engine, directory, run }: RunContext,
  appUser: StoredAppUser,
  user: User | null,
  links: readonly StoredAppUser[],
): Promise<Known> {
  const configured = engine.rules.directories;
  const others = links.filter(
    (one) => one.directory !== directory.name && configured.has(one.directory),
  );
  const own = [appUser, ...others];
  const relations = (await loadRelations(engine, run.now, own))(own);
  return { appUser, user, others, matchProblem: null, link: null, relations };
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
 * takes that back. It is no run: nothing is planned, and nothing to be put back.
 * @throws RollcallError `link.taken`, `link.entryNotFound`, `run.busy`
 */
export async function setEntryAside(
  engine: Engine,
  entry: EntryName,
  undo: boolean,
  by: AskedBy,
): Promise<StoredAppUser> {
  return await withClaim(engine, entry.directory, by, async (claimed) => {
    await recover(claimed);
    const appUser = await presentEntry(engine, entry);
    if (appUser.userId !== null) {
      const message = `${appUser.dn} belongs to a user; cutting the link sets the entry aside.`;
      throw new RollcallError("link.taken", message);
    }
    const link = undo ? null : decidedNow("ignored", by);
    await write(claimed, async (trx) => {
      await noteLink(trx, appUser, link);
      await appendEvents(trx, null, by.actor, [asideEvent(appUser, undo)]);
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
