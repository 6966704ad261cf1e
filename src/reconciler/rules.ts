import { isCredential } from "../model/credentials.ts";
import { MappingEnvironment, type Environment } from "../mapping/environment.ts";
import { ACTIVE_DIRECTORY } from "../mapping/functions/people.ts";
import {
  compileExpression,
  compileMappings,
  type Expression,
  type Mapping,
  type MappingProblem,
} from "../mapping/mapping.ts";
import { CODES } from "../mapping/problem.ts";
import { jsonRecord } from "../mapping/references.ts";
import { spelling } from "../mapping/scope.ts";
import type { RecordValue } from "../mapping/values.ts";
import { profileSchema, type ProfileSchema } from "../model/profile-schema.ts";
import type {
  DirectorySettings,
  OnMatch,
  OnRemoval,
  Reactivate,
  Settings,
} from "../model/settings.ts";

/** A directory's part in every decision: its settings with all expressions compiled. */
export interface DirectoryRules {
  readonly name: string;
  /** `active_directory`, or the directory's name: what expressions may call it. */
  readonly type: string;
  /** What names mean in its expressions. */
  readonly environment: Environment;
  readonly mappings: ReadonlyMap<string, Mapping>;
  readonly matching: readonly CompiledRule[];
  readonly onNoMatch: "create" | "ignore";
  readonly onRemoval: OnRemoval;
  readonly reactivate: Reactivate;
}

export interface CompiledRule {
  readonly user: string;
  readonly app: Expression;
  readonly onMatch: OnMatch | null;
}

/** All that decisions depend on besides the data. */
export interface Rules {
  readonly schema: ProfileSchema;
  readonly directories: ReadonlyMap<string, DirectoryRules>;
  /** Profile sources, highest priority first. */
  readonly sources: readonly string[];
  readonly overrides: ReadonlyMap<string, readonly string[] | "okta">;
  /** Attributes that take the value of the next source where one has none. */
  readonly fallback: ReadonlySet<string>;
  /** Attributes whose values are unique among users, besides the login. */
  readonly unique: readonly string[];
  /** Of the whole organisation, as `org.name` reads it. */
  readonly organisation: RecordValue;
  /** What has to be loaded before mappings can be evaluated. */
  readonly needs: RulesNeeds;
}

export interface RulesNeeds {
  readonly groups: boolean;
  /** Attributes of a directory's app profiles that name other people. */
  readonly related: readonly { readonly directory: string; readonly attribute: string }[];
}

export interface RulesProblem extends MappingProblem {
  readonly directory: string;
}

/** Compiles the settings into rules; every problem of every directory is reported. */
export function compileRules(settings: Settings): {
  rules: Rules;
  problems: readonly RulesProblem[];
} {
  const schema = profileSchema(settings.profile.attributes);
  const problems: RulesProblem[] = [];
  const directories = new Map<string, DirectoryRules>();
  const types = new Map(
    [...settings.directories].map(([name, one]) => [name, { type: typeOf(one) }]),
  );
  for (const [name, directory] of settings.directories) {
    const environment = new MappingEnvironment(name, types, schema.keys());
    const compiled = compileDirectory(directory, environment, schema);
    directories.set(name, compiled.rules);
    problems.push(...compiled.problems.map((problem) => ({ ...problem, directory: name })));
  }
  const { sources, overrides, fallback } = settings.profile;
  const organisation = jsonRecord({ ...settings.organisation });
  const needs = needsOf(directories);
  const unique = [...schema].flatMap(([name, one]) => (one.unique === true ? [name] : []));
  const rules = { schema, directories, sources, overrides, fallback, unique, organisation, needs };
  return { rules, problems };
}

function typeOf({ name, source }: DirectorySettings): string {
  return source.type === "active-directory" ? ACTIVE_DIRECTORY : name;
}

