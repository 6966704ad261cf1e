import {
  compileExpression,
  compileMappings,
  type Expression,
  type Mapping,
  type MappingProblem,
} from "../mapping/mapping.ts";
import { profileSchema, type ProfileSchema } from "../model/profile-schema.ts";
import type { DirectorySettings, OnRemoval, Settings } from "../model/settings.ts";

/** A directory's part in every decision: its settings with all expressions compiled. */
export interface DirectoryRules {
  readonly name: string;
  readonly mappings: ReadonlyMap<string, Mapping>;
  readonly matching: readonly { readonly user: string; readonly app: Expression }[];
  readonly onNoMatch: "create" | "ignore";
  readonly onRemoval: OnRemoval;
}

/** All that decisions depend on besides the data. */
export interface Rules {
  readonly schema: ProfileSchema;
  readonly directories: ReadonlyMap<string, DirectoryRules>;
  /** Profile sources, highest priority first. */
  readonly sources: readonly string[];
  readonly overrides: ReadonlyMap<string, readonly string[] | "okta">;
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
  for (const [name, directory] of settings.directories) {
    const compiled = compileDirectory(directory, schema);
    directories.set(name, compiled.rules);
    problems.push(...compiled.problems.map((problem) => ({ ...problem, directory: name })));
  }
  const { sources, overrides } = settings.profile;
  return { rules: { schema, directories, sources, overrides }, problems };
}

function compileDirectory(
  directory: DirectorySettings,
  schema: ProfileSchema,
): { rules: DirectoryRules; problems: readonly MappingProblem[] } {
  const { name, toOkta, onNoMatch, onRemoval } = directory;
  const { mappings, problems } = compileMappings(name, toOkta, schema);
  const all = [...problems];
  if (onNoMatch === "create" && toOkta.size > 0 && !toOkta.has("login")) {
    const line = Math.min(...[...toOkta.values()].map((mapping) => mapping.line));
    all.push({
      attribute: "login",
      line,
      source: "",
      code: "platform.cvd.profiles.mapping.cannotHaveEmptyLogin",
      message: `${name} may create users, but has no mapping for login`,
      place: null,
    });
  }
  const matching = directory.matching.flatMap((rule) => {
    const compiled = compileExpression(rule.app, name);
    if ("expression" in compiled) return [{ user: rule.user, app: compiled.expression }];
    for (const problem of compiled.problems) {
      const { code, message } = problem;
      all.push({
        attribute: rule.user,
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
  return { rules: { name, mappings: byAttribute, matching, onNoMatch, onRemoval }, problems: all };
}
