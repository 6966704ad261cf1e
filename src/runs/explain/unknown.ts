/** Why there is no such user: somebody who was not imported, not matched, refused, or renamed. */
import { RollcallError } from "../../model/errors.ts";
import { cureOf } from "../../model/errors.ts";
import { loginKey, type LinkOrigin, type User } from "../../model/user.ts";
import { dnKey } from "../../agent/dn.ts";
import { evaluateMapping } from "../../mapping/mapping.ts";
import type { AppProfile } from "../../model/entry.ts";
import { NOTHING_AROUND, scopeOf } from "../../reconciler/facts.ts";
import { findAppUser, type StoredAppUser } from "../../store/app-users.ts";
import { linkOf } from "../../store/links.ts";
import { queryLog } from "../../store/system-log.ts";
import { entriesWithoutUser } from "../../store/unmatched.ts";
import { usersByIds } from "../../store/users.ts";
import type { Engine } from "../context.ts";
import { livePeople } from "../preview-people.ts";
import { shellWord } from "../../lib/shell.ts";
import type { Cause, Stage } from "../../model/explanation.ts";
import { stateOf } from "./facts.ts";
import { importState, linkText } from "./stages.ts";

export interface Unknown {
  readonly stages: readonly Stage[];
  readonly cause: Cause;
}

