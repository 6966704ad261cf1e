/**
 * Expressions with a context of their own, as the command `evaluate` takes them. Every key of the
 * context is a name; some stand for what Rollcall otherwise knows by itself:
 *
 * - `now` (ISO 8601), `user.id`, `user.status`, `user.groups` ([{id, name, type, sourceId}])
 * - `appUsers`: app profiles by directory, `{corp: [{…}]}`
 * - `manager`, `assistant`: `{okta: {…}, corp: {…}}`, the user profile and app profiles
 * - `user.linkedObjects`: user profiles by the name of the relation
 */
import { closest } from "../lib/lines.ts";
import type { ErrorCode } from "../model/errors.ts";
import { OpenEnvironment } from "./environment.ts";
import { toMoment } from "./functions/times.ts";
import { locateFailure } from "./locate.ts";
import { compileExpression } from "./mapping.ts";
import { EvaluationError } from "./problem.ts";
import { jsonRecord, jsonValue } from "./references.ts";
import type { AppUserFact, Facts, Related } from "./scope.ts";
import { formatZoned } from "./time/moment.ts";
import {
  isArray,
  isThing,
  plain,
  toText,
  type GroupValue,
  type RecordValue,
  type Value,
} from "./values.ts";

export type Context = Readonly<Record<string, unknown>>;

export type Evaluation =
  | { readonly value: unknown }
  | {
      readonly error: {
        readonly code: ErrorCode;
        readonly message: string;
        /** UTF-16 units from the beginning; null if no place is to blame. */
        readonly position: number | null;
      };
    };

/**
 * Evaluates an expression in a context. Never throws for what stands in either.
 * @param now milliseconds since 1970, unless the context says otherwise
 */
export function evaluateText(source: string, context: Context, now: number): Evaluation {
  const environment = new OpenEnvironment(Object.keys(context));
  const compiled = compileExpression(source, environment);
  if ("problems" in compiled) {
    const [problem] = compiled.problems;
    if (problem === undefined) throw new Error("a problem without a problem");
    const { code, message, start } = problem;
    return { error: { code, message, position: start } };
  }
  const { evaluate, tree } = compiled.expression;
  try {
    const facts = factsOf(context, now);
    try {
      return { value: toJson(evaluate({ app: {}, facts })) };
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      const place = locateFailure(tree, environment, { app: {}, facts });
      const { code, message } = error;
      return { error: { code, message, position: place?.start ?? null } };
    }
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return { error: { code: error.code, message: error.message, position: null } };
  }
}

/** Longer lines are refused, so that nobody fills the memory with one. */
const MAX_LINE = 1_000_000;

/**
 * Evaluates `{"expression": "…", "context": {…}}`.
 * @param shared names for whatever the line leaves open
 */
export function evaluateLine(line: string, shared: Context, now: number): Evaluation {
  const refuse = (message: string): Evaluation => {
    return { error: { code: "usage.invalid", message, position: null } };
  };
  const form = 'a line is {"expression": "…", "context": {…}}';
  if (line.length > MAX_LINE) return refuse(`A line may have at most ${MAX_LINE} characters.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(line.replace(/^\uFEFF/, ""));
  } catch {
    return refuse(`This line is not JSON; ${form}.`);
  }
  const { expression, context, ...others } = objectOf(parsed);
  if (typeof expression !== "string") return refuse(`There is no expression; ${form}.`);
  if (context !== undefined && objectOf(context) !== context)
    return refuse(`The context is no JSON object; ${form}.`);
  const slip = Object.keys(others).find((key) => closest(key, ["expression", "context"]));
  if (slip !== undefined) return refuse(`${slip} is not known; ${form}.`);
  return evaluateText(expression, { ...shared, ...objectOf(context) }, now);
}

function factsOf(context: Context, now: number): Facts {
  const own = (key: string): unknown => (Object.hasOwn(context, key) ? context[key] : undefined);
  const text = (key: string): string | null => toText(jsonValue(own(key)));
  const people = new Map(
    ["manager", "assistant"].map((name) => [name, relatedOf(own(name))] as const),
  );
  const linked = objectOf(own("user.linkedObjects"));
  const time = toMoment(jsonValue(own("now")));
  return {
    now: time?.millis ?? now,
    organisation: jsonRecord(objectOf(own("org"))),
    user: { id: text("user.id"), status: text("user.status") },
    appUsers: Object.entries(objectOf(own("appUsers"))).flatMap(([name, list]) =>
      listOf(list).map((profile) => appUser(name, profile)),
    ),
    groups: listOf(own("user.groups")).map(groupOf),
    related: (attribute, source) => {
      if (source !== null || !Object.hasOwn(linked, attribute))
        return people.get(attribute) ?? null;
      return { user: jsonRecord(objectOf(linked[attribute])), appUsers: [] };
    },
    variables: new Map(Object.entries(context).map(([name, value]) => [name, jsonValue(value)])),
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function appUser(directory: string, profile: unknown): AppUserFact {
  return { directory, type: directory, profile: jsonRecord(objectOf(profile)) };
}

function relatedOf(value: unknown): Related | null {
  if (typeof value !== "object" || value === null) return null;
  const { okta, ...others } = objectOf(value);
  const user: RecordValue | null = okta === undefined ? null : jsonRecord(objectOf(okta));
  return { user, appUsers: Object.entries(others).map(([name, one]) => appUser(name, one)) };
}

function groupOf(value: unknown): GroupValue {
  const record = jsonRecord(objectOf(value));
  const text = (name: string): string => toText(record.member(name)) ?? "";
  const sourceId = text("sourceId");
  const sourceType = toText(record.member("sourceType")) ?? sourceId;
  return {
    kind: "group",
    id: text("id"),
    name: text("name"),
    type: text("type"),
    sourceId,
    sourceType,
  };
}

/** Things of their own kind say so: {"$dateTime": …}, {"$countryCode": …}. */
function toJson(value: Value): unknown {
  if (isArray(value)) return value.map(toJson);
  if (isThing(value) && value.kind === "moment") return { $dateTime: formatZoned(value) };
  if (isThing(value) && value.kind === "country") return { $countryCode: value.country.alpha2 };
  return plain(value);
}
