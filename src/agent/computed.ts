/** What of a filter changes without a word; see `model/computed.ts`. */
import { isComputed } from "../model/computed.ts";
import type { Filter } from "./filter.ts";

/** Follows references from entry to entry (MS-ADTS 3.1.1.3.4.4.3). */
const IN_CHAIN = "1.2.840.113556.1.4.1941";

/** Names of attributes, as they stand in it. */
export function computedIn(filter: Filter): string[] {
  switch (filter.kind) {
    case "not":
      return computedIn(filter.item);
    case "and":
    case "or":
      return [...new Set(filter.items.flatMap(computedIn))];
    case "extensible":
      if (filter.rule === IN_CHAIN) return [filter.attribute];
      return isComputed(filter.attribute) ? [filter.attribute] : [];
    case "present":
    case "equal":
    case "approximate":
    case "greater":
    case "less":
    case "substrings":
      return isComputed(filter.attribute) ? [filter.attribute] : [];
  }
}
