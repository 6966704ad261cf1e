import { API_ERRORS } from "./api-errors.ts";
import { APP_ERRORS } from "./app-errors.ts";
import { PERSON_ERRORS, type ErrorEntry } from "./person-errors.ts";

/**
 * Every error that Rollcall can report: its code, what happened and what to do about it.
 * The page docs/07-errors.md is generated from this table.
 *
 * Codes that begin with `platform.`, and the single words such as `notUniqueWithinOrg`, are the
 * ones that administrators of Okta's profile sourcing know; Rollcall uses them for the same causes.
 */
export const ERRORS = {
  "usage.invalid": {
    what: "The command was called with words that it does not know, or without one it needs.",
    cure: "Run the command with --help.",
  },
  "config.notFound": {
    what: "The configuration file does not exist or cannot be read.",
    cure: "Name it with --config FILE or ROLLCALL_CONFIG, or create config/rollcall.yaml.",
  },
  "config.invalid": {
    what: "The configuration has problems. Each is listed with its path and line; nothing was started.",
    cure: "Correct every listed line.",
  },
  "config.changed": {
    what: "The configuration file was changed since the daemon read it, so that a change by the API would take over more than was asked for.",
    cure: "Have the daemon read it again (SIGHUP), then repeat the request.",
  },
  "config.readOnly": {
    what: "The configuration file cannot be written by the daemon. Nothing was changed.",
    cure: "Change it by hand, or let the daemon's account write it and its folder.",
  },
  "http.address": {
    what: "The address for health and metrics cannot be used.",
    cure: "Set another port under `http`, or `http: off`.",
  },
  "mappings.unreadable": {
    what: "The file is no exported profile mapping from an application to the user profile.",
    cure: "Export it with GET /api/v1/mappings/{id}.",
  },
  "config.unknownDirectory": {
    what: "The named directory is not in the configuration.",
    cure: "Use one of the names under `directories`.",
  },
  "config.unknownApp": {
    what: "The named app is not in the configuration.",
    cure: "Use one of the names under `apps`.",
  },
  ...APP_ERRORS,
  ...API_ERRORS,
  "ldap.unreachable": {
    what: "No server of the directory answered.",
    cure: "Check url, network and firewall.",
  },
  "ldap.certificate": {
    what: "The server's certificate is not trusted, has expired, or belongs to another host name.",
    cure: "Set tls.ca to the issuing CA's file and use the name that stands in the certificate.",
  },
  "ldap.startTls": {
    what: "The server refused StartTLS, or the TLS handshake after it failed.",
    cure: "Use an ldaps:// url, or enable StartTLS on the server.",
  },
  "ldap.credentials": {
    what: "The server refused the bind: the DN or the password is wrong, or the account is locked.",
    cure: "Correct bind.dn and bind.password. Rollcall does not repeat it by itself, so as not to lock the account.",
  },
  "ldap.accountUnusable": {
    what: "The server refused the bind although the password may be right: the account has expired, is locked or disabled, has to change its password, or may not log in from here or now.",
    cure: "Unlock, renew or enable the account in the directory; the configuration need not change. Rollcall waits before it tries again.",
  },
  "ldap.emptyPassword": {
    what: "The bind password is empty. Sent as it is, many servers would treat it as an anonymous login.",
    cure: "Set the variable that bind.password refers to.",
  },
  "ldap.confidentialityRequired": {
    what: "The server wants an encrypted connection before it accepts a password.",
    cure: "Use an ldaps:// url or startTls: true.",
  },
  "ldap.baseNotFound": {
    what: "The search base does not exist, or the bind account may not see it.",
    cure: "Correct users.base or groups.base, whichever is named, or give the bind account read access to it.",
  },
  "ldap.baseUnreadable": {
    what: "The server answered with success and without people, but the search base itself cannot be read. Some servers answer so instead of saying that a base does not exist or that the account lacks permission.",
    cure: "Correct users.base, or give the bind account read access to it.",
  },
  "ldap.filterInvalid": {
    what: "The search filter does not parse (RFC 4515).",
    cure: "Correct users.filter or groups.filter, whichever is named, at the position given.",
  },
  "ldap.insufficientAccess": {
    what: "The bind account may not read the search base.",
    cure: "Give the account read access to all people of the base.",
  },
  "ldap.limitExceeded": {
    what: "The server stopped the search at its size, time or administrative limit, so people are missing from the answer.",
    cure: "Raise the limit for the bind account (OpenLDAP: `limits`, 389: nsslapd-sizelimit, AD: MaxPageSize stays, use paging), or split users.base.",
  },
  "ldap.referral": {
    what: "The server sent a referral: a part of the searched tree lies on another server, which Rollcall does not follow with its credentials.",
    cure: "Search a base that this server holds whole, or make a directory of its own for the other server.",
  },
  "ldap.busy": {
    what: "The server is busy or shutting down.",
    cure: "Nothing: the schedule tries again. By hand, repeat the import later.",
  },
  "ldap.connectionLost": {
    what: "The connection ended before the answer was complete.",
    cure: "Repeat the import. If it happens again, look for idle time-outs between Rollcall and the server.",
  },
  "ldap.timeout": {
    what: "The server did not answer in time.",
    cure: "Check the server's load and indexes, or raise `timeout`.",
  },
  "ldap.protocol": {
    what: "The server sent bytes that are not a valid LDAP answer, or a message above the limit of 64 MiB.",
    cure: "Check that the url is an LDAP server's. If it is, please report it with the message.",
  },
  "ldap.refused": {
    what: "The server answered with a result code that means failure.",
    cure: "Look the code up in the server's log.",
  },
  "ldap.wayUnavailable": {
    what: "The way of reading changes that is configured cannot be used here, so only full imports are possible.",
    cure: "Set incremental.way to auto, or give the server or the account what that way needs: docs/10-directories.md.",
  },
  "ldap.watchUnavailable": {
    what: "The directory does not offer to tell of changes while Rollcall listens.",
    cure: "Remove `watch: true`, or enable content synchronisation on the server (OpenLDAP: overlay syncprov). The schedule goes on.",
  },
  "directory.empty": {
    what: "The directory answers, but nobody is in the scope.",
    cure: "Check users.base, users.filter and what the bind account may read.",
  },
  "ldif.unreadable": {
    what: "The LDIF file does not exist or cannot be read.",
    cure: "Correct `path`; it is relative to the folder that Rollcall is started in.",
  },
  "ldif.invalid": {
    what: "The LDIF file is not valid (RFC 2849), so it cannot be taken for the whole truth.",
    cure: "Correct the file at the line given.",
  },
  "csv.unreadable": {
    what: "The CSV file does not exist or cannot be read.",
    cure: "Correct `path`; it is relative to the folder that Rollcall is started in.",
  },
  "csv.invalid": {
    what: "The CSV file is no text of its encoding, or its quotes do not fit together, so it cannot be taken for the whole truth.",
    cure: "Correct the file at the line given, or set `encoding` and `delimiter`.",
  },
  "csv.heading": {
    what: "The first line of the CSV file does not have the columns that are needed, or one of them twice.",
    cure: "Have the file exported with the column named, or correct the configuration.",
  },
  "csv.changed": {
    what: "The CSV file was written while it was read, so it is not known what it will be.",
    cure: "Nothing: the schedule tries again. Best write such files under another name and rename them at the end.",
  },
  ...PERSON_ERRORS,
  "run.busy": {
    what: "Another run of this directory or app is under way.",
    cure: "Wait for it. The claim of a killed process ends by itself.",
  },
  "run.leaseLost": {
    what: "This process lost its claim on the directory, because it did not renew it in time. Its last batch was not written.",
    cure: "Nothing: the process that took over goes on. Repeat the import if there was none.",
  },
  "run.interrupted": {
    what: "The run was interrupted before anything was changed.",
    cure: "Repeat it.",
  },
  "run.handedBack": {
    what: "The run was interrupted while it was applying its plan. What was applied stays, and is complete for each person.",
    cure: "Resume it. So does, first of all, any import of the directory and the daemon.",
  },
  "run.planLost": {
    what: "The database restarted while the plan was being applied and no longer has its rest. What was applied is complete for each person.",
    cure: "Nothing: the next import finds the rest again.",
  },
  "run.planOutdated": {
    what: "The plan no longer fits the data: users in it have changed since it was made.",
    cure: "Cancel the run and import again.",
  },
  "run.notFound": {
    what: "There is no run with this id.",
    cure: "Use the id of a run in the list of runs.",
  },
  "run.unverified": {
    what: "Before a held run is applied, the directory is asked who came back. It did not show people either who must be there, so its answer is worth nothing; the run stays held.",
    cure: "Check the bind account's rights, base and filter; then approve again.",
  },
  "run.notFinished": {
    what: "Only a run that has ended, and was no dry run, can be put back.",
    cure: "Wait until it has ended; a held one is cancelled instead.",
  },
  "run.alreadyReverted": {
    what: "The run was put back before, without leaving anybody out.",
    cure: "Nothing: the run that is named tells what it did.",
  },
  "run.undoExpired": {
    what: "The run is older than what is kept for putting runs back.",
    cure: "Correct the directory or the configuration and import; history.undoDays decides how long runs can be put back.",
  },
  "run.notInterrupted": {
    what: "Only a run that was interrupted while it was applying its plan can be resumed.",
    cure: "Look at the status of the run.",
  },
  "run.notHeld": {
    what: "Only a run that the safeguard holds can be approved or cancelled.",
    cure: "Look at the status of the run.",
  },
  "safeguard.held": {
    what: "The import safeguard holds the run. Nothing was changed.",
    cure: "Look at the people concerned, then approve the run or cancel it.",
  },
  "link.entryNotFound": {
    what: "The directory has no app user with this identifier or DN, or it has left its scope.",
    cure: "Name an entry of the directory; import the directory first if the entry is new.",
  },
  "link.taken": {
    what: "The entry, or the user, is linked to somebody else already.",
    cure: "Cut that link first.",
  },
  "link.none": {
    what: "There is no such link to cut.",
    cure: "Look at the user's app profiles.",
  },
  "user.owned": {
    what: "A directory owns the attribute: its mapping would overwrite what is set here.",
    cure: "Change the value in the directory, or set `profile.overrides.ATTRIBUTE: okta` to edit it here.",
  },
  "user.invalid": {
    what: "The values are not a valid user profile. Nothing was changed.",
    cure: "Correct every attribute that is listed.",
  },
  "user.wrongStatus": {
    what: "The user's status does not allow this step.",
    cure: "Look at the user's status; each step has those from which it leads.",
  },
  "user.changed": {
    what: "Something else changed the user in the same moment. Nothing was changed by this command.",
    cure: "Repeat it.",
  },
  "user.notFound": {
    what: "There is no such user.",
    cure: "Name a login that exists, or the user's id.",
  },
  "user.searchInvalid": {
    what: "The search for users does not parse, or asks for something that users do not have.",
    cure: 'Correct it at the position given, for example: profile.department eq "Sales" and status eq "ACTIVE".',
  },
  "hook.refused": {
    what: "A hook's address does not answer, or does not prove that it wants events.",
    cure: "Correct the hook's url or secret, or the endpoint; one that cannot repeat the challenge takes `verify: false`.",
  },
  "token.exists": {
    what: "There is an API token of this name already.",
    cure: "Choose another name, or revoke that token first.",
  },
  "token.notFound": {
    what: "There is no API token of this name.",
    cure: "Use a name of the list of tokens.",
  },
  "signIn.used": {
    what: "The link was used already.",
    cure: "Ask for a new link; each signs in once.",
  },
  "signIn.expired": {
    what: "The link is too old.",
    cure: "Ask for a new link, and open it within ten minutes.",
  },
  "signIn.unknown": {
    what: "This is no link that signs in.",
    cure: "Open the whole link as it was printed, or ask for a new one.",
  },
  "signIn.provider": {
    what: "The identity provider did not sign anybody in.",
    cure: "Try again; if it stays, compare issuer, clientId, clientSecret and redirect address of http.oidc with the provider.",
  },
  "signIn.noRole": {
    what: "The person is known, and may not come in.",
    cure: "Put them into a group of http.oidc.roles at the provider, and see that the ID token has the groups (groupsClaim, scope).",
  },
  "session.notFound": {
    what: "There is no such session, or it has ended.",
    cure: "Use an id of the list of sessions.",
  },
  "log.filterInvalid": {
    what: "The System Log filter does not parse.",
    cure: 'Correct it at the position given, for example: eventType eq "system.import.start".',
  },
  "log.timeInvalid": {
    what: "A time is not understood.",
    cure: "Use ISO 8601 (2026-11-22T08:00:00Z), or an age such as 15m, 2h, 7d.",
  },
  "database.unreachable": {
    what: "The Postgres server cannot be reached, or refuses the login.",
    cure: "Check DATABASE_URL. Leave it empty to use the embedded database.",
  },
  "database.silent": {
    what: "The database stopped answering in the middle of a run, without closing its connection.",
    cure: "Look at the network between Rollcall and the database. The next start finishes the run or drops it.",
  },
  "database.inUse": {
    what: "Another command has the embedded database open; it can serve only one process. (A daemon would carry this command out.)",
    cure: "Wait until it has ended, or use a Postgres server by DATABASE_URL.",
  },
  "database.tooOld": {
    what: "The Postgres server is older than version 14.",
    cure: "Use Postgres 14 or newer.",
  },
  "database.encoding": {
    what: "The database does not hold all letters: its encoding is not UTF8.",
    cure: "Make a database with `create database … encoding 'UTF8' template template0`.",
  },
  "database.tooNew": {
    what: "The database was migrated by a newer Rollcall.",
    cure: "Use that version of Rollcall or a newer one.",
  },
  "database.failed": {
    what: "The database refused a statement, or the connection to it broke.",
    cure: "Look at the message and the server's log; then repeat. What was not finished was rolled back.",
  },
  "internal.error": {
    what: "A fault in Rollcall itself.",
    cure: "Please report it with the message. ROLLCALL_DEBUG=1 prints where it happened.",
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;
