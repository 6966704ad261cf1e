/** No directory's word counts for an attribute, or for the user at all: why not? */
import type { Engine } from "../../engine/engine.ts";
import { sentences } from "../../lib/sentences.ts";
import { shellWord } from "../../lib/shell.ts";
import type { Cause } from "../../model/explanation.ts";
import { REASONS } from "../../model/run.ts";
import { appUsersByIds } from "../../store/app-users.ts";
import { lastChangeOf, lastCutOf, lastRemovalOf, type CutLink } from "../../store/history.ts";
import type { Candidates } from "./candidates.ts";
import type { LinkedAppUser, UserFacts } from "./gather.ts";
import { cutCause } from "./not-linked.ts";

export async function nobodyGives(
  facts: UserFacts,
  attribute: string,
  { order, others }: Candidates,
): Promise<Cause | null> {
  const { user } = facts;
  const who = shellWord(user.login);
  if (order === "okta") {
    const sentence = `${attribute} is edited here (profile.overrides.${attribute}: okta), so no directory changes it.`;
    return {
      code: "editedHere",
      stage: "priority",
      sentence,
      command: `rollcall users set ${who} ${attribute}=VALUE`,
    };
  }
  const removed = order.find((one) => one.appUser?.status === "removed")?.appUser;
  if (facts.user.sources[attribute] === "okta") {
    const change = await lastChangeOf(facts.engine.store.db, user.id, attribute);
    const why = removed == null ? null : `${user.login} left the scope of ${removed.directory}`;
    if (change?.kind === "edit") return await editedByHand(facts, attribute, why);
  }
  if (removed != null) return await leftScope(facts, removed);
  if (facts.links.size === 0) {
    const cause = await notLinked(facts);
    const isOwn = cause.code === "notLinked" && user.sources[attribute] === "okta";
    return isOwn
      ? await editedByHand(facts, attribute, `${user.login} is not linked to any directory`)
      : cause;
  }
  if (others.length > 0) {
    const names = others.map((one) => one.directory).join(" and ");
    const sentence = `${attribute} is mapped by ${names}, which ${others.length > 1 ? "are" : "is"} not asked for it: not in profile.sources, or not in the attribute's own order.`;
    return { code: "notASource", stage: "priority", sentence, command: "rollcall sources" };
  }
  const wanted = order.map((one) => one.directory).join(", ");
  if (order.length === 0) return null;
  const sentence = `${attribute} is taken from ${wanted}, where ${user.login} has no entry.`;
  return { code: "notLinked", stage: "link", sentence, command: "rollcall imports unmatched" };
}

async function leftScope(facts: UserFacts, appUser: LinkedAppUser): Promise<Cause> {
  const { user, engine, live } = facts;
  const { directory } = appUser;
  const removal = await lastRemovalOf(engine.store.db, user.id, directory);
  const how = removal?.reason == null ? "" : ` (${REASONS[removal.reason]})`;
  const when = removal === null ? "" : ` at ${removal.at}, run ${removal.run}`;
  const left = `${user.login} left the scope of ${directory}${when}${how}`;
  const answer = live.get(directory);
  if (answer?.kind === "found") {
    const sentence = sentences(
      left,
      "The directory shows the entry again; the next import takes it back",
    );
    return {
      code: "waitsForImport",
      stage: "scope",
      sentence,
      command: `rollcall import ${directory} --full`,
    };
  }
  if (answer?.kind === "failed") {
    const sentence = sentences(left, `${directory} cannot be read now: ${answer.message}`);
    return { code: "directoryFails", stage: "directory", sentence, command: "rollcall check" };
  }
  const now = answer === undefined ? null : "It is not in the scope now, either";
  const sentence = sentences(
    `${left}; the values stay as they were and belong to Rollcall since then`,
    now,
  );
  const command = answer === undefined ? `rollcall explain ${shellWord(user.login)} --live` : null;
  return { code: "leftScope", stage: "scope", sentence, command };
}

/** The user has no entry in any directory. */
export async function notLinked({ user, engine, former }: UserFacts): Promise<Cause> {
  const [gone] = former;
  if (gone !== undefined) {
    const sentence = `${user.login} is linked to ${gone.directory} only, which is not in the configuration any more; nothing updates the values.`;
    return {
      code: "notASource",
      stage: "link",
      sentence,
      command: `rollcall force-sync ${gone.directory} --dry-run`,
    };
  }
  const cut = await lastCutOf(engine.store.db, user.id, null);
  if (cut !== null && (await isSetAside(engine, cut))) return cutCause(user, cut);
  const sentence = `${user.login} is not linked to any directory; its values are edited here.`;
  return { code: "notLinked", stage: "link", sentence, command: "rollcall imports unmatched" };
}

