/** How things are written. */
import { computed } from "@preact/signals";
import { locale, say } from "./texts.ts";
import { now, times } from "./times.ts";

const STYLE = { dateStyle: "medium", timeStyle: "medium" } as const;

const unitOf = (unit: string) => ({ style: "unit", unit, unitDisplay: "long" }) as const;

/** What writes times and numbers in a language; making it takes long. */
const writers = computed(() => {
  const how = locale();
  return {
    local: new Intl.DateTimeFormat(how, STYLE),
    utc: new Intl.DateTimeFormat(how, { ...STYLE, timeZone: "UTC" }),
    number: new Intl.NumberFormat(how),
    decimal: new Intl.NumberFormat(how, { maximumFractionDigits: 1 }),
    ago: new Intl.RelativeTimeFormat(how, { numeric: "auto" }),
    day: new Intl.NumberFormat(how, unitOf("day")),
    hour: new Intl.NumberFormat(how, unitOf("hour")),
    minute: new Intl.NumberFormat(how, unitOf("minute")),
    second: new Intl.NumberFormat(how, unitOf("second")),
  };
});

/** By the clock that was chosen. */
export function time(at: string): string {
  const date = new Date(at);
  const { utc, local } = writers.value;
  return times.value === "utc" ? `${utc.format(date)} UTC` : local.format(date);
}
export const number = (value: number): string => writers.value.number.format(value);

export const decimal = (value: number): string => writers.value.decimal.format(value);

const STEPS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

export function ago(at: string): string {
  const seconds = Math.round((Date.parse(at) - clock()) / 1000);
  for (const [unit, size] of STEPS)
    if (Math.abs(seconds) >= size)
      return writers.value.ago.format(Math.round(seconds / size), unit);
  return writers.value.ago.format(seconds, "second");
}

/** How long ago that was, in seconds. */
export function secondsSince(at: string): number {
  return Math.max(0, (clock() - Date.parse(at)) / 1000);
}

/** What is drawn by it is drawn anew as time goes on; what came since the last tick did not come tomorrow. */
function clock(): number {
  return Math.max(now.value, Date.now());
}

/** A time span, in the largest unit that it fills. @param seconds none of them is negative */
export function duration(seconds: number): string {
  const [unit, size] = STEPS.find((one) => seconds >= one[1]) ?? (["second", 1] as const);
  return writers.value[unit].format(Math.round(seconds / size));
}

/** What assigns somebody to an app. */
export function ruleOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return kind === name ? kind : `${kind} ${name}`;
}

export const people = (count: number): string => say().people(number(count));

/** Signs that nobody sees and that change the order of what stands beside them. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A name from elsewhere, of which every sign shows. */
export function visible(text: string): string {
  const shown = (sign: string): string => sign.charCodeAt(0).toString(16).padStart(4, "0");
  return text.replaceAll(TURNING, (sign) => `\\u${shown(sign)}`);
}

/** A value of a profile; nothing is an empty text, too. */
export function value(of: unknown): string {
  if (of === null || of === undefined || of === "") return "—";
  if (Array.isArray(of)) return of.map(value).join(", ");
  return visible(typeof of === "string" ? of : JSON.stringify(of));
}

export const kind = (of: string): string => say().kinds[of] ?? of;

/** What can be asked for of those whom an import, or a push, concerns. */
export const ACTIONS: readonly string[] = [
  "created",
  "updated",
  "removed",
  "failed",
  "ignored",
  "skipped",
  "unchanged",
];
export const PUSH_ACTIONS: readonly string[] = [
  "created",
  "adopted",
  "updated",
  "reactivated",
  "deactivated",
  "deleted",
  "removed",
  "failed",
  "skipped",
  "held",
];
