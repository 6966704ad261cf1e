/** Rollcall's daemon with its API, in this process, and clients of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./process.ts";
import type { Result, Workplace } from "./rollcall.ts";

export interface ServedApi {
  /** Without a slash at the end. */
  readonly url: string;
  stop(): Promise<Result>;
}

/**
 * Starts `serve` and waits until it answers.
 * @param more of the `http` section
 * @param at the port, where somebody has to know it before
 */
export async function serveApi(place: Workplace, more = "", at?: number): Promise<ServedApi> {
  const port = at ?? (await freePort());
  place.listen(port, more);
  const stopping = new AbortController();
  const served = place.runWith(stopping.signal, "serve");
  const url = `http://127.0.0.1:${port}`;
  let ended: Result | null = null;
  void served.then((result) => (ended = result));
  while (!(await answers(`${url}/healthz`))) {
    if (ended !== null) throw new Error(`serve ended: ${(ended as Result).err}`);
    await sleep(20);
  }
  return {
    url,
    stop: async () => {
      stopping.abort();
      return await served;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** Makes a token and returns its secret. */
export async function tokenFor(place: Workplace, role: string, name = role): Promise<string> {
  const { token } = await place.json<{ token: string }>("tokens", "create", name, "--role", role);
  return token;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; null where there is none. */
  readonly body: unknown;
}

/** Asks as a client without a library. */
export function client(url: string, token: string | null) {
  return async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(token === null ? {} : { authorization: `SSWS ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== "" ? JSON.parse(text) : null,
    };
  };
}
