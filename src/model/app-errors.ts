/** Errors of apps and of pushes to them. */
import type { ErrorEntry } from "./person-errors.ts";

export const APP_ERRORS = {
  "app.unreachable": {
    what: "The app did not answer, or the connection to it broke.",
    cure: "Check the app's url, network and firewall. Pushes try again by themselves.",
  },
  "app.address": {
    what: "The app's address is one of the link itself, at which clouds give their credentials to machines.",
    cure: "Correct the app's url.",
  },
  "app.certificate": {
    what: "The app's certificate is not trusted, has expired, or belongs to another host name.",
    cure: "Set the app's tls.ca to the issuing CA's file and use the name that stands in the certificate.",
  },
  "app.timeout": {
    what: "The app did not answer in time. What was asked may have been done all the same; the next push looks first.",
    cure: "Nothing, or raise the app's `timeout`.",
  },
  "app.credentials": {
    what: "The app refused the credential. Nothing is sent to it until a person acts.",
    cure: "Correct the app's auth, then retry its task; a push tests the credential, too.",
  },
  "app.busy": {
    what: "The app asks for patience.",
    cure: "Nothing: pushes go on when the app allows it. Set rateLimit if it happens often.",
  },
  "app.failed": {
    what: "The app failed with an error of its own.",
    cure: "Nothing: pushes try again with growing patience. Look at the app's own log if it lasts.",
  },
  "app.notScim": {
    what: "What answers at the app's address is no SCIM 2.0 server, or something in between answers for it.",
    cure: "Correct the app's url: it is what stands before /Users.",
  },
  "app.redirect": {
    what: "The app leads to another address. A credential is never taken there.",
    cure: "Set the app's url to the address that it leads to, if that is the app's.",
  },
  "app.tooLarge": {
    what: "The app's answer is larger than any answer may be (1 MB).",
    cure: "Correct the app's url; a SCIM server answers in pages.",
  },
  "app.refused": {
    what: "The app refused the account's values. They are not sent again before something changes.",
    cure: "Correct the value or its mapping by what the app says; then the next push sends it, or retry the task.",
  },
  "app.unsupported": {
    what: "The app knows neither way of changing an account.",
    cure: "Set the app's capabilities, or ask its vendor which part of SCIM it has.",
  },
  "app.taken": {
    what: "The app says that another account has such a name or address, but shows none by what the app is searched by.",
    cure: "Look for the account in the app: give it the same userName, or delete it there; then retry the task.",
  },
  "app.ambiguous": {
    what: "Several accounts of the app match the person, or the account that matches belongs to somebody else. None was chosen.",
    cure: "Leave one account in the app with this name and address, or correct the app's `matching`; then retry the task.",
  },
  "app.notOurs": {
    what: "The app has an account of another name under the id that the account had. Nothing of it was changed.",
    cure: "If somebody renamed it in the app, give it its name back there; if the app was set back, retry the task of whoever is still assigned, which looks for the account again.",
  },
  "app.conflict": {
    what: "Somebody else changed the account in the app at the same moment.",
    cure: "Nothing: the next push reads it again.",
  },
  "app.vanished": {
    what: "The account is not in the app any more.",
    cure: "Switch Create Users on, so that it is made anew, or unassign the person.",
  },
  "app.noId": {
    what: "The app acknowledged a creation without an account, so there is none that could be relied on.",
    cure: "Look at the app; then retry the task, which looks for the account first.",
  },
  "app.noMatch": {
    what: "Create Users is off, and the app has no account that matches.",
    cure: "Switch Create Users on, or make the account in the app; then force sync the app.",
  },
  "app.notKept": {
    what: "The app acknowledged that the account is switched off or on, and shows that it is not.",
    cure: "Look at the account in the app; then retry the task.",
  },
  "app.assignmentUnknown": {
    what: "Whether somebody is assigned cannot be told: a group or a condition cannot be read. The account stays as it is.",
    cure: "Correct the group's name or the condition in the app's `assign`, or import the directory.",
  },
  "app.groupUnreadable": {
    what: "A group to be pushed is not there, or several have its name. Nothing of it was changed in the app.",
    cure: "Correct the group in the app's `pushGroups`, or import the directory.",
  },
  "app.groupTaken": {
    what: "The app has a group of this name that Rollcall did not make. It was not touched.",
    cure: "Give the pushed group another name with `as`, or rename or delete the group in the app.",
  },
  "app.groupMembers": {
    what: "The app refused members of a pushed group. The others are in it.",
    cure: "Look at the accounts of these people in the app; then retry the task.",
  },
  "app.paused": {
    what: "Nothing is sent to the app until somebody acts.",
    cure: "Look at the app's task, correct the cause, then retry it.",
  },
  "app.moved": {
    what: "The app is at another address than at the time of the push, and ids are other people's there.",
    cure: "Cancel the push that waits, and push again: at the new address every account is looked for first.",
  },
  "app.circuitOpen": {
    what: "Most of what was sent failed, so the push was stopped before more did.",
    cure: "Look at the tasks of the app; the next push goes on.",
  },
  "task.notFound": {
    what: "There is no such task. It may be done by now.",
    cure: "Use the id of a task in the list of tasks.",
  },
  "push.interrupted": {
    what: "The push was interrupted. What it had sent is on record, and nothing is lost.",
    cure: "Push again: it goes on where this one stopped.",
  },
  "push.reverted": {
    what: "A push was put back, and the app is paused, so that the next push does not do the same again.",
    cure: "Correct the cause, then retry the task of the app.",
  },
  "push.held": {
    what: "The safeguard holds the push. Nothing was changed.",
    cure: "Look at the people concerned, then approve the push or cancel it.",
  },
} as const satisfies Record<string, ErrorEntry>;
