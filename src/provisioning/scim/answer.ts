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

export function jsonOf(text: string): JsonObject | null {
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
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

/** The resources of a list; null if the answer is no list response (RFC 7644, 3.4.2). */
export function listOf(
  json: JsonObject | null,
): { readonly resources: JsonObject[]; readonly total: number } | null {
  if (json === null) return null;
  const resources = member(json, "Resources");
  const total = Number(member(json, "totalResults"));
  const schemas = member(json, "schemas");
  const named = Array.isArray(schemas) && schemas.some((one) => /ListResponse$/i.test(String(one)));
  if (!named && !Number.isInteger(total)) return null;
  if (!Number.isInteger(total) && !Array.isArray(resources)) return null;
  // Without anybody found, the list may be absent.
  if (resources === undefined || resources === null)
    return total === 0 ? { resources: [], total: 0 } : null;
  if (!Array.isArray(resources)) return null;
  const objects = resources.filter(isObject);
  return { resources: objects, total: Number.isInteger(total) ? total : objects.length };
}

/** The server's own id of a resource; null if it has none that can be used. */
export function idOf(resource: JsonObject | null): string | null {
  if (resource === null) return null;
  const id = member(resource, "id");
  if (typeof id === "number") return String(id);
  return typeof id === "string" && id.trim() !== "" ? id : null;
}

/** Whether a resource says that it is active; one that does not say is (RFC 7643, 4.1.1). */
export function isActive(resource: JsonObject): boolean {
  const active = member(resource, "active");
  if (typeof active === "string") return active.trim().toLowerCase() !== "false";
  return active !== false;
}

/** How long an app asks to be left alone; milliseconds, null if it does not. @param now since 1970 */
export function retryAfterOf(headers: Answer["headers"], now: number): number | null {
  const text = headers["retry-after"] ?? headers["x-retry-after"] ?? headers["ratelimit-reset"];
  if (text === undefined) return null;
  const seconds = Number(text.trim());
  if (text.trim() !== "" && Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
