/** What a SCIM server answers: its content read by what it is, never by its header. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as a JSON object; null if it is empty or something else. */
  readonly json: JsonObject | null;
  /** The body as text, for telling what the app said. */
  readonly text: string;
}

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Numbers that a number cannot hold, such as ids of 64 bits, stay what stands there. */
const LONG_NUMBER = /\d{16}/;

/** As far as the runtime tells where a value stands (ECMAScript's source text access). */
function asWritten(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || !Number.isInteger(value))
    return value;
  return context?.source ?? value;
}

export function jsonOf(text: string): JsonObject | null {
  try {
    const bare = text.replace(/^\uFEFF/, "");
    const parsed: unknown = LONG_NUMBER.test(bare) ? JSON.parse(bare, asWritten) : JSON.parse(bare);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** A member by its name without regard to case, as SCIM compares names (RFC 7643, 2.1). */
export function member(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const key = keyOf(object, name);
  return key === undefined ? undefined : object[key];
}

export function keyOf(object: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name;
  const lower = name.toLowerCase();
  return Object.keys(object).find((key) => key.toLowerCase() === lower);
}

/** The app's own words about a failure; empty if there are none that a person could read. */
export function wordsOf({ json, text }: Pick<Answer, "json" | "text">): string {
  const detail = json === null ? undefined : (member(json, "detail") ?? member(json, "message"));
  if (typeof detail === "string" && detail.trim() !== "") return detail;
  const plain = text.trim();
  return /^<(?:!doctype|html)/i.test(plain) ? titleOf(plain) : plain;
}

/** Of a page, its title. */
function titleOf(html: string): string {
  const [, behind = ""] = html.split(/<title>/i, 2);
  const title = behind.split("<", 1)[0]?.trim() ?? "";
  return title === "" ? "a web page" : title;
}

/**
 * The resources of a list (RFC 7644, 3.4.2); null if the answer is no list, or says of itself what it
 * does not show: somebody, and shows nobody.
 */
export function listOf(
  json: JsonObject | null,
): { readonly resources: JsonObject[]; readonly total: number } | null {
  if (json === null) return null;
  const total = member(json, "totalResults");
  const count = typeof total === "string" && /^\d+$/.test(total) ? Number(total) : total;
  if (typeof count !== "number" || !Number.isInteger(count) || count < 0) return null;
  const found = member(json, "Resources") ?? [];
  if (!Array.isArray(found)) return null;
  const resources = found.filter(isObject);
  if (count > 0 && resources.length === 0) return null;
  return { resources, total: count };
}

/** The server's own id of a resource; null if it has none that can be used. */
export function idOf(resource: JsonObject | null): string | null {
  if (resource === null) return null;
  const id = member(resource, "id");
  // Beyond these, different numbers look alike.
  if (typeof id === "number") return Number.isSafeInteger(id) ? String(id) : null;
  return typeof id === "string" && id.trim() !== "" ? id : null;
}

/** Whether a resource says that it is active; one that does not say is (RFC 7643, 4.1.1). */
export function isActive(resource: JsonObject): boolean {
  const active = member(resource, "active");
  if (typeof active === "string") return active.trim().toLowerCase() !== "false";
  return active !== false;
}

const DAY_MS = 24 * 3_600_000;
/** Larger numbers are no seconds to wait, but a moment. */
const MOMENTS_FROM = 1_000_000_000;

/**
 * How long an app asks to be left alone, at most a day; milliseconds, null if it does not.
 * @param now milliseconds since 1970
 */
export function retryAfterOf(headers: Answer["headers"], now: number): number | null {
  // Many tell on every answer when their count begins anew; it means something once it is used up.
  const isUsedUp = (headers["ratelimit-remaining"] ?? "0").trim() === "0";
  const reset = isUsedUp ? headers["ratelimit-reset"] : undefined;
  const text = headers["retry-after"] ?? headers["x-retry-after"] ?? reset;
  if (text === undefined || text.trim() === "") return null;
  const seconds = Number(text.trim());
  const wait = Number.isFinite(seconds)
    ? seconds >= MOMENTS_FROM
      ? seconds * 1000 - now
      : seconds * 1000
    : Date.parse(text) - now;
  return Number.isNaN(wait) ? null : Math.min(Math.max(0, wait), DAY_MS);
}
