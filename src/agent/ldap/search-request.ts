/** SearchRequest (RFC 4511 section 4.5.1) and request controls (section 4.1.11) as bytes. */
import type { SearchScope } from "../../model/directory.ts";
import { encodeFilter, type Filter } from "../filter.ts";
import { boolean, integer, octetString, TAG, tlv } from "./ber.ts";
import { DOMAIN_SCOPE, PAGED_RESULTS } from "./oids.ts";
import { SIZE_LIMIT_EXCEEDED } from "./result-codes.ts";

export interface SearchRequest {
  readonly base: string;
  readonly scope: SearchScope;
  readonly filter: Filter;
  readonly attributes: readonly string[];
  /** Null: the server does not know paged results. */
  readonly pageSize: number | null;
  readonly domainScope: boolean;
  /** Entries after which the server may stop; the result is then code 4. Default: none. */
  readonly sizeLimit?: number;
  /** Further controls, encoded. */
  readonly controls?: readonly Buffer[];
}

const SCOPES: Readonly<Record<SearchScope, number>> = { base: 0, one: 1, sub: 2 };

/** A control; `critical` ones make the server refuse what it does not know. */
export function control(oid: string, critical: boolean, value?: Buffer): Buffer {
  const parts = [octetString(oid)];
  if (critical) parts.push(boolean(true));
  if (value !== undefined) parts.push(octetString(value));
  return tlv(TAG.sequence, ...parts);
}

/** The whole message. @param cookie of the page before, if the request is paged */
export function encodeSearch(messageId: number, request: SearchRequest, cookie: Buffer): Buffer {
  const { base, scope, filter, attributes, pageSize, domainScope } = request;
  const operation = tlv(
    0x63,
    octetString(base),
    integer(SCOPES[scope], TAG.enumerated),
    integer(0, TAG.enumerated), // never dereference aliases: who is found must not depend on them
    integer(request.sizeLimit ?? 0),
    integer(0), // no time limit
    boolean(false),
    encodeFilter(filter),
    tlv(TAG.sequence, ...attributes.map((name) => octetString(name))),
  );
  const controls = [...(request.controls ?? [])];
  if (pageSize !== null) {
    const value = tlv(TAG.sequence, integer(pageSize), octetString(cookie));
    controls.push(control(PAGED_RESULTS, true, value));
  }
  if (domainScope) controls.push(control(DOMAIN_SCOPE, false));
  const parts = controls.length > 0 ? [operation, tlv(0xa0, ...controls)] : [operation];
  return tlv(TAG.sequence, integer(messageId), ...parts);
}

/**
 * How a server refuses pages that are larger than it allows: OpenLDAP with "administrative limit exceeded"
 * (`size.pr`), others may say that they are unwilling; where a size limit counts page by page, it is reached
 * within the first one. Active Directory gives smaller ones without a word.
 */
const REFUSED_PAGE: ReadonlySet<number> = new Set([SIZE_LIMIT_EXCEEDED, 11, 53]);
const SMALLER_BY = 5;
const SMALLEST_PAGE = 100;

/** Whether there are smaller pages to ask for. */
export function canBeSmaller({ pageSize }: SearchRequest): boolean {
  return pageSize !== null && Math.floor(pageSize / SMALLER_BY) >= SMALLEST_PAGE;
}

/**
 * The search with smaller pages, where a search was refused within its first page.
 * @param code of its result
 * @returns null: that is not the reason, or the pages are small already
 */
export function withSmallerPages(request: SearchRequest, code: number): SearchRequest | null {
  if (!REFUSED_PAGE.has(code) || !canBeSmaller(request)) return null;
  return { ...request, pageSize: Math.floor((request.pageSize ?? 0) / SMALLER_BY) };
}

/** AbandonRequest (RFC 4511 section 4.11). */
export function encodeAbandon(messageId: number, abandoned: number): Buffer {
  return tlv(TAG.sequence, integer(messageId), integer(abandoned, 0x50));
}
