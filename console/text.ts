/** How things are written. */
import type { Reason } from "../src/model/run.ts";
import { times } from "./times.ts";

const STYLE = { dateStyle: "medium", timeStyle: "medium" } as const;
const LOCAL = new Intl.DateTimeFormat(undefined, STYLE);
const UTC = new Intl.DateTimeFormat(undefined, { ...STYLE, timeZone: "UTC" });
const NUMBER = new Intl.NumberFormat();
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** By the clock that was chosen. */
export function time(at: string): string {
  const date = new Date(at);
  return times.value === "utc" ? `${UTC.format(date)} UTC` : LOCAL.format(date);
}
export const number = (value: number): string => NUMBER.format(value);

const STEPS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

export function ago(at: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  for (const [unit, size] of STEPS)
    if (Math.abs(seconds) >= size) return AGO.format(Math.round(seconds / size), unit);
  return AGO.format(seconds, "second");
}

/** What assigns somebody to an app. */
export function ruleOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return kind === name ? kind : `${kind} ${name}`;
}

export function people(count: number): string {
  return `${number(count)} ${count === 1 ? "person" : "people"}`;
}

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

const KINDS: Readonly<Record<string, string>> = {
  import: "Import",
  "force-sync": "Force Sync",
  revert: "Putting back",
  push: "Push",
  link: "Linking by hand",
  edit: "Edit by hand",
};

export const kind = (of: string): string => KINDS[of] ?? of;

/** Why a run takes or changes somebody. */
export const REASONS: Readonly<Record<Reason, string>> = {
  gone: "the directory shows no such entry any more",
  outOfFilter: "still there, but the filter or scope does not find it",
  moved: "still there, but outside the base",
  unexamined: "not found; where it is was not looked for",
  handedOver: "the entry left; another directory's entry goes on with the account",
  disabled: "disabled in the directory",
  unlinked: "the link was cut by hand",
  disconnected: "the directory is not in the configuration any more",
  accessLost: "the settings take the access away",
  regained: "access is given back",
  replaced: "another entry took the place",
  relinked: "the link that another entry had taken is back",
  undone: "what another run did is put back",
  cameBack: "left out: shown again, or as enabled",
  changedSince: "left out: changed by something else since",
  missing: "left out: no longer there",
};

/** What can be asked for of a run's people. */
export const ACTIONS: readonly string[] = [
  "created",
  "updated",
  "removed",
  "failed",
  "ignored",
  "skipped",
  "unchanged",
];