/** What the mappings of all directories need; a name of a type stands for all of that type. */
export function needsOf(directories: ReadonlyMap<string, DirectoryRules>): RulesNeeds {
  let groups = false;
  const related = new Map<string, { directory: string; attribute: string }>();
  for (const { name, mappings } of directories.values()) {
    for (const { expression } of mappings.values()) {
      groups ||= expression.needs.groups;
      for (const { attribute, source } of expression.needs.related) {
        for (const directory of namedBy(source, name, directories))
          related.set(`${directory} ${attribute.toLowerCase()}`, { directory, attribute });
      }
    }
  }
  return { groups, related: [...related.values()] };
}

/** The directories that a name in an expression means: one, or all of a type; null: the own one. */
export function namedBy(
  source: string | null,
  own: string,
  directories: ReadonlyMap<string, DirectoryRules>,
): string[] {
  if (source === null) return [own];
  const wanted = spelling(source);
  return [...directories.values()]
    .filter(({ name, type }) => spelling(name) === wanted || spelling(type) === wanted)
    .map(({ name }) => name);
}

function compileDirectory(
  directory: DirectorySettings,
  environment: Environment,
  schema: ProfileSchema,
): { rules: DirectoryRules; problems: readonly MappingProblem[] } {
  const { name, toOkta, onNoMatch, onRemoval, reactivate } = directory;
  const { mappings, problems } = compileMappings(environment, toOkta, schema);
  const all = [...problems, ...missingMappings(directory, schema)];
  const matching = directory.matching.flatMap((rule) => {
    const compiled = compileMatching(rule.app, environment);
    if ("expression" in compiled)
      return [{ user: rule.user, app: compiled.expression, onMatch: rule.onMatch }];
    for (const problem of compiled.problems) {
      const { code, message } = problem;
      all.push({
        attribute: rule.user,
        matching: true,
        line: rule.line,
        source: rule.app,
        code,
        message,
        place: problem,
      });
    }
    return [];
  });
  const byAttribute = new Map(mappings.map((mapping) => [mapping.attribute, mapping]));
  const rules = {
    name,
    type: typeOf(directory),
    environment,
    mappings: byAttribute,
    matching,
    onNoMatch,
    onRemoval,
    reactivate,
  };
  return { rules, problems: all };
}

/** Whoever creates users has to give them what every user needs. */
function missingMappings(
  { name, toOkta, onNoMatch }: DirectorySettings,
  schema: ProfileSchema,
): MappingProblem[] {
  if (onNoMatch !== "create" || toOkta.size === 0) return [];
  const line = Math.min(...[...toOkta.values()].map((mapping) => mapping.line));
  return [...schema].flatMap(([attribute, { required }]) => {
    if (required !== true || toOkta.has(attribute)) return [];
    const code =
      attribute === "login"
        ? "platform.cvd.profiles.mapping.cannotHaveEmptyLogin"
        : "platform.cvd.profiles.mapping.mappingNotFoundForTarget";
    const message = `${name} may create users, but has no mapping for ${attribute}, which is required`;
    return [{ attribute, line, source: "", code, message, place: null } as const];
  });
}

/** A matching rule finds the user; what is known of a user only then, it cannot ask for. */
function compileMatching(
  source: string,
  environment: Environment,
): ReturnType<typeof compileExpression> {
  const compiled = compileExpression(source, environment);
  if ("problems" in compiled) return compiled;
  const { reads, needs } = compiled.expression;
  const secret = reads.find((read) => isCredential(read.attribute));
  if (secret !== undefined) {
    const message = `${secret.attribute} holds credentials, by which nobody is matched`;
    return {
      problems: [{ code: CODES.unsupported, message, start: secret.start, end: secret.end }],
    };
  }
  const other = reads.find((read) => read.source !== null);
  if (other === undefined && !needs.groups && needs.related.length === 0) return compiled;
  const message =
    "A matching rule can only read the app profile itself; groups and other people are known later";
  const place = { start: other?.start ?? 0, end: other?.end ?? source.length };
  return { problems: [{ code: CODES.unsupported, message, ...place }] };
}
