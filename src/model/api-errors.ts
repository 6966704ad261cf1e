import type { ErrorEntry } from "./person-errors.ts";

/** Errors of requests to the API; the other entries of the catalogue are reported there, too. */
export const API_ERRORS = {
  "access.credential": {
    what: "The request has no API token, or one that is none of ours, was revoked or has expired.",
    cure: "Send `Authorization: Bearer TOKEN` with a token that is good.",
  },
  "access.forbidden": {
    what: "The token's role may not do this.",
    cure: "Use a token whose role has the permission that is named.",
  },
  "access.signInAgain": {
    what: "Approving, putting back, tokens and deleting a person need a sign-in of the last 15 minutes, and the session is older, or its identity provider does not say when somebody signed in (auth_time).",
    cure: "Sign in again, by the identity provider or, where that does not help, by a new link, and repeat it.",
  },
  "access.limit": {
    what: "There were too many requests within a minute.",
    cure: "Wait for as many seconds as Retry-After says.",
  },
  "request.invalid": {
    what: "The request has a parameter or a body that is not understood. Nothing was started.",
    cure: "Correct what is listed; the document of the API has the forms.",
  },
  "request.notJson": {
    what: "The request has a body that is not JSON, or does not say that it is.",
    cure: "Send JSON, with `Content-Type: application/json`.",
  },
  "request.tooLarge": {
    what: "The request has a body that is larger than any that the API takes.",
    cure: "Send less at a time.",
  },
  "request.notFound": {
    what: "There is nothing at this address.",
    cure: "The document of the API lists all addresses.",
  },
  "request.method": {
    what: "The address does not know this method.",
    cure: "The document of the API lists the methods of each address.",
  },
  "source.notOne": {
    what: "There is no directory of this name that people are brought to.",
    cure: "Name a directory of type identity-source.",
  },
  "source.sessionNotFound": {
    what: "The identity source has no session of this id.",
    cure: "Begin one: POST /api/v1/identity-sources/{source}/sessions.",
  },
  "source.sessionOpen": {
    what: "The identity source has a session already to which nothing was brought, or too many that are open.",
    cure: "Bring people to that one, start the import of others, or cancel them.",
  },
  "source.empty": {
    what: "Nobody has brought anything to the identity source, so nothing is known of the people in it.",
    cure: "Bring people first: POST /api/v1/identity-sources/{source}/sessions.",
  },
  "source.sessionEnded": {
    what: "The session of the identity source was started, cancelled or has expired.",
    cure: "Begin another one.",
  },
  "source.sessionEmpty": {
    what: "Nothing was brought to the session, so there is nothing to import.",
    cure: "Bring people to it first, by bulk-upsert or bulk-delete.",
  },
  "source.sessionFull": {
    what: "The session had as many requests as one may have.",
    cure: "Start its import, and begin another session for the rest.",
  },
  "survey.notFound": {
    what: "Nothing is kept of a server that was looked at: for a quarter of an hour, in one process, for whoever asked.",
    cure: "Look at it again.",
  },
  "survey.incomplete": {
    what: "The server was looked at, and something that every directory needs was not found, so it cannot be saved.",
    cure: "Look at another part of it, or write the configuration by hand, beginning with what was found.",
  },
  "survey.tooSlow": {
    what: "Looking at a server took longer than somebody waits in a browser.",
    cure: "Name where people are, or write the configuration on the daemon's machine.",
  },
  "survey.busy": {
    what: "A server is being looked at; one at a time is.",
    cure: "Wait until that is done.",
  },
  "server.unreachable": {
    what: "The daemon that was to carry out the command does not answer, or broke off.",
    cure: "Look whether it runs and whether the address is right; what it had begun stands in its list of runs.",
  },
  "server.refused": {
    what: "The daemon that was to carry out the command refuses it.",
    cure: "Look at the reason that it gives.",
  },
  "request.repeated": {
    what: "The Idempotency-Key was used before, for something else or for a request that is just beginning.",
    cure: "Repeat it in a moment if it is the same request; otherwise take a new key.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
