/** `/events`: one stream of what runs do, for whoever watches a page. */
import { createRoute } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import { sleep } from "../../lib/sleep.ts";
import type { ApiCall, ApiContext } from "../context.ts";
import type { Gate } from "../gate.ts";
import { ROLLCALL_API, type Building } from "./route.ts";
import { anyRunDocument } from "./runs.ts";

const LOOK_EVERY_MS = 1000;
/** Proxies end a connection that says nothing. */
const COMMENT_EVERY = 15;
const NEWEST = 50;

export function eventRoute({ api, context, gate }: Building): void {
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
  api.openapi(config, (c) => follow(context, gate, c as unknown as ApiCall) as never);
}

function follow(context: ApiContext, gate: Gate, c: ApiCall): Response {
  c.header("X-Accel-Buffering", "no");
  return streamSSE(c, async (stream) => {
    const ended = new AbortController();
    stream.onAbort(() => ended.abort());
    const signal = AbortSignal.any([ended.signal, context.stopping]);
    const told = new Map<string, string>();
    // What stands already is told by the list of runs; this tells what changes.
    for (let looks = 0; !signal.aborted; looks++) {
      const now = await newest(context);
      for (const [run, text] of now) {
        if (looks > 0 && told.get(run) !== text) await stream.writeSSE({ id: run, data: text });
        told.set(run, text);
      }
      for (const run of told.keys()) if (!now.has(run)) told.delete(run);
      if (looks % COMMENT_EVERY === COMMENT_EVERY - 1) {
        await stream.write(": \n\n");
        // Whoever was let in long ago may not be let in any more.
        if (!(await gate.isStillGood(c))) return;
      }
      await sleep(LOOK_EVERY_MS, signal);
    }
  });
}

/** The newest runs as they are now, the oldest of them first. */
async function newest(context: ApiContext): Promise<Map<string, string>> {
  const everything = { directory: null, app: null, kind: null, status: null, edits: false };
  const runs = await context.service.runs.page({ ...everything, after: null, limit: NEWEST });
  const found = new Map<string, string>();
  for (const one of runs.toReversed()) {
    const document = await anyRunDocument(context, one);
    found.set(document.run, JSON.stringify(document));
  }
  return found;
}
