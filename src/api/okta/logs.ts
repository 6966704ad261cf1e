/** `/api/v1/logs`: the System Log, in bounds of time or followed as it grows. */
import type { Hono } from "hono";
import { logEventDocument } from "../../documents/log-event.ts";
import { isUuid } from "../../lib/uuid.ts";
import type { ApiCall, ApiContext, ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { timeOfLog, usualSince, wordsOfLog, WORDS_FORM } from "../log-question.ts";
import { linkPages, queryOf } from "./answer.ts";
import { invalid, OktaError } from "./errors.ts";

const USUAL = 100;
const MOST = 1000;

export function logRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  app.get("/logs", gate.allow("read"), async (c) => await list(context, c));
}

interface Asked {
  readonly since: Date | null;
  readonly until: Date | null;
  readonly filter: string | null;
  readonly q: string | null;
  readonly after: string | null;
  readonly newestFirst: boolean;
  readonly limit: number;
}

function askedOf(c: ApiCall): Asked {
  const after = queryOf(c, "after");
  if (after !== null && !isUuid(after))
    throw new OktaError(400, "E0000031", "Invalid search criteria.", ["Invalid cursor."]);
  return {
    // Later pages are of the same time as the first.
    since: timeOf(c, "since") ?? (after === null ? usualSince(Date.now()) : null),
    until: timeOf(c, "until"),
    filter: queryOf(c, "filter"),
    q: queryOf(c, "q"),
    after,
    newestFirst: /^desc/i.test(queryOf(c, "sortOrder") ?? ""),
    limit: limitOf(c),
  };
}

async function list(context: ApiContext, c: ApiCall): Promise<Response> {
  const { log } = context.service;
  const asked = askedOf(c);
  const { since, until, filter, q, after, newestFirst, limit } = asked;
  // Without an end, and in order, the log is followed: a page may be empty, and another one follows.
  const follows = until === null && !newestFirst;
  const events = await log.query({
    filter,
    since,
    until,
    words: wordsOf(q),
    limit: follows ? limit : limit + 1,
    newestFirst,
    after,
    before: follows ? await log.settledUntil() : null,
  });
  const shown = events.slice(0, limit);
  const isMore = follows || (shown.length > 0 && events.length > limit);
  linkPages(context, c, linkOf(asked), isMore ? { after: shown.at(-1)?.uuid ?? after } : null);
  return c.json(shown.map(logEventDocument));
}

function linkOf({ since, until, filter, q, after, newestFirst, limit }: Asked) {
  return {
    since: since?.toISOString() ?? null,
    until: until?.toISOString() ?? null,
    filter,
    q,
    limit: String(limit),
    sortOrder: newestFirst ? "DESCENDING" : "ASCENDING",
    after,
  };
}

function limitOf(c: ApiCall): number {
  const text = queryOf(c, "limit");
  if (text === null) return USUAL;
  if (!/^\d{1,6}$/.test(text) || Number(text) > MOST)
    throw invalid("limit", `limit: a whole number from 0 to ${MOST}`);
  return Number(text);
}

/** A time, also as JavaScript's dates write themselves. */
function timeOf(c: ApiCall, name: string): Date | null {
  const text = queryOf(c, name);
  if (text === null) return null;
  const time = timeOfLog(text);
  if (time === null) throw invalid(name, `${name}: a time of ISO 8601 is expected, with its zone`);
  return time;
}

function wordsOf(q: string | null): string[] {
  const words = wordsOfLog(q ?? "");
  if (words === null) throw invalid("q", `q: ${WORDS_FORM}`);
  return words;
}
