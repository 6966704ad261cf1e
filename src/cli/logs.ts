import { safeJson } from "../lib/safe-output.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { parseDuration } from "../lib/duration.ts";
import { parseIsoTime } from "../lib/iso-time.ts";
import { asRollcallError, RollcallError } from "../model/errors.ts";
import type { LogEvent } from "../model/event.ts";
import type { LogRequest, Service } from "../service.ts";
import { shown, visible, type Console } from "./console.ts";
import type { Register } from "./register.ts";
import { wholeNumber, withService } from "./session.ts";

const DEFAULT_SINCE = "7d";
const FOLLOW_EVERY = 1000;
const FOLLOW_PAGE = 1000;
const PATIENCE = 15_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const HELP = `
Filters compare attributes of an event:
  --filter 'eventType eq "system.import.start" and debugContext.debugData.AppName eq "corp"'
  --filter 'target.alternateId eq "ada@example.org" and published ge "2026-11-23T08:00:00Z"'
  --filter 'debugContext.debugData.failedObjects gt 0'
with eq, ne, gt, ge, lt, le, co (contains), sw (starts with), ew (ends with), pr (present), and, or, not,
parentheses. Names are case-sensitive.

Times are ISO 8601 (UTC, unless they say otherwise), or an age: 15m, 2h, 7d. Without --sort the newest events are
shown, the newest last. To page, use --sort asc or desc, and repeat the command with --after and the uuid of the last event.`;

export function logsCommand(program: Command, register: Register): void {
  const command = program
    .command("logs")
    .description("the System Log: every decision as an event")
    .option("--filter <expression>", "only events that fit")
    .option("--since <time>", "not older than this", DEFAULT_SINCE)
    .option("--until <time>", "older than this")
    .option("--q <words>", "only events that contain all the words")
    .option("--sort <order>", "asc: from the oldest on; desc: from the newest on")
    .option("--limit <n>", "how many", "100")
    .option("--after <uuid>", "go on behind this event, in the order of --sort")
    .option("--follow", "go on with events as they come, until interrupted")
    .addHelpText("after", HELP);
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const { request, sort } = requestOf(options);
      if (options["follow"] === true) return await follow(console, service, request);
      const found = await service.log.query(request);
      const events = sort === null ? found.toReversed() : found;
      await print(console, events);
      const last = sort === null ? found.at(-1) : events.at(-1);
      if (found.length === request.limit && last !== undefined)
        console.note(`There may be more; go on with --after ${last.uuid}`);
      return 0;
    }),
  );
}

interface Asked {
  readonly request: LogRequest;
  readonly sort: "asc" | "desc" | null;
}

/** @throws RollcallError `usage.invalid`, `log.timeInvalid` */
function requestOf(options: Record<string, unknown>): Asked {
  const text = (name: string): string | null =>
    typeof options[name] === "string" ? options[name] : null;
  const [sort, after] = [text("sort"), text("after")];
  if (sort !== null && sort !== "asc" && sort !== "desc")
    throw new RollcallError("usage.invalid", `--sort takes asc or desc, not ${sort}.`);
  if (after !== null && !UUID.test(after))
    throw new RollcallError("usage.invalid", `--after takes the uuid of an event, not ${after}.`);
  if (options["follow"] === true && (sort !== null || after !== null || text("until") !== null))
    throw new RollcallError(
      "usage.invalid",
      "--follow goes on with the newest events; it does not go with --sort, --after and --until.",
    );
  const now = Date.now();
  const untilText = text("until");
  const until = untilText === null ? null : parseTime(untilText, now);
  const request: LogRequest = {
    filter: text("filter"),
    since: parseTime(String(options["since"]), until?.getTime() ?? now),
    until,
    words: text("q")?.split(/\s+/).filter(Boolean) ?? [],
    limit: wholeNumber(String(options["limit"]), "--limit", 1_000_000),
    newestFirst: sort !== "asc",
    after,
  };
  return { request, sort };
}

/**
 * Prints events as they come. Each round goes up to where the log is settled, so that no event is
 * missed that was made earlier and committed later, and none is printed twice.
 */
async function follow(console: Console, service: Service, request: LogRequest): Promise<number> {
  const seen = { until: await service.log.settledUntil(), told: false };
  await print(console, (await service.log.query({ ...request, before: seen.until })).toReversed());
  while (!console.signal.aborted) {
    await sleep(FOLLOW_EVERY, undefined, { signal: console.signal }).catch(() => undefined);
    try {
      await printNew(console, service, request, seen);
    } catch (thrown) {
      const { code, message } = asRollcallError(thrown);
      if (!code.startsWith("database.")) throw thrown;
      console.note(`${message} Trying again …`);
    }
  }
  return 0;
}

/** How far a follower is; what was printed stays printed, whatever comes next. */
interface Seen {
  until: string;
  /** Whether it was told that a transaction is waited for. */
  told: boolean;
}

async function printNew(
  console: Console,
  service: Service,
  request: LogRequest,
  seen: Seen,
): Promise<void> {
  const before = await service.log.settledUntil();
  while (seen.until < before && !console.signal.aborted) {
    const page = { ...request, newestFirst: false, limit: FOLLOW_PAGE, after: seen.until, before };
    const events = await service.log.query(page);
    await print(console, events);
    seen.until = events.length < FOLLOW_PAGE ? before : (events.at(-1)?.uuid ?? before);
  }
  const behind = Date.now() - timeOf(before);
  if (behind > PATIENCE && !seen.told)
    console.note(
      `A transaction in the database has been writing for ${Math.round(behind / 1000)} s; events since then come when it ends.`,
    );
  seen.told = behind > PATIENCE;
}

/** The milliseconds since 1970 that a uuid of version 7 begins with (RFC 9562 section 5.7). */
function timeOf(uuid: string): number {
  return Number.parseInt(uuid.replace("-", "").slice(0, 12), 16);
}

async function print(console: Console, events: readonly LogEvent[]): Promise<void> {
  for (const event of events) {
    await console.write(console.json ? `${safeJson(event)}\n` : `${lineOf(console, event)}\n`);
  }
}

function lineOf(console: Console, event: LogEvent): string {
  const colour =
    event.outcome.result === "FAILURE" ? "red" : event.severity === "WARN" ? "yellow" : "green";
  const whom =
    event.target.find((target) => target.type === "User")?.alternateId ??
    event.target[0]?.alternateId ??
    "";
  const { ErrorCode: code, ErrorField: field } = event.debugContext.debugData;
  const why =
    code === undefined
      ? ""
      : `  ErrorCode=${shown(code)}${field === undefined ? "" : ` ErrorField=${shown(field)}`}`;
  const result = console.style(colour, event.outcome.result);
  return `${event.published}  ${event.eventType}  ${result}  ${visible(whom)}${why}`;
}

/** @throws RollcallError `log.timeInvalid` */
function parseTime(text: string, now: number): Date {
  const age = parseDuration(text);
  if (age !== null) return new Date(Math.max(0, now - age));
  const time = parseIsoTime(text);
  if (time === null) throw new RollcallError("log.timeInvalid", `${text} is not a time.`);
  return time;
}
