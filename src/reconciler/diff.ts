import { sameJson } from "../lib/same.ts";
import type { AttributeChange } from "../model/run.ts";
import type { UserProfile, ValueSource } from "../model/user.ts";

interface Side {
  readonly profile: UserProfile;
  readonly sources: Readonly<Record<string, ValueSource>>;
}

const NOTHING: Side = { profile: {}, sources: {} };

/** The attributes whose value differs, with both values; an absent value is null. */
export function diffProfiles(before: Side | null, after: Side): AttributeChange[] {
  const from = before ?? NOTHING;
  const changes: AttributeChange[] = [];
  for (const attribute in after.profile) {
    const old = from.profile[attribute];
    const value = after.profile[attribute];
    if (old === undefined || !sameJson(old, value)) {
      changes.push({
        attribute,
        from: old ?? null,
        to: value,
        source: after.sources[attribute] ?? "okta",
      });
    }
  }
  for (const attribute in from.profile) {
    if (after.profile[attribute] !== undefined) continue;
    changes.push({
      attribute,
      from: from.profile[attribute],
      to: null,
      source: from.sources[attribute] ?? "okta",
    });
  }
  return changes;
}
