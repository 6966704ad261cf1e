/**
 * Expressions against the same logic written by hand, in turns in one process: `node
 * test/bench/expressions.ts` prints the rates as JSON. By hand means what a careful person would
 * write: the null rule, several values refused, and an attribute that is not there looked for in
 * another spelling.
 */
import { MappingEnvironment } from "../../src/mapping/environment.ts";
import { compileExpression } from "../../src/mapping/mapping.ts";
import { NO_FACTS, type Scope } from "../../src/mapping/scope.ts";
import type { AppProfile } from "../../src/model/entry.ts";

export interface ExpressionRate {
  readonly expression: string;
  /** Million evaluations a second. */
  readonly compiled: number;
  readonly byHand: number;
}

export interface ExpressionFigures {
  readonly rates: readonly ExpressionRate[];
  /** Time for twice the text, as a multiple of the time for the text. */
  readonly growth: readonly { readonly expression: string; readonly factor: number }[];
}

const PEOPLE = 1000;
const PASSES = 2000;
const TURNS = 5;

type Read = AppProfile[string] | undefined;

function attribute(profile: AppProfile, name: string): Read {
  const value = profile[name];
  if (value !== undefined) return value;
  for (const key in profile) {
    if (key.length === name.length && key.toLowerCase() === name) return profile[key];
  }
  return undefined;
}

function text(value: Read): string | null {
  if (typeof value === "string") return value;
  if (value === undefined) return null;
  throw new Error("several values");
}

const CASES: readonly (readonly [string, (profile: AppProfile) => unknown])[] = [
  ["appuser.mail", (p) => text(attribute(p, "mail"))],
  [
    'appuser.givenName + " " + appuser.sn',
    (p) => {
      const joined = `${text(attribute(p, "givenName")) ?? ""} ${text(attribute(p, "sn")) ?? ""}`;
      if (joined.length > 65_536) throw new Error("too long");
      return joined;
    },
  ],
  [
    'appuser.employeeType == "c" ? "contractor" : "employee"',
    (p) => (text(attribute(p, "employeeType")) === "c" ? "contractor" : "employee"),
  ],
  [
    'String.substringBefore(appuser.mail, "@")',
    (p) => {
      const mail = text(attribute(p, "mail"));
      if (mail === null) return null;
      const at = mail.indexOf("@");
      return at < 0 ? "" : mail.slice(0, at);
    },
  ],
  [
    "appuser.nick ?: appuser.givenName",
    (p) => {
      const nick = text(attribute(p, "nick"));
      return nick === null || nick === "" ? text(attribute(p, "givenName")) : nick;
    },
  ],
  ["String.toLowerCase(appuser.mail)", (p) => text(attribute(p, "mail"))?.toLowerCase() ?? null],
  [
    'Arrays.contains(appuser.memberOf, "cn=d")',
    (p) => {
      const groups = attribute(p, "memberOf");
      if (Array.isArray(groups)) return groups.includes("cn=d");
      return groups === "cn=d";
    },
  ],
];

const environment = new MappingEnvironment("corp", new Map([["corp", { type: "corp" }]]), []);

function compiled(expression: string): (scope: Scope) => unknown {
  const result = compileExpression(expression, environment);
  if ("problems" in result) throw new Error(result.problems[0]?.message);
  return result.expression.evaluate;
}

function profiles(): AppProfile[] {
  return Array.from({ length: PEOPLE }, (_, i) => ({
    objectClass: ["person", "inetOrgPerson"],
    uid: `u${i}`,
    givenName: `Ada${i}`,
    sn: `Lovelace${i}`,
    mail: `ada${i}@example.org`,
    title: "Engineer",
    employeeType: i % 2 === 0 ? "c" : "e",
    departmentNumber: "42",
    memberOf: ["cn=a", "cn=b", "cn=c", i % 2 === 0 ? "cn=d" : "cn=e"],
  }));
}

let sink: unknown;

/** Million calls a second. */
function rate<T>(call: (item: T) => unknown, items: readonly T[]): number {
  const started = performance.now();
  for (let pass = 0; pass < PASSES; pass++) for (const item of items) sink = call(item);
  return (PASSES * items.length) / (performance.now() - started) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function rates(): ExpressionRate[] {
  const people = profiles();
  const scopes = people.map((app) => ({ app, facts: NO_FACTS }));
  const pairs = CASES.map(([expression, byHand]) => {
    return { expression, byHand, own: compiled(expression), a: [] as number[], b: [] as number[] };
  });
  for (let turn = 0; turn < TURNS; turn++) {
    for (const { own, byHand, a, b } of pairs) {
      a.push(rate(own, scopes));
      b.push(rate(byHand, people));
    }
  }
  return pairs.map(({ expression, a, b }) => {
    return { expression, compiled: median(a), byHand: median(b) };
  });
}

/** Expressions that a careless machine would take for ever about. */
const GROWING = [
  "appuser.text matches '(a+)+b'",
  "appuser.text matches '(.*)*x(.*)*y'",
  "String.replace(appuser.text, 'ab', 'ba')",
  "String.stringContains(appuser.text, appuser.word)",
];

function growth(): { expression: string; factor: number }[] {
  const scope = (length: number): Scope => {
    const word = `${"a".repeat(length / 4)}b${"a".repeat(length / 4)}`;
    return { app: { text: "a".repeat(length), word }, facts: NO_FACTS };
  };
  const [one, two] = [scope(30_000), scope(60_000)];
  return GROWING.map((expression) => {
    const evaluate = compiled(expression);
    const time = (of: Scope): number => {
      const started = performance.now();
      for (let i = 0; i < 20; i++) sink = evaluate(of);
      return performance.now() - started;
    };
    const turns = Array.from({ length: 7 }, () => time(two) / time(one));
    return { expression, factor: median(turns) };
  });
}

const figures: ExpressionFigures = { rates: rates(), growth: growth() };
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
if (sink === figures) process.stderr.write("");
