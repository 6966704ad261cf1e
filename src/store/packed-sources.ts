import type { UserProfile, ValueSource } from "../model/user.ts";

/** Stands for every attribute that is not named. */
const REST = "*";

/**
 * The source of each attribute, as it is stored: nearly always all values of a user come from one
 * directory, so that one is written once and only the exceptions by name.
 */
export function packSources(
  sources: Readonly<Record<string, ValueSource>>,
): Record<string, ValueSource> {
  const counts = new Map<ValueSource, number>();
  for (const name in sources) {
    const source = sources[name] ?? "";
    counts.set(source, (counts.get(source) ?? 0) + 1);
  }
  let main = "";
  for (const [source, count] of counts) if (count > (counts.get(main) ?? 0)) main = source;
  const packed: Record<string, ValueSource> = { [REST]: main };
  for (const name in sources) {
    const source = sources[name] ?? "";
    if (source !== main) packed[name] = source;
  }
  return packed;
}

export function unpackSources(
  packed: Readonly<Record<string, ValueSource>>,
  profile: UserProfile,
): Record<string, ValueSource> {
  const sources: Record<string, ValueSource> = {};
  for (const name in profile) sources[name] = packed[name] ?? packed[REST] ?? "okta";
  return sources;
}
