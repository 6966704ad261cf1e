const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A length of time such as 15m, 2h or 7d, in milliseconds; null if it is none. */
export function parseDuration(text: string): number | null {
  const [, count = "", unit = ""] = /^(\d{1,7})([smhdw])$/.exec(text) ?? [];
  return unit === "" ? null : Number(count) * (UNITS[unit] ?? 0);
}
