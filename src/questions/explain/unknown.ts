/** Why there is no such user: somebody who was not imported, not matched, refused, or renamed. */
import { formerDirectories } from "../../engine/directories.ts";
import { stateOf } from "../../engine/directory-state.ts";
import type { Engine } from "../../engine/engine.ts";
import { livePeople } from "../../engine/people/sightings.ts";
import { sentences } from "../../lib/sentences.ts";
import { shellWord } from "../../lib/shell.ts";
import { dnKey } from "../../model/dn.ts";
import { cureOf, RollcallError } from "../../model/errors.ts";
import type { Cause, Stage } from "../../model/explanation.ts";
import { loginKey, type LinkOrigin, type User } from "../../model/user.ts";
import type { Sighting } from "../../reconciler/decide.ts";
import { appUsersByIds, findAppUser, type StoredAppUser } from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import { failingEntries } from "../../store/failing.ts";
import { linkOf } from "../../store/links.ts";
import { queryLog } from "../../store/system-log.ts";
import { entriesWithoutUser } from "../../store/unmatched.ts";
import { usersByIds } from "../../store/users.ts";
import { mappedLogin, matchedUsers, refusal, UNCERTAIN, undecided } from "./entries.ts";
import { importState, linkText } from "./stages.ts";

export interface Unknown {
  readonly stages: readonly Stage[];
  readonly cause: Cause;
}

/** The user whom an external id or a DN belongs to; or the entry, if it has none. */
export async function findByEntry(
  engine: Engine,
  who: string,
): Promise<{ readonly user: User | null; readonly entry: StoredAppUser | null }> {
  const { db } = engine.store;
  const former = (await formerDirectories(engine)).map((one) => one.directory);
  let entry: StoredAppUser | null = null;
  for (const name of [...engine.rules.directories.keys(), ...former]) {
    // A name may be written in other ways than the directory writes it, an identifier in other case.
    for (const text of new Set([who, dnKey(who), who.toLowerCase()])) {
      const found = await findAppUser(db, name, text);
      if (found === null) continue;
      const [user = null] = found.userId === null ? [] : await usersByIds(db, [found.userId]);
      if (user !== null) return { user, entry: found };
      if (found.status !== "removed") entry ??= found;
    }
  }
  return { user: null, entry };
}

/** @param entry an app user that is known to be meant, but has no user */
export async function explainUnknown(
  engine: Engine,
  who: string,
  entry: StoredAppUser | null,
  live: boolean,
  signal: AbortSignal,
): Promise<Unknown> {
  const meant = entry ?? (await entryByLogin(engine, who));
  if (meant !== null) return await explainEntry(engine, meant);
  const known = (await formerUser(engine, who)) ?? (await unusableEntry(engine, who));
  if (known !== null && !live) return { stages: [], cause: known };
  const { stages, cause } = await askAll(engine, who, live, signal);
  const told = cause ?? known;
  if (told !== null) return { stages, cause: told };
  const names = [...engine.rules.directories.keys()].join(", ");
  const sentence = live
    ? `Nobody with this login, external id or DN is in the scope of ${names}: the person does not exist there, is outside users.base or users.filter, or is mapped to another login.`
    : `There is no user ${who}, and ${names} has imported nobody with this login, external id or DN. With --live the directories are asked now.`;
  const command = live ? "rollcall check" : `rollcall explain ${shellWord(who)} --live`;
  return { stages, cause: { code: "notImported", stage: "scope", sentence, command } };
}

/** What the directories say, as they were read or, live, as they are; the first one that shows the person. */
async function askAll(
  engine: Engine,
  who: string,
  live: boolean,
  signal: AbortSignal,
): Promise<{ readonly stages: readonly Stage[]; readonly cause: Cause | null }> {
  const stages: Stage[] = [];
  let failed: Cause | null = null;
  for (const name of engine.rules.directories.keys()) {
    const { stage, cause } = live
      ? await askFor(engine, name, who, signal)
      : { stage: await stateStage(engine, name), cause: null };
    stages.push(stage);
    // Another directory may show the person.
    if (cause?.code === "directoryFails") failed ??= cause;
    else if (cause !== null) return { stages, cause };
  }
  return { stages, cause: failed };
}

