/** One request to a hook's address, in the shape of Okta's event hooks. */
import { randomBytes, randomUUID } from "node:crypto";
import { request, type Dispatcher } from "undici";
import { logEventDocument } from "../documents/log-event.ts";
import { cleanText } from "../lib/clean-text.ts";
import { safeJson } from "../lib/safe-output.ts";
import type { HookSettings } from "../model/hook.ts";
import type { LogEvent } from "../model/event.ts";

/** As Okta's: whoever takes longer should answer first and work after. */
const TIMEOUT_MS = 3000;
const MOST_BYTES = 64 * 1024;

type Options = NonNullable<Parameters<typeof request>[1]>;

async function ask(
  { url, secret }: HookSettings,
  {
    headers,
    ...options
  }: Pick<Options, "body"> & {
    readonly method: Dispatcher.HttpMethod;
    readonly headers: Readonly<Record<string, string>>;
  },
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await request(url, {
    ...options,
    headers: {
      "user-agent": "Rollcall event hook",
      accept: "application/json",
      ...(secret === null ? {} : { authorization: secret.reveal() }),
      ...headers,
    },
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  // What comes of events is told by the status alone.
  if (options.method === "POST") {
    answer.body.dump({ limit: MOST_BYTES }).catch(() => undefined);
    return { status: answer.statusCode, text: "" };
  }
  let text = "";
  for await (const chunk of answer.body.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > MOST_BYTES) break;
  }
  return { status: answer.statusCode, text };
}

/** @returns why the address does not want events; null: it does */
export async function verifyHook(hook: HookSettings, signal: AbortSignal): Promise<string | null> {
  const challenge = randomBytes(24).toString("base64url");
  const headers = { "x-okta-verification-challenge": challenge };
  try {
    const { status, text } = await ask(hook, { method: "GET", headers }, signal);
    if (status !== 200) return `it answers ${status} to the verification`;
    const answer: unknown = JSON.parse(text);
    const proves =
      typeof answer === "object" && answer !== null && "verification" in answer
        ? answer.verification === challenge
        : false;
    return proves ? null : "its answer to the verification does not repeat the challenge";
  } catch (thrown) {
    return reasonOf(hook, thrown);
  }
}

/** @returns why the events did not arrive; null: they did */
export async function sendEvents(
  hook: HookSettings,
  source: string,
  events: readonly LogEvent[],
  signal: AbortSignal,
): Promise<string | null> {
  const body = safeJson({
    eventType: "com.okta.event_hook",
    eventTypeVersion: "1.0",
    cloudEventsVersion: "0.1",
    source,
    eventId: randomUUID(),
    eventTime: new Date().toISOString(),
    contentType: "application/json",
    data: { events: events.map(logEventDocument) },
  });
  const headers = { "content-type": "application/json" };
  for (let attempt = 1; ; attempt++) {
    const failure = await once(hook, { method: "POST", body, headers }, signal);
    // What the address refuses it refuses again.
    if (failure === null || attempt === 2 || failure.isRefused || signal.aborted)
      return failure?.reason ?? null;
  }
}

async function once(
  hook: HookSettings,
  options: Parameters<typeof ask>[1],
  signal: AbortSignal,
): Promise<{ readonly reason: string; readonly isRefused: boolean } | null> {
  try {
    const { status } = await ask(hook, options, signal);
    if (status >= 200 && status < 300) return null;
    return { reason: `it answers ${status}`, isRefused: status >= 400 && status < 500 };
  } catch (thrown) {
    return { reason: reasonOf(hook, thrown), isRefused: false };
  }
}

function reasonOf({ secret }: HookSettings, thrown: unknown): string {
  if (thrown instanceof SyntaxError) return "its answer is no JSON";
  if (thrown instanceof Error && thrown.name === "TimeoutError")
    return `it does not answer within ${TIMEOUT_MS / 1000} seconds`;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return cleanText(secret === null ? text : text.replaceAll(secret.reveal(), "[secret]"));
}
