/** `/commands`: a command line, carried out here; for people whose commands run elsewhere. */
import { createRoute, z } from "@hono/zod-openapi";
import { stream } from "hono/streaming";
import { asRollcallError } from "../../model/errors.ts";
import type { ApiCall, ApiContext } from "../context.ts";
import { jsonOnly, ROLLCALL_API, type Building } from "./route.ts";

const bodySchema = z.strictObject({
  args: z.array(z.string().max(10_000)).min(1).max(500),
  config: z.string().max(4096).optional(),
});

/** Connections on which nothing is said are ended by whoever stands between. */
const ALIVE_EVERY_MS = 10_000;

export function commandRoute({ api, context, gate }: Building): void {
  const ndjson = { "application/x-ndjson": { schema: { type: "string" } } } as const;
  const config = createRoute({
    method: "post",
    path: `${ROLLCALL_API}/commands`,
    summary: "A command line of `rollcall`; what it prints as JSON lines, its exit status last",
    tags: ["Commands"],
    description: "Needs the permission `read`, and what the command itself needs.",
    security: [{ token: [] }],
    middleware: [gate.allow("read"), jsonOnly],
    request: { body: { content: { "application/json": { schema: bodySchema } }, required: true } },
    responses: { 200: { description: "Lines", content: ndjson } },
  });
  api.openapi(
    config,
    (c) => answer(context, c as unknown as ApiCall, c.req.valid("json")) as never,
  );
}

function answer(
  { run, words, stopping, running }: ApiContext,
  c: ApiCall,
  { args, config }: z.infer<typeof bodySchema>,
): Response {
  c.header("Content-Type", "application/x-ndjson");
  c.header("X-Accel-Buffering", "no");
  return stream(c, async (lines) => {
    const gone = new AbortController();
    lines.onAbort(() => gone.abort());
    const say = async (line: object): Promise<void> => {
      await lines.write(`${JSON.stringify(line)}\n`);
    };
    const alive = setInterval(() => void say({}).catch(() => undefined), ALIVE_EVERY_MS);
    const work = run({
      args,
      config: config ?? null,
      caller: c.get("caller"),
      print: (to, text) => say({ [to]: text }),
      signal: AbortSignal.any([stopping, gone.signal]),
    });
    // The daemon waits for it before it closes the database.
    running.add(work);
    try {
      await say({ status: await work });
    } catch (thrown) {
      const { code, message } = asRollcallError(thrown);
      await say({ err: `${message}\n→ ${words.cure(code)} [${code}]\n` });
      await say({ status: 1 });
    } finally {
      running.delete(work);
      clearInterval(alive);
    }
  });
}