/** An entry that could not be kept at all: it has no identifier, or none of its own. */
async function unusableEntry(
  { store: { db }, directories }: Engine,
  who: string,
): Promise<Cause | null> {
  for (const directory of directories.keys()) {
    const checkpoint = await readCheckpoint(db, directory);
    if (checkpoint === null) continue;
    const entries = await failingEntries(db, directory, checkpoint.runId, MOST);
    const found = entries.find((one) => dnKey(one.dn) === dnKey(who));
    if (found === undefined) continue;
    const { code, field, message } = found.error;
    const sentence = sentences(
      `${found.dn} was read from ${directory}, but cannot be kept: ${message.replace(/\.$/, "")} [${code}, ${field}]`,
      cureOf(code),
    );
    return {
      code: "cannotBeCreated",
      stage: "appProfile",
      sentence,
      command: "rollcall users failing",
    };
  }
  return null;
}

const MOST = 10_000;

/** An imported entry without a user whose mapping gives this login. */
async function entryByLogin(engine: Engine, who: string): Promise<StoredAppUser | null> {
  const wanted = loginKey(who);
  for (const directory of engine.rules.directories.keys()) {
    for await (const page of entriesWithoutUser(engine.store.db, directory)) {
      const entry = page.find((one) => mappedLogin(engine, directory, one.profile) === wanted);
      if (entry !== undefined) return entry;
    }
  }
  return null;
}

async function explainEntry(engine: Engine, entry: StoredAppUser): Promise<Unknown> {
  const { directory, dn, externalId, error } = entry;
  const link = await linkOf(engine.store.db, directory, externalId);
  const found = `${dn} (${externalId})`;
  const where = `${directory} ${shellWord(externalId)}`;
  const stages: Stage[] = [
    { stage: "scope", directory, ok: true, text: found },
    {
      stage: "appProfile",
      directory,
      ok: true,
      text: `${Object.keys(entry.profile).length} attributes are kept`,
    },
    { stage: "link", directory, ok: false, text: linkState(entry, link) },
  ];
  const command = "rollcall imports unmatched";
  if (entry.setAside) {
    const sentence = `A person set ${dn} aside, so it belongs to nobody: ${linkState(entry, link)}.`;
    return {
      stages,
      cause: {
        code: "setAside",
        stage: "link",
        sentence,
        command: `rollcall imports ignore ${where} --undo`,
      },
    };
  }
  if (error === null) {
    const cause = await undecided(engine, entry, (await matchedUsers(engine, entry)).length > 0);
    return { stages, cause };
  }
  if (UNCERTAIN.has(error.code)) {
    const sentence = sentences(
      `${dn} was imported, but it is not certain whose it is: ${error.message}`,
      cureOf(error.code),
      "Or decide by hand",
    );
    return { stages, cause: { code: "ambiguous", stage: "link", sentence, command } };
  }
  const all = [error, ...(error.others ?? [])];
  const text = all.map(({ code, field, message }) => `${field}: ${message} (${code})`).join("; ");
  stages.push({ stage: "validation", directory, ok: false, text });
  return { stages, cause: await refusal(engine, entry, error) };
}

function linkState({ error }: StoredAppUser, link: LinkOrigin | null): string {
  if (link !== null && (link.how === "ignored" || link.how === "unlinked")) return linkText(link);
  return error === null ? "linked to no user" : `linked to no user: ${error.message}`;
}