/** It may be somebody else's by now. */
async function isSetAside(
  { store: { db } }: Engine,
  { directory, externalId }: CutLink,
): Promise<boolean> {
  const [entry] = await appUsersByIds(db, directory, [externalId]);
  return entry?.setAside === true && entry.status !== "removed";
}

const STEPS = {
  suspended: "unsuspend",
  staged: "activate",
  deprovisioned: "reactivate",
  active: "activate",
} as const;

/** Why a user has no access; null if that is not so. */
export async function noAccess(facts: UserFacts): Promise<Cause | null> {
  const { user, appUsers, live } = facts;
  const { login, status, statusBy } = user;
  const command = `rollcall users ${STEPS[status]} ${shellWord(login)}`;
  if (status === "active") return null;
  if (statusBy === null || statusBy === "okta") {
    const sentence = `${login} is ${status}; a person decided that, so no import gives access back.`;
    return { code: "editedHere", stage: "written", sentence, command };
  }
  const appUser = appUsers.find((one) => one.directory === statusBy);
  if (appUser?.status === "removed") return await leftScope(facts, appUser);
  if (appUser === undefined) {
    const link = await notLinked(facts);
    if (link.code === "setAside") return link;
    const sentence = `${login} is ${status}, because the entry in ${statusBy} was lost (onRemoval).`;
    return { code: "leftScope", stage: "scope", sentence, command };
  }
  const answer = live.get(statusBy);
  if (answer?.kind === "found" && answer.standingDiffers)
    return standingOld(login, statusBy, answer.sighting.disabled);
  return takenBy(facts, appUser, command);
}

/** An entry that is in the scope took access away. */
function takenBy(
  { user, engine }: UserFacts,
  { directory, status: standing }: LinkedAppUser,
  command: string,
): Cause {
  const { login, status } = user;
  const who = shellWord(login);
  if (standing === "disabled") {
    const sentence = `${login} is ${status}, because ${directory} shows the account as disabled (onRemoval). When it is enabled there, an import gives access back, as \`reactivate\` says.`;
    return {
      code: "leftScope",
      stage: "scope",
      sentence,
      command: `rollcall explain ${who} --live`,
    };
  }
  const reactivate: readonly string[] = engine.rules.directories.get(directory)?.reactivate ?? [];
  if (reactivate.includes(status)) {
    const sentence = `${directory} shows the account as active again, and \`reactivate\` gives access back; that was not applied yet.`;
    return {
      code: "notApplied",
      stage: "written",
      sentence,
      command: `rollcall force-sync --user ${who}`,
    };
  }
  const sentence = `${login} is ${status}, which an import of ${directory} did. The account is active there again, but \`reactivate\` of ${directory} leaves giving access back to people.`;
  return { code: "editedHere", stage: "written", sentence, command };
}

/** An account that the directory disabled or enabled since it was imported. */
export function standingOld(login: string, directory: string, disabled: boolean): Cause {
  const now = disabled ? "disabled" : "enabled again";
  const sentence = `The account of ${login} is ${now} in ${directory}, which was not imported yet; a force sync will not help, an import will.`;
  return {
    code: "appProfileOld",
    stage: "appProfile",
    sentence,
    command: `rollcall import ${directory} --full`,
  };
}

/** A value that no directory gives and a person set. */
export async function editedByHand(
  { engine, user }: UserFacts,
  attribute: string,
  why: string | null,
): Promise<Cause> {
  const change = await lastChangeOf(engine.store.db, user.id, attribute);
  const when = change === null ? "" : ` by ${change.by} at ${change.at} (run ${change.run})`;
  const sentence = sentences(
    `${attribute} is ${JSON.stringify(user.profile[attribute] ?? null)}, set here${when}; no directory gives it`,
    why,
  );
  const who = shellWord(user.login);
  const required = engine.rules.schema.get(attribute)?.required === true;
  const command = required
    ? `users set ${who} ${attribute}=VALUE`
    : `users unset ${who} ${attribute}`;
  return { code: "editedHere", stage: "written", sentence, command: `rollcall ${command}` };
}
