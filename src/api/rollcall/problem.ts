/** Errors of Rollcall's API: problem details (RFC 9457) with the code and the cure of the catalogue. */
import { z } from "@hono/zod-openapi";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ERRORS, type ErrorCode } from "../../model/error-catalogue.ts";
import { asRollcallError, RollcallError } from "../../model/errors.ts";
import type { ApiCall, ApiContext } from "../context.ts";
import { logFault } from "../fault.ts";
import { AccessRefused, type Refusal } from "../gate.ts";

export const problemSchema = z
  .object({
    type: z.string().meta({ example: "urn:rollcall:error:run.busy" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: "One of docs/07-errors.md." }),
    cure: z.string(),
    problems: z.array(z.string()).optional().meta({ description: "Each of several." }),
  })
  .meta({ id: "Problem" });

/** What is not 500. */
const STATUS: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  "access.credential": 401,
  "access.forbidden": 403,
  "access.signInAgain": 403,
  "access.limit": 429,
  "request.notFound": 404,
  "request.method": 405,
  "request.notJson": 415,
  "request.tooLarge": 413,
  "request.invalid": 400,
  "request.repeated": 409,
  "usage.invalid": 400,
  "user.invalid": 400,
  "user.searchInvalid": 400,
  "log.filterInvalid": 400,
  "log.timeInvalid": 400,
  "user.owned": 403,
  "user.notFound": 404,
  "run.notFound": 404,
  "task.notFound": 404,
  "token.notFound": 404,
  "survey.notFound": 404,
  "survey.tooSlow": 504,
  "config.readOnly": 403,
  "config.invalid": 422,
  "directory.empty": 422,
  "session.notFound": 404,
  "signIn.used": 401,
  "signIn.expired": 401,
  "signIn.unknown": 401,
  "signIn.noRole": 403,
  "signIn.provider": 502,
  "link.entryNotFound": 404,
  "mappings.unreadable": 400,
  "source.notOne": 404,
  "source.sessionNotFound": 404,
  "config.unknownDirectory": 404,
  "config.unknownApp": 404,
};
/** The state of things does not allow it now. */
const CONFLICTS: ReadonlySet<string> = new Set<ErrorCode>([
  "token.exists",
  "run.busy",
  "run.notHeld",
  "run.notInterrupted",
  "run.notFinished",
  "run.alreadyReverted",
  "run.undoExpired",
  "run.planOutdated",
  "run.unverified",
  "run.interrupted",
  "link.taken",
  "link.none",
  "user.wrongStatus",
  "user.changed",
  "app.paused",
  "app.moved",
  "survey.busy",
  "survey.incomplete",
  "config.changed",
  "app.ambiguous",
  "app.assignmentUnknown",
  "app.groupTaken",
  "app.noMatch",
  "app.notOurs",
  "app.taken",
  "entry.contended",
  "link.disconnected",
  "match.ambiguous",
  "match.unconfirmed",
  "push.held",
  "push.interrupted",
  "push.reverted",
  "safeguard.held",
]);

/** What is there again soon. */
const AWAY: ReadonlySet<string> = new Set<ErrorCode>(["database.unreachable", "database.silent"]);

/** Values and expressions, under Okta's codes and ours. */
const WHAT_WAS_ASKED = /^(?:platform\.cvd|notUnique|invalidLogin|doesNotMatch|source\.)/;

/** Whose message is about our inside. */
const OWN_FAULTS: ReadonlySet<string> = new Set<ErrorCode>(["internal.error", "database.failed"]);

const REFUSALS = {
  noCredential: "access.credential",
  badCredential: "access.credential",
  forbidden: "access.forbidden",
  notFresh: "access.signInAgain",
  tooMany: "access.limit",
} as const satisfies Readonly<Record<Refusal, ErrorCode>>;

function statusOf(code: ErrorCode): ContentfulStatusCode {
  if (CONFLICTS.has(code)) return 409;
  const known = STATUS[code];
  if (known !== undefined) return known;
  // A server behind this one, and what somebody asked for that cannot be.
  if (/^(?:ldap|ldif|csv|app|hook|server)\./.test(code)) return 502;
  if (/^(?:entry|match|run)\./.test(code)) return 409;
  if (AWAY.has(code)) return 503;
  return WHAT_WAS_ASKED.test(code) ? 400 : 500;
}

/** @param cure what helps, as the face says it */
export function problemOf(thrown: unknown, cure: (code: string) => string) {
  const error =
    thrown instanceof AccessRefused
      ? new RollcallError(REFUSALS[thrown.refusal], thrown.message)
      : asRollcallError(thrown);
  const { message, details } = error;
  // Whoever asks over HTTP did not call a command.
  const code = error.code === "usage.invalid" ? "request.invalid" : error.code;
  const status = statusOf(code);
  return {
    type: `urn:rollcall:error:${code}`,
    title: ERRORS[code].what,
    status,
    detail: message,
    code,
    cure: cure(code),
    ...(details.length > 0 ? { problems: [...details] } : {}),
  };
}

/** The answer that a fault is. */
export function answerProblem(
  context: Pick<ApiContext, "words" | "log">,
  c: ApiCall,
  thrown: unknown,
): Response {
  const known = problemOf(thrown, context.words.cure);
  const { problems: _, ...plain } = known;
  const isFault = OWN_FAULTS.has(known.code);
  const problem = isFault ? { ...plain, detail: logFault(context, c, thrown) } : known;
  return c.json(problem, problem.status, { "content-type": "application/problem+json" });
}