/** Somebody who had this login once, written as it was then or in small letters. */
async function formerUser({ store }: Engine, who: string): Promise<Cause | null> {
  const items = [...new Set([who, loginKey(who)])].map((value) => {
    return { kind: "compare", path: "target.alternateId", operator: "eq", value } as const;
  });
  const filter = { kind: "or", items } as const;
  const query = {
    filter,
    since: null,
    until: null,
    words: [],
    limit: 20,
    newestFirst: true,
    after: null,
  };
  const events = await queryLog(store.db, query);
  const target = events
    .flatMap((event) => event.target)
    .find((one) => one.type === "User" && loginKey(one.alternateId) === loginKey(who));
  if (target === undefined) return null;
  const [user] = await usersByIds(store.db, [target.id]);
  if (user === undefined) {
    const [last] = events;
    const sentence = `There was a user ${who}, who was deleted; the last event about it is of ${last?.published ?? "unknown"}.`;
    return {
      code: "notImported",
      stage: "written",
      sentence,
      command: `rollcall logs --filter 'target.id eq "${target.id}"' --since 3650d`,
    };
  }
  const sentence = `The user who had the login ${who} is ${user.login} now.`;
  return {
    code: "renamed",
    stage: "written",
    sentence,
    command: `rollcall explain ${shellWord(user.login)}`,
  };
}

async function stateStage(engine: Engine, directory: string): Promise<Stage> {
  const { ok, text } = importState(await stateOf(engine, directory));
  const users = engine.directories.get(directory)?.source.users;
  const below =
    users === undefined || users.bases.length === 0 ? "" : ` below ${users.bases.join(" and ")}`;
  return { stage: "directory", directory, ok, text: `${text}, by ${users?.filter ?? ""}${below}` };
}

/** Somebody whom the directory shows now, and who is no user under that name. */
async function foundLive(engine: Engine, directory: string, { id, dn }: Sighting): Promise<Cause> {
  const { db } = engine.store;
  const command = `rollcall import ${directory} --full`;
  const [stored] = await appUsersByIds(db, directory, [id]);
  const [user] = stored?.userId == null ? [] : await usersByIds(db, [stored.userId]);
  const { held } = await stateOf(engine, directory);
  const waits =
    held === null ? null : `A run of ${directory} is held, and nothing of it is applied`;
  const cure = held === null ? command : `rollcall imports show ${held.id}`;
  if (user !== undefined) {
    const sentence = sentences(
      `${dn} of ${directory} belongs to ${user.login}; the entry was changed since it was imported, so the name that was asked for is not known yet`,
      waits,
    );
    return { code: "appProfileOld", stage: "appProfile", sentence, command: cure };
  }
  const onNoMatch = engine.rules.directories.get(directory)?.onNoMatch;
  const then =
    onNoMatch === "ignore"
      ? "links it if a matching rule finds its user (onNoMatch: ignore)"
      : "takes it up";
  const sentence = sentences(
    `${dn} is in the scope of ${directory} and was not imported yet; the next import ${then}`,
    waits,
  );
  return { code: "waitsForImport", stage: "directory", sentence, command: cure };
}

/** Asks a directory whether it shows somebody who would get this login, or has this name. */
async function askFor(
  engine: Engine,
  directory: string,
  who: string,
  signal: AbortSignal,
): Promise<{ readonly stage: Stage; readonly cause: Cause | null }> {
  const stage = "directory";
  const [login, place] = [loginKey(who), dnKey(who)];
  let people = 0;
  try {
    for await (const { sightings, unusable } of livePeople(engine, directory, signal)) {
      people += sightings.length + unusable.length;
      const found = sightings.find(
        ({ id, dn, profile }) =>
          id === who || dnKey(dn) === place || mappedLogin(engine, directory, profile) === login,
      );
      if (found === undefined) continue;
      const text = `asked now: ${found.dn} (${found.id}) is there`;
      const cause = await foundLive(engine, directory, found);
      return { stage: { stage, directory, ok: true, text }, cause };
    }
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
    const { code, message, cure } = thrown;
    const sentence = `${directory} cannot be read now: ${message} ${cure}`;
    return {
      stage: { stage, directory, ok: false, text: `asked now: ${message} (${code})` },
      cause: { code: "directoryFails", stage, sentence, command: "rollcall check" },
    };
  }
  const text = `asked now: none of its ${people} people`;
  return { stage: { stage, directory, ok: false, text }, cause: null };
}
