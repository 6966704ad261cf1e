/** Answers about users who have no access. */
import type { Cause } from "../../../model/explanation.ts";
import type { Remedy } from "../../../model/remedy.ts";
import type { StatusStep, User, UserStatus } from "../../../model/user.ts";

const STEPS: Readonly<Record<UserStatus, StatusStep>> = {
  suspended: "unsuspend",
  staged: "activate",
  deprovisioned: "reactivate",
  active: "activate",
};

function giveBack({ login, status }: User): Remedy {
  return { kind: "changeStatus", user: login, step: STEPS[status] };
}

export function byAPerson(user: User): Cause {
  const sentence = `${user.login} is ${user.status}; a person decided that, so no import gives access back.`;
  return { code: "editedHere", stage: "written", sentence, remedy: giveBack(user) };
}

/** @param directory whose entry the user had, and has no more */
export function entryLost(user: User, directory: string): Cause {
  const sentence = `${user.login} is ${user.status}, because the entry in ${directory} was lost (onRemoval).`;
  return { code: "leftScope", stage: "scope", sentence, remedy: giveBack(user) };
}

export function disabledThere({ login, status }: User, directory: string): Cause {
  const sentence = `${login} is ${status}, because ${directory} shows the account as disabled (onRemoval). When it is enabled there, an import gives access back, as \`reactivate\` says.`;
  const remedy = { kind: "explain", who: login, live: true } as const;
  return { code: "leftScope", stage: "scope", sentence, remedy };
}

export function notGivenBackYet({ login }: User, directory: string): Cause {
  const sentence = `${directory} shows the account as active again, and \`reactivate\` gives access back; that was not applied yet.`;
  return {
    code: "notApplied",
    stage: "written",
    sentence,
    remedy: { kind: "forceSyncUser", user: login },
  };
}

export function leftToPeople(user: User, directory: string): Cause {
  const sentence = `${user.login} is ${user.status}, which an import of ${directory} did. The account is active there again, but \`reactivate\` of ${directory} leaves giving access back to people.`;
  return { code: "editedHere", stage: "written", sentence, remedy: giveBack(user) };
}
