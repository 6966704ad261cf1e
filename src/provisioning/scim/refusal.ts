/** What an answer that is no success means, and what a connection that broke. */
import { isCertificateFault } from "../../lib/certificate-fault.ts";
import type { Speaker } from "../../lib/speaker.ts";
import { AppFailure, type FailureKind } from "../failure.ts";
import type { ErrorCode } from "../../model/errors.ts";
import { member, wordsOf, type Answer } from "./answer.ts";

interface Asked {
  /** As a person reads it: "POST /Users". */
  readonly what: string;
  readonly method: string;
  readonly speaker: Speaker;
}

interface Meaning {
  readonly kind: FailureKind;
  readonly code: ErrorCode;
  readonly sentence: string;
}

/** @param retryAfter what the app asks for, in milliseconds */
export function failureOf(
  answer: Answer,
  { what, method, speaker, retryAfter }: Asked & { readonly retryAfter: number | null },
): AppFailure {
  const { status } = answer;
  const { kind, code, sentence } = meaningOf(answer, method);
  const appSaid = speaker.name(wordsOf(answer)) || null;
  const said =
    appSaid === null ? "" : ` Errors reported by remote server: ${speaker.quote(appSaid)}`;
  const message = `${sentence} (${what}: ${status})${said === "" ? "." : `.${said}`}`;
  const uncertain = method !== "GET" && !SURELY_NOT_DONE.has(status);
  return new AppFailure(kind, code, message, { appSaid, status, retryAfter, uncertain });
}

/** With any other status, something in between may have answered for a server that did it. */
const SURELY_NOT_DONE: ReadonlySet<number> = new Set([
  400, 401, 403, 405, 409, 412, 413, 415, 422, 429, 501,
]);

function meaningOf(answer: Answer, method: string): Meaning {
  const { status } = answer;
  const type = answer.json === null ? null : member(answer.json, "scimType");
  const scimType = typeof type === "string" ? type : "";
  if (status >= 300 && status < 400) {
    const sentence = "The app leads to another address, which is not followed with a credential";
    return { kind: "senseless", code: "app.redirect", sentence };
  }
  switch (status) {
    case 401:
      return {
        kind: "credential",
        code: "app.credentials",
        sentence: "The credentials used to connect to the API were invalid",
      };
    case 404:
    case 410:
      return { kind: "vanished", code: "app.vanished", sentence: "The app has nothing there" };
    case 405:
    case 501:
      return {
        kind: "unsupported",
        code: "app.unsupported",
        sentence: "The app does not know this way",
      };
    case 409:
      return meaningOfConflict(method, scimType.toLowerCase() === "uniqueness");
    case 412:
      return { kind: "conflict", code: "app.conflict", sentence: "The account changed meanwhile" };
    case 408:
    case 425:
    case 429:
    case 503:
      return { kind: "later", code: "app.busy", sentence: "The app asks for patience" };
    default:
      if (status >= 500) return { kind: "later", code: "app.failed", sentence: "The app failed" };
      return { kind: "refused", code: "app.refused", sentence: "The app refused it" };
  }
}

/** 409 says two things (RFC 7644, 3.12): somebody has the name, or somebody else was quicker. */
function meaningOfConflict(method: string, isUniqueness: boolean): Meaning {
  const sentence = "The app has another account with such a value";
  if (method === "POST") return { kind: "taken", code: "app.taken", sentence };
  if (isUniqueness) return { kind: "refused", code: "app.taken", sentence };
  return { kind: "conflict", code: "app.conflict", sentence: "The account changed meanwhile" };
}

const SILENT = /^UND_ERR_(?:HEADERS|BODY|CONNECT)_TIMEOUT$/;

/** What broke a request before there was a whole answer. */
export function networkFailure(error: unknown, { what, method, speaker }: Asked): AppFailure {
  if (error instanceof AppFailure) return error;
  const root = rootOf(error);
  if (root instanceof AppFailure) return root;
  const code = "code" in root ? String(root.code) : "";
  const uncertain = method !== "GET";
  const at = `${speaker.url} (${what})`;
  if (root.name === "TooLarge") {
    const message = `The answer of ${at} has ${root.message}.`;
    return new AppFailure("senseless", "app.tooLarge", message, { uncertain });
  }
  if (isCertificateFault(code)) {
    const message = `The certificate of ${speaker.url} is not accepted: ${speaker.name(root.message)}.`;
    return new AppFailure("unreachable", "app.certificate", message, { cause: error });
  }
  if (SILENT.test(code) || root.name === "TimeoutError" || root.name === "AbortError") {
    const message = `${at} did not answer in time.`;
    return new AppFailure("unreachable", "app.timeout", message, { uncertain, cause: error });
  }
  const isRefusedConnection = /^E(?:CONNREFUSED|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH)$/.test(
    code,
  );
  const reason = root.message === "" ? code : root.message;
  const message = `${at} cannot be reached: ${speaker.name(reason)}.`;
  return new AppFailure("unreachable", "app.unreachable", message, {
    uncertain: uncertain && !isRefusedConnection,
    cause: error,
  });
}

/** The error behind errors; of several attempts the first. */
function rootOf(error: unknown): Error {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  if (!(error instanceof Error)) return new Error(String(error));
  return error.cause instanceof Error && !("code" in error) ? rootOf(error.cause) : error;
}