/** The user whom an external id or a DN belongs to; or the entry, if it has none. */
export async function findByEntry(
  { store, rules }: Engine,
  who: string,
): Promise<{ readonly user: User | null; readonly entry: StoredAppUser | null }> {
  let entry: StoredAppUser | null = null;
  for (const name of rules.directories.keys()) {
    const found = await findAppUser(store.db, name, who);
    if (found === null) continue;
    const [user = null] = found.userId === null ? [] : await usersByIds(store.db, [found.userId]);
    if (user !== null) return { user, entry: found };
    if (found.status !== "removed") entry ??= found;
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
  const renamed = await formerUser(engine, who);
  if (renamed !== null) return { stages: [], cause: renamed };
  const stages: Stage[] = [];
  for (const name of engine.rules.directories.keys()) {
    const { stage, cause } = live
      ? await askFor(engine, name, who, signal)
      : { stage: await stateStage(engine, name), cause: null };
    stages.push(stage);
    if (cause !== null) return { stages, cause };
  }
  const names = [...engine.rules.directories.keys()].join(", ");
  const sentence = live
    ? `Nobody with this login, external id or DN is in the scope of ${names}: the person does not exist there, is outside users.base or users.filter, or is mapped to another login.`
    : `There is no user ${who}, and ${names} has imported nobody with this login, external id or DN. With --live the directories are asked now.`;
  const command = live ? "rollcall check" : `rollcall explain ${shellWord(who)} --live`;
  return { stages, cause: { code: "notImported", stage: "scope", sentence, command } };
}

/** An imported entry without a user whose mapping gives this login. */
async function entryByLogin(engine: Engine, who: string): Promise<StoredAppUser | null> {
  const wanted = loginKey(who);
  for (const entry of await entriesWithoutUser(engine.store.db)) {
    if (mappedLogin(engine, entry.directory, entry.profile) === wanted) return entry;
  }
  return null;
}

/** The key of the login that a directory's mapping gives; null if it gives none. */
function mappedLogin({ rules }: Engine, name: string, profile: AppProfile): string | null {
  const mapping = rules.directories.get(name)?.mappings.get("login");
  if (mapping === undefined) return null;
  const links = new Map([[name, profile]]);
  const scope = scopeOf(rules, name, { links, user: null, around: NOTHING_AROUND });
  const value = evaluateMapping(mapping, scope);
  return typeof value === "string" ? loginKey(value) : null;
}

async function explainEntry(engine: Engine, entry: StoredAppUser): Promise<Unknown> {
  const { directory, dn, externalId, error } = entry;
  const link = await linkOf(engine.store.db, directory, externalId);
  const found = `${dn} (${externalId})`;
  const where = `${directory} ${shellWord(externalId)}`;
  const stages: Stage[] = [
    { stage: "scope", directory, ok: true, text: found },
    { stage: "appProfile", directory, ok: true, text: `${Object.keys(entry.profile).length} attributes are kept` }, // prettier-ignore
    { stage: "link", directory, ok: false, text: linkState(entry, link) },
  ];
  const command = "rollcall imports unmatched";
  if (entry.setAside) {
    const sentence = `A person set ${dn} aside, so it belongs to nobody: ${linkState(entry, link)}.`;
    return { stages, cause: { code: "setAside", stage: "link", sentence, command: `rollcall imports ignore ${where} --undo` } }; // prettier-ignore
  }
  if (error === null) {
    const sentence = `${dn} was imported, but no matching rule of ${directory} finds a user, and the directory may not create one (onNoMatch: ignore).`;
    return { stages, cause: { code: "noMatch", stage: "link", sentence, command: `rollcall imports confirm ${where}` } }; // prettier-ignore
  }
  if (error.code === "match.ambiguous" || error.code === "notUniqueWithinOrgAppId") {
    const sentence = `${dn} was imported, but it is not certain whose it is: ${error.message} ${cureOf(error.code)} Or decide by hand.`;
    return { stages, cause: { code: "ambiguous", stage: "link", sentence, command } };
  }
  const all = [error, ...(error.others ?? [])];
  const text = all.map(({ code, field, message }) => `${field}: ${message} (${code})`).join("; ");
  stages.push({ stage: "validation", directory, ok: false, text });
  const sentence = `${dn} was imported, but no user could be made of it: ${error.message} [${error.code}, ${error.field}] ${cureOf(error.code)}`;
  return { stages, cause: { code: "cannotBeCreated", stage: "validation", sentence, command: `rollcall preview ${directory} --user ${shellWord(externalId)}` } }; // prettier-ignore
}

function linkState({ error }: StoredAppUser, link: LinkOrigin | null): string {
  if (link !== null && (link.how === "ignored" || link.how === "unlinked")) return linkText(link);
  return error === null ? "linked to no user" : `linked to no user: ${error.message}`;
}

/** Somebody who had this login once. */
async function formerUser({ store }: Engine, who: string): Promise<Cause | null> {
  const filter = {
    kind: "compare",
    path: "target.alternateId",
    operator: "eq",
    value: who,
  } as const;
  const query = { filter, since: null, until: null, words: [], limit: 20, newestFirst: true, after: null }; // prettier-ignore
  const events = await queryLog(store.db, query);
  const target = events.flatMap((event) => event.target).find((one) => one.type === "User" && one.alternateId === who); // prettier-ignore
  if (target === undefined) return null;
  const [user] = await usersByIds(store.db, [target.id]);
  if (user === undefined) {
    const [last] = events;
    const sentence = `There was a user ${who}, who was deleted; the last event about it is of ${last?.published ?? "unknown"}.`;
    return { code: "notImported", stage: "written", sentence, command: `rollcall logs --filter 'target.id eq "${target.id}"' --since 3650d` }; // prettier-ignore
  }
  const sentence = `The user who had the login ${who} is ${user.login} now.`;
  return { code: "renamed", stage: "written", sentence, command: `rollcall explain ${shellWord(user.login)}` }; // prettier-ignore
}

async function stateStage(engine: Engine, directory: string): Promise<Stage> {
  const { ok, text } = importState(await stateOf(engine, directory));
  const users = engine.settings.get(directory)?.source.users;
  const below = users === undefined || users.bases.length === 0 ? "" : ` below ${users.bases.join(" and ")}`; // prettier-ignore
  return { stage: "directory", directory, ok, text: `${text}, by ${users?.filter ?? ""}${below}` };
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
      const sentence = `${found.dn} is in the scope of ${directory} and was not imported yet; the next import takes it up.`;
      const command = `rollcall import ${directory}`;
      const text = `asked now: ${found.dn} (${found.id}) is there`;
      return {
        stage: { stage, directory, ok: true, text },
        cause: { code: "waitsForImport", stage, sentence, command },
      };
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
