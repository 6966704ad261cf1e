/** `/logs/export`: the System Log as a file. */
import { createRoute, z } from "@hono/zod-openapi";
import { logHeading, logLine } from "../../documents/log-export.ts";
import type { LogEvent } from "../../model/event.ts";
import { timeOfLog, usualSince, wordsOfLog, WORDS_FORM } from "../log-question.ts";
import { fileAnswer, fileRoute } from "./file.ts";
import { anyText, text } from "./forms.ts";
import { ROLLCALL_API, type Building } from "./route.ts";

const PAGE = 1000;

const time = text.transform((given, at) => {
  const found = timeOfLog(given);
  if (found === null) at.addIssue("a time of ISO 8601 is expected");
  return found;
});
const words = anyText.transform((given, at) => {
  const found = wordsOfLog(given);
  if (found === null) at.addIssue(WORDS_FORM);
  return found ?? [];
});

const query = z.strictObject({
  format: z.enum(["csv", "jsonl"]).default("csv"),
  filter: anyText.optional().meta({ description: "As Okta's `/api/v1/logs` takes it." }),
  q: words.optional().meta({
    type: "string",
    description: "Only events that contain all the words.",
  }),
  since: time.optional().meta({ type: "string", description: "A week ago, if it is not said." }),
  until: time.optional().meta({ type: "string" }),
});

export function logExportRoute({ api, context, gate }: Building): void {
  const about = {
    summary: "The System Log, newest first, as CSV or a line of JSON each",
    tag: "System Log",
  };
  const config = createRoute({
    ...fileRoute(about),
    middleware: [gate.allow("read")] as const,
    path: `${ROLLCALL_API}/logs/export`,
    request: { query },
  });
  api.openapi(config, async (c) => {
    const { format, filter = "", q = [], since, until } = c.req.valid("query");
    const begun = Date.now();
    const asked = {
      filter: filter === "" ? null : filter,
      words: q,
      since: since ?? usualSince(begun),
      until: until ?? new Date(begun),
      newestFirst: true,
      limit: PAGE,
    };
    const events = (after: string | null) => context.service.log.query({ ...asked, after });
    // Whatever is wrong with the question is told before the first line.
    const first = await events(null);
    return fileAnswer(c, { name: "system-log", format }, linesOf(), (error) =>
      context.log.error({ error: String(error) }, "an export broke off"),
    );

    async function* linesOf(): AsyncGenerator<string> {
      yield logHeading(format);
      for (let page: LogEvent[] = first; page.length > 0; page = await events(lastOf(page)))
        yield page.map((event) => logLine(format, event)).join("");
    }
  });
}

function lastOf(page: readonly LogEvent[]): string {
  return page.at(-1)?.uuid ?? "";
}
