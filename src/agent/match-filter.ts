import { type AppProfile, type AttributeValue, attributeValues } from "../model/entry.ts";
import type { Filter } from "./filter.ts";

/** Whether a filter asks for a matching rule, which a file has no schema to look up in. */
export function usesMatchingRule(filter: Filter): boolean {
  if (filter.kind === "extensible") return true;
  if (filter.kind === "not") return usesMatchingRule(filter.item);
  return (filter.kind === "and" || filter.kind === "or") && filter.items.some(usesMatchingRule);
}

/**
 * Whether an entry of an LDIF file fits a filter. Text is compared without regard to case and
 * outer blanks, as most of a directory's attributes are; numbers by value in `>=` and `<=`.
 * Filters with matching rules are refused before (`usesMatchingRule`).
 */
export function matchesFilter(filter: Filter, profile: AppProfile): boolean {
  switch (filter.kind) {
    case "and":
      return filter.items.every((item) => matchesFilter(item, profile));
    case "or":
      return filter.items.some((item) => matchesFilter(item, profile));
    case "not":
      return !matchesFilter(filter.item, profile);
    case "present":
      return attributeValues(profile, filter.attribute).length > 0;
    case "equal":
    case "approximate": {
      const wanted = fold(filter.value.toString("utf8"));
      return texts(profile, filter.attribute).some((text) => text === wanted);
    }
    case "greater":
    case "less": {
      const limit = fold(filter.value.toString("utf8"));
      const sign = filter.kind === "greater" ? 1 : -1;
      return texts(profile, filter.attribute).some((text) => order(text, limit) * sign >= 0);
    }
    case "substrings": {
      const parts = [
        filter.initial ?? Buffer.alloc(0),
        ...filter.any,
        filter.final ?? Buffer.alloc(0),
      ];
      const wanted = parts.map((part) => part.toString("utf8").toLowerCase());
      return texts(profile, filter.attribute).some((text) => hasParts(text, wanted));
    }
    case "extensible":
      return false;
  }
}

function texts(profile: AppProfile, attribute: string): string[] {
  return attributeValues(profile, attribute)
    .filter((value: AttributeValue) => typeof value === "string")
    .map(fold);
}

function fold(text: string): string {
  return text.trim().toLowerCase();
}

function order(a: string, b: string): number {
  const numbers = [a, b].map((text) => (text === "" ? Number.NaN : Number(text)));
  const [left = Number.NaN, right = Number.NaN] = numbers;
  if (!Number.isNaN(left) && !Number.isNaN(right)) return left - right;
  return a < b ? -1 : a > b ? 1 : 0;
}

function hasParts(text: string, parts: readonly string[]): boolean {
  const initial = parts[0] ?? "";
  const final = parts.at(-1) ?? "";
  if (!text.startsWith(initial)) return false;
  let at = initial.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - final.length >= at && text.endsWith(final);
}
