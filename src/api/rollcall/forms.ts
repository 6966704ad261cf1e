/** Forms that several routes share: pages of lists, names, and documents as `--json` prints them. */
import { z } from "@hono/zod-openapi";
import { isUuid } from "../../lib/uuid.ts";
import { readEntryCursor } from "../cursor.ts";

/** A text that can be kept: well-formed, and without NUL. */
export const text = z
  .string()
  .min(1)
  .max(4096)
  .refine((value) => value.isWellFormed() && !value.includes("\0"), "not a text");

/** The same, or nothing: what stands in a field that somebody emptied. */
export const anyText = z.union([z.literal(""), text]);

export const uuid = z.string().refine(isUuid, "an id is expected");

export const flag = z
  .enum(["true", "false"])
  .transform((value) => value === "true")
  .optional();

const MOST = 1000;

/** How many of a list, and behind which one. */
export const page = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, `a whole number from 1 to ${MOST} is expected`)
    .transform(Number)
    .pipe(z.int().min(1).max(MOST))
    .default(50),
  after: z
    .string()
    .regex(/^\d{1,5}$/, "what `next` of the page before says is expected")
    .optional()
    .meta({ description: "What `next` of the page before says." }),
};

/** Any document of the commands' `--json`; docs/06-operations.md and the commands' help tell its keys. */
export const document = z.looseObject({});

/** A page of a list. @param items what one of them is */
export function listOf(items: z.ZodType) {
  return z.object({ items: z.array(items), next: z.string().nullable() });
}

/**
 * A page of what was found, one more than is shown.
 * @param cursor what the page behind one begins with
 */
export function pageOf<T, D>(
  found: readonly T[],
  limit: number,
  show: (one: T) => D,
  cursor: (one: T) => string,
): { readonly items: D[]; readonly next: string | null } {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const next = found.length > limit && last !== undefined ? cursor(last) : null;
  return { items: shown.map(show), next };
}

/** A page of a list that is short enough to be made whole each time; the cursor is its position. */
export function positionPage<T>(
  all: readonly T[],
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
): { readonly items: T[]; readonly next: string | null } {
  const from = Number(after ?? 0);
  const to = from + limit;
  return { items: all.slice(from, to), next: all.length > to ? String(to) : null };
}

/** Behind which entry a page begins. */
export const entryCursor = z
  .string()
  .max(4096)
  .transform((cursor, at) => {
    const read = readEntryCursor(cursor);
    if (read === null) at.addIssue("what `next` of the page before says is expected");
    return read;
  })
  .meta({ description: "What `next` of the page before says.", type: "string" });
