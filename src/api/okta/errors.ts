/**
 * Errors in the form that Okta's clients read: `{errorCode, errorSummary, errorLink, errorId,
 * errorCauses}`, with the codes that Okta's catalogue has for the same causes.
 */
import { randomBytes } from "node:crypto";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import {
  asRollcallError,
  type ErrorCode,
  type Problem,
  type RollcallError,
} from "../../model/errors.ts";
import { AccessRefused, type Refusal } from "../gate.ts";

export class OktaError extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly causes: readonly string[];

  constructor(
    status: ContentfulStatusCode,
    code: string,
    summary: string,
    causes: readonly string[] = [],
  ) {
    super(summary);
    this.name = "OktaError";
    this.status = status;
    this.code = code;
    this.causes = causes;
  }

  /** The body of the answer. */
  document() {
    return {
      errorCode: this.code,
      errorSummary: this.message,
      errorLink: this.code,
      errorId: `oae${randomBytes(15).toString("base64url")}`,
      errorCauses: this.causes.map((errorSummary) => ({ errorSummary })),
    };
  }
}

/** @param what the thing's class, as Okta calls it: `User`, `AppInstance`, … */
export function notFound(what: string, id: string): OktaError {
  return new OktaError(404, "E0000007", `Not found: Resource not found: ${id} (${what})`);
}

export function invalid(what: string, ...causes: string[]): OktaError {
  return new OktaError(400, "E0000001", `Api validation failed: ${what}`, causes);
}

/** Two conditions of two languages: neither is left out silently. */
export function oneOfThem(): OktaError {
  return invalid("filter", "filter: search and filter do not go together; join them in search");
}

/** What Rollcall does not do, where Okta does. */
export function notOffered(why: string): OktaError {
  return new OktaError(501, "E0000060", "Unsupported operation.", [why]);
}

/** What stands in the configuration, and is changed there. */
export function notWritable(where: string, why?: string): OktaError {
  const cause =
    why ?? `This stands in the configuration file, under ${where}; it is changed there.`;
  const summary = "You do not have permission to perform the requested action";
  return new OktaError(403, "E0000006", summary, [cause]);
}

const REFUSALS: Readonly<Record<Refusal, readonly [ContentfulStatusCode, string, string]>> = {
  noCredential: [401, "E0000011", "Invalid token provided"],
  badCredential: [401, "E0000011", "Invalid token provided"],
  forbidden: [403, "E0000006", "You do not have permission to perform the requested action"],
  notFresh: [403, "E0000006", "You do not have permission to perform the requested action"],
  tooMany: [429, "E0000047", "API call exceeded rate limit due to too many requests."],
};

/** Anything thrown, as Okta would say it. */
export function asOktaError(thrown: unknown): OktaError {
  if (thrown instanceof OktaError) return thrown;
  if (thrown instanceof AccessRefused) {
    const [status, code, summary] = REFUSALS[thrown.refusal];
    return new OktaError(status, code, summary, [thrown.message]);
  }
  return ofRollcall(asRollcallError(thrown));
}

/** What faults that people can act on are called there. */
const KNOWN: Partial<Record<ErrorCode, (error: RollcallError) => OktaError>> = {
  "user.notFound": ({ field, message }) => notFound("User", field ?? message),
  "config.unknownApp": ({ message }) => notFound("AppInstance", message),
  "config.unknownDirectory": ({ message }) => notFound("AppInstance", message),
  "config.invalid": (error) => invalid("configuration", ...causesOf(error)),
  "config.changed": ({ message }) => new OktaError(409, "E0000112", message),
  "config.readOnly": ({ message }) => notWritable("http.configuration", message),
  "request.invalid": ({ message }) => new OktaError(400, "E0000003", message),
  "request.tooLarge": ({ message }) => new OktaError(413, "E0000003", message),
  "user.owned": (error) => {
    const summary = "Operation failed because user profile is mastered under another system";
    return new OktaError(403, "E0000023", summary, causesOf(error));
  },
  "user.invalid": ofValues,
  "usage.invalid": ofValues,
  "user.wrongStatus": ({ message }) => invalid("status", message),
  "user.changed": ({ message }) => invalid("status", message),
  "link.none": ({ message }) => invalid("user", message),
  "run.busy": ({ message }) => invalid("source", message),
  "source.notOne": ({ message }) => notFound("IdentitySource", message),
  "source.sessionNotFound": ({ message }) => notFound("IdentitySourceSession", message),
  "source.sessionOpen": ofSession,
  "source.sessionEnded": ofSession,
  "source.sessionEmpty": ofSession,
  "source.sessionFull": ofSession,
  "user.searchInvalid": unsearchable,
  "log.filterInvalid": unsearchable,
};

function ofRollcall(error: RollcallError): OktaError {
  const known = KNOWN[error.code];
  if (known !== undefined) return known(error);
  // Clients repeat a 502 or 503 for minutes; a fault of ours is told at once.
  const cause = `${error.message} [${error.code}]`;
  return new OktaError(500, "E0000009", "Internal Server Error", [cause]);
}

function ofValues(error: RollcallError): OktaError {
  return invalid(error.problems[0]?.field ?? "request", ...causesOf(error));
}

function ofSession({ message }: RollcallError): OktaError {
  return invalid("importSessionId", message);
}

function unsearchable({ message }: RollcallError): OktaError {
  return new OktaError(400, "E0000031", "Invalid search criteria.", [message]);
}

function causesOf({ problems, message, details }: RollcallError): string[] {
  if (problems.length > 0) return problems.map(causeOf);
  return details.length > 0 ? [...details] : [message];
}

function causeOf({ code, field, message }: Problem): string {
  if (code === "notUniqueWithinOrg")
    return `${field}: An object with this field already exists in the current organization`;
  if (code === "platform.cvd.profiles.mapping.targetIsInvalid")
    return `Property name '${field}' is not defined in profile`;
  return `${field}: ${message}`;
}
