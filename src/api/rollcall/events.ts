/** `/events`: one stream of what runs do, for whoever watches a page. */
import { createRoute } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import { sleep } from "../../lib/sleep.ts";
import type { ApiCall } from "../context.ts";
import { AccessRefused } from "../gate.ts";
import { ROLLCALL_API, type Building } from "./route.ts";
import { RunFeed, type RunNews } from "./run-feed.ts";

const TURN_MS = 500;
/** Of one token at once. */
const MOST_STREAMS = 20;
/** Proxies end a connection that says nothing. */
const COMMENT_EVERY = 30;

export function eventRoute(building: Building): void {
  const { api, context, gate } = building;
  const config = createRoute({
    method: "get",
    path: `${ROLLCALL_API}/events`,
    summary: "Runs as they begin, go on and end: server-sent events, each the run as JSON",
    tags: ["Runs"],
    description: "Needs the permission `read`.",
    security: [{ token: [] }],
    middleware: [gate.allow("read")],
    responses: {
      200: {
        description: "A stream",
        content: { "text/event-stream": { schema: { type: "string" } } },
      },
    },
  });
  const feed = new RunFeed(context);
  api.openapi(config, (c) => follow(feed, building, c as unknown as ApiCall) as never);
}

function follow(feed: RunFeed, { context, gate }: Building, c: ApiCall): Response {
  c.header("X-Accel-Buffering", "no");
  if (c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": "text/event-stream" });
  const ended = context.limits.take("streams", c.get("caller").id, MOST_STREAMS);
  if (ended === null) throw new AccessRefused("tooMany", "Too many streams of one token.");
  return streamSSE(c, async (stream) => {
    const gone = new AbortController();
    const waiting: RunNews[] = [];
    const stop = feed.listen((news) => waiting.push(...news));
    stream.onAbort(() => gone.abort());
    const signal = AbortSignal.any([gone.signal, context.stopping]);
    try {
      for (let turn = 1; !signal.aborted; turn++) {
        // Whoever was let in before may not be let in any more.
        if (!(await gate.isStillGood(c))) return;
        for (const { run, text } of waiting.splice(0))
          await stream.writeSSE({ id: run, data: text });
        if (turn % COMMENT_EVERY === 0) await stream.write(": \n\n");
        await sleep(TURN_MS, signal);
      }
    } finally {
      stop();
      ended();
    }
  });
}
