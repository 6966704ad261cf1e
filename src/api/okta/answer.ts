/** What all answers of Okta's API have in common: links, pages, dates. */
import { createHash } from "node:crypto";
import type { ApiCall, ApiContext } from "../context.ts";
import { invalid, OktaError } from "./errors.ts";

/** A link of HAL, as Okta writes it. */
export interface Href {
  readonly href: string;
  readonly method?: string;
  readonly hints?: { readonly allow: readonly string[] };
}

export function href(context: ApiContext, path: string): Href {
  return { href: context.baseUrl() + path };
}

/** With milliseconds and Z, as all dates are; null stays null. */
export function dateText(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}

/**
 * `Link` headers, each on a line of its own: clients take the first address of a line for all of it.
 * @param next what the next page is asked for with; null: there is none
 */
export function linkPages(
  context: ApiContext,
  c: ApiCall,
  own: Readonly<Record<string, string | null>>,
  next: Readonly<Record<string, string | null>> | null,
): void {
  const address = (parameters: Readonly<Record<string, string | null>>): string => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters))
      if (value !== null) query.set(name, value);
    const text = query.toString();
    return `${context.baseUrl()}${c.req.path}${text === "" ? "" : `?${text}`}`;
  };
  const links = [`<${address(own)}>; rel="self"`];
  if (next !== null) links.push(`<${address({ ...own, ...next })}>; rel="next"`);
  const outgoing = c.env?.outgoing;
  if (outgoing !== undefined) outgoing.setHeader("Link", links);
  else for (const link of links) c.header("Link", link, { append: true });
}

/** How many are wanted; more than a page has are a page. */
export function limitOf(c: ApiCall, usual: number, most: number): number {
  const text = c.req.query("limit");
  // Some clients say so that they do not mind.
  if (text === undefined || text === "" || text === "-1") return usual;
  if (!/^\d{1,9}$/.test(text)) throw invalid("limit", `limit: a whole number from 1 to ${most}`);
  return Math.min(most, Math.max(1, Number(text)));
}

/** A parameter of the query that is not empty, or null. */
export function queryOf(c: ApiCall, name: string): string | null {
  const text = c.req.query(name);
  if (text === undefined || text === "") return null;
  if (text.includes("\0") || !text.isWellFormed()) throw invalid(name, `${name}: not a text`);
  return text;
}

/** The JSON object that came with a request. */
export async function bodyOf(c: ApiCall): Promise<Readonly<Record<string, unknown>>> {
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch {
    throw new OktaError(400, "E0000003", "The request body was not well-formed.");
  }
  if (!isRecord(body))
    throw new OktaError(400, "E0000003", "The request body was not well-formed.");
  return body;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A weak entity tag that changes with what it is made of. */
export function entityTag(value: unknown): string {
  return `W/"${createHash("sha256").update(JSON.stringify(value)).digest("hex")}"`;
}
