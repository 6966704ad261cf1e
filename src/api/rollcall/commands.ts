/** `/commands`: a command line, carried out here; for people whose commands run elsewhere. */
import { createRoute, z } from "@hono/zod-openapi";
import { stream } from "hono/streaming";
import { asRollcallError, RollcallError } from "../../model/errors.ts";
import { commandLineActor } from "../../model/event.ts";
import type { ApiCall, Caller } from "../context.ts";
import { AccessRefused } from "../gate.ts";
import { jsonOnly, ROLLCALL_API, type Building } from "./route.ts";

const bodySchema = z.strictObject({
  args: z.array(z.string().max(10_000)).min(1).max(500),
  /** Of the door for this machine only: the configuration that is meant, its text, and who asks. */
  config: z.string().max(4096).optional(),
  version: z.string().max(64).optional(),
  account: z.string().max(256).optional(),
});

/** Of one token at once. */
const MOST_COMMANDS = 20;

/** Connections on which nothing is said are ended by whoever stands between. */
const ALIVE_EVERY_MS = 2000;

export function commandRoute(building: Building): void {
  const { api, context, gate } = building;
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
  api.openapi(config, (c) => {
    const call = c as unknown as ApiCall;
    const asked = c.req.valid("json");
    const { isLocal } = context;
    if (!isLocal && [asked.config, asked.version, asked.account].some((one) => one !== undefined))
      throw new RollcallError("request.invalid", "Only args are taken here.");
    const ended = context.limits.take("commands", call.get("caller").id, MOST_COMMANDS);
    if (ended === null)
      throw new AccessRefused("tooMany", "Too many commands of one token at once.");
    return answer(building, call, { asked, ended }) as never;
  });
}

type Asked = z.infer<typeof bodySchema>;

/** Whoever asks; at the door for this machine it is somebody at its command line. */
function callerOf(c: ApiCall, { account }: Asked): Caller {
  const caller = c.get("caller");
  return account === undefined ? caller : { ...caller, actor: commandLineActor(account) };
}

function answer(
  { context, gate }: Pick<Building, "context" | "gate">,
  c: ApiCall,
  { asked, ended }: { readonly asked: Asked; readonly ended: () => void },
): Response {
  const { run, words, stopping, running, isLocal } = context;
  c.header("Content-Type", "application/x-ndjson");
  c.header("X-Accel-Buffering", "no");
  return stream(c, async (lines) => {
    const gone = new AbortController();
    lines.onAbort(() => gone.abort());
    const say = async (line: object): Promise<void> => {
      await lines.write(`${JSON.stringify(line)}\n`);
    };
    let isSaid = true;
    const beat = async (): Promise<void> => {
      // Whoever was let in before may not be let in any more.
      if (!(await gate.isStillGood(c))) gone.abort();
      // A client that reads slowly has enough to read.
      if (!isSaid) return;
      isSaid = false;
      await say({});
      isSaid = true;
    };
    const alive = setInterval(() => void beat().catch(() => undefined), ALIVE_EVERY_MS);
    const work = run({
      args: asked.args,
      local: isLocal ? { config: asked.config ?? "", version: asked.version ?? "" } : null,
      caller: callerOf(c, asked),
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
      ended();
    }
  });
}
