import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { RollcallError } from "../model/errors.ts";
import type { LogEvent } from "../model/event.ts";
import type { LogRequest, Service } from "../service.ts";
import { shown, visible, type Console } from "./console.ts";
import type { Register } from "./program.ts";
import { wholeNumber, withService } from "./session.ts";

const DEFAULT_SINCE = "7d";
const LATEST = Date.UTC(9999, 11, 31);
const FOLLOW_EVERY = 1000;
const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const HELP = `
Filters compare attributes of an event:
  --filter 'eventType eq "system.import.start" and debugContext.debugData.AppName eq "corp"'
with eq, ne, co (contains), sw (starts with), ew (ends with), pr (present), and, or, not, parentheses.

Times are ISO 8601, or an age: 15m, 2h, 7d.`;

export function logsCommand(program: Command, register: Register): void {
  const command = program
    .command("logs")
    .description("the System Log: every decision as an event")
    .option("--filter <expression>", "only events that fit")
    .option("--since <time>", "not older than this", DEFAULT_SINCE)
    .option("--until <time>", "older than this")
    .option("--q <words>", "only events that contain all the words")
    .option("--limit <n>", "how many, the newest", "100")
    .option("--follow", "go on with events as they come, until interrupted")
    .addHelpText("after", HELP);
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const now = Date.now();
      const until = typeof options["until"] === "string" ? parseTime(options["until"], now) : null;
      const request: LogRequest = {
        filter: typeof options["filter"] === "string" ? options["filter"] : null,
        since: parseTime(String(options["since"]), until?.getTime() ?? now),
        until,
        words: typeof options["q"] === "string" ? options["q"].split(/\s+/).filter(Boolean) : [],
        limit: wholeNumber(String(options["limit"]), "--limit", 1_000_000),
        newestFirst: true,
        after: null,
      };
      const events = (await service.logs(request)).toReversed();
      await print(console, events);
      if (events.length === request.limit)
        console.note(`The newest ${request.limit} events; more with --limit.`);
      if (options["follow"] === true)
        await follow(console, service, request, events.at(-1)?.uuid ?? null);
      return 0;
    }),
  );
}

async function follow(
  console: Console,
  service: Service,
  request: LogRequest,
  last: string | null,
): Promise<void> {
  let after = last;
  while (!console.signal.aborted) {
    await sleep(FOLLOW_EVERY, undefined, { signal: console.signal }).catch(() => undefined);
    const events = await service.logs({ ...request, until: null, newestFirst: false, after });
    await print(console, events);
    after = events.at(-1)?.uuid ?? after;
  }
}

async function print(console: Console, events: readonly LogEvent[]): Promise<void> {
  for (const event of events) {
    await console.write(
      console.json ? `${JSON.stringify(event)}\n` : `${lineOf(console, event)}\n`,
    );
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
  const [, number, unit = ""] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (number !== undefined) return new Date(Math.max(0, now - Number(number) * (UNITS[unit] ?? 0)));
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || time < 0 || time > LATEST)
    throw new RollcallError("log.timeInvalid", `${text} is not a time.`);
  return new Date(time);
}
