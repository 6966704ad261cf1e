/** The settings of apps put in a form that decisions use: mappings and conditions compiled. */
import { checksum } from "../lib/checksum.ts";
import { AppEnvironment } from "../mapping/app-environment.ts";
import type { Environment } from "../mapping/environment.ts";
import {
  compileExpression,
  compileMappings,
  type Expression,
  type Mapping,
  type MappingProblem,
} from "../mapping/mapping.ts";
import { CODES } from "../mapping/problem.ts";
import type { AppAttribute, AppSettings, AssignedValues, AssignRule } from "../model/app.ts";
import { namespaceOf, placeName } from "../model/attribute-place.ts";
import type { AttributeSchema, ProfileSchema } from "../model/profile-schema.ts";
import { namedBy, type DirectoryRules, type RulesNeeds } from "./rules.ts";

export type CompiledAssign =
  | Exclude<AssignRule, { readonly kind: "condition" }>
  | {
      readonly kind: "condition";
      readonly expression: Expression;
      readonly values: AssignedValues;
    };

/** An app's part in every decision about its accounts. */
export interface AppRules {
  readonly settings: AppSettings;
  readonly environment: Environment;
  readonly mappings: ReadonlyMap<string, Mapping>;
  readonly assign: readonly CompiledAssign[];
  /** Attributes that have a place. */
  readonly placed: readonly (readonly [string, AppAttribute])[];
  /** Attributes that a mapping or an assignment gives: of others, nothing is ours to take away. */
  readonly own: ReadonlySet<string>;
  /** A mark of each attribute's place, to see whether it is another one; in the order of the names. */
  readonly places: ReadonlyMap<string, string>;
  /** Of the values, for evaluating. */
  readonly schema: ReadonlyMap<string, AttributeSchema>;
  readonly needs: RulesNeeds;
}

export interface AppProblem extends MappingProblem {
  readonly app: string;
  /** The key in the configuration, below the app. */
  readonly key: string;
}

/** What a mapping to the app may give. */
export function appSchema({ attributes }: AppSettings): ProfileSchema {
  return new Map([...attributes].map(([name, { type }]) => [name, { title: name, type }]));
}

/** Compiles one app; every problem is reported. @param attributes of the user profile */
export function compileApp(
  settings: AppSettings,
  directories: ReadonlyMap<string, DirectoryRules>,
  attributes: readonly string[],
): { readonly rules: AppRules; readonly problems: readonly AppProblem[] } {
  const { name: app, toApp } = settings;
  const environment = new AppEnvironment(directories, attributes);
  const schema = appSchema(settings);
  const { mappings, problems } = compileMappings(
    environment,
    toApp,
    schema,
    `the app's profile (apps.${app}.attributes and the built-in ones)`,
  );
  const told: AppProblem[] = problems.map((one) => ({
    ...one,
    app,
    key: `toApp.${one.attribute}`,
  }));
  const assign = settings.assign.flatMap((rule, i): CompiledAssign[] => {
    if (rule.kind !== "condition") return [rule];
    const compiled = compileCondition(rule.expression, environment);
    if ("expression" in compiled)
      return [{ kind: "condition", expression: compiled.expression, values: rule.values }];
    for (const problem of compiled.problems) {
      const { code, message } = problem;
      const { line, expression: source } = rule;
      const key = `assign.${i}.when`;
      told.push({ attribute: "when", line, source, code, message, place: problem, app, key });
    }
    return [];
  });
  const expressions = [
    ...mappings.map((mapping) => mapping.expression),
    ...assign.flatMap((rule) => (rule.kind === "condition" ? [rule.expression] : [])),
  ];
  const byGroup = assign.some((rule) => rule.kind === "group");
  const rules: AppRules = {
    settings,
    environment,
    mappings: new Map(mappings.map((mapping) => [mapping.attribute, mapping])),
    assign,
    placed: [...settings.attributes].filter(([, { place }]) => place !== null),
    own: ownAttributes(mappings, settings.assign),
    places: placesOf(settings.attributes),
    schema,
    needs: needsOf(expressions, byGroup, directories),
  };
  return { rules, problems: told };
}

/** An expression of an app. @returns the expression, or what is wrong with it */
function compileCondition(
  source: string,
  environment: Environment,
): ReturnType<typeof compileExpression> {
  const compiled = compileExpression(source, environment);
  if ("problems" in compiled) return compiled;
  const { type } = compiled;
  if (type === "boolean" || type === "any") return compiled;
  const message = `A condition is true or false; this gives ${type}`;
  return { problems: [{ code: CODES.type, message, start: 0, end: source.length }] };
}

function ownAttributes(
  mappings: readonly Mapping[],
  assign: readonly AssignRule[],
): ReadonlySet<string> {
  const mapped = mappings.map(({ attribute }) => attribute);
  return new Set([...mapped, ...assign.flatMap(({ values }) => Object.keys(values))]);
}

function placesOf(attributes: ReadonlyMap<string, AppAttribute>): ReadonlyMap<string, string> {
  const marks = [...attributes].flatMap(([name, { place }]): [string, string][] =>
    place === null ? [] : [[name, checksum(`${namespaceOf(place)} ${placeName(place)}`)]],
  );
  return new Map(marks.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What must be loaded before; what an expression asks of its own directory, it asks of all. */
function needsOf(
  expressions: readonly Expression[],
  byGroup: boolean,
  directories: ReadonlyMap<string, DirectoryRules>,
): RulesNeeds {
  const related = new Map<string, { directory: string; attribute: string }>();
  for (const { needs } of expressions)
    for (const { attribute, source } of needs.related) {
      const named = source === null ? [...directories.keys()] : namedBy(source, "", directories);
      for (const directory of named)
        related.set(`${directory} ${attribute.toLowerCase()}`, { directory, attribute });
    }
  const groups = byGroup || expressions.some(({ needs }) => needs.groups);
  return { groups, related: [...related.values()] };
}
