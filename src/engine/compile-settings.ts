/** Settings become rules, or a list of everything that is wrong with their mappings. */
import { caret, positionOf } from "../mapping/problem.ts";
import { asRollcallError, RollcallError } from "../model/errors.ts";
import type { MappingSetting } from "../model/mapping-setting.ts";
import type { Settings } from "../model/settings.ts";
import { compileApp, type AppProblem, type AppRules } from "../reconciler/app-rules.ts";
import { compileRules, type Rules, type RulesProblem } from "../reconciler/rules.ts";
import { parseLogFilter } from "../store/filters/log-filter.ts";
import { unknownDirectory } from "./directories.ts";

/** Settings with all their expressions compiled. */
export interface CompiledSettings {
  readonly rules: Rules;
  readonly apps: ReadonlyMap<string, AppRules>;
}

/**
 * Compiles the settings' mappings.
 * @throws RollcallError `config.invalid` with every problem and its place
 */
export function compileSettings(settings: Settings): CompiledSettings {
  const { rules, problems: ofDirectories } = compileRules(settings);
  const apps = new Map<string, AppRules>();
  const problems: (RulesProblem | AppProblem)[] = [...ofDirectories];
  for (const [name, app] of settings.apps) {
    const compiled = compileApp(app, rules.directories, [...rules.schema.keys()]);
    apps.set(name, compiled.rules);
    problems.push(...compiled.problems);
  }
  const ofHooks = hookProblems(settings);
  if (problems.length === 0 && ofHooks.length === 0) return { rules, apps };
  if (problems.length === 0)
    throw new RollcallError("config.invalid", "The hooks have a problem.", { details: ofHooks });
  const number = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  const details = sorted.map((problem) => describeProblem(settings.file, problem));
  const all = [...details, ...ofHooks];
  throw new RollcallError("config.invalid", `The mappings have ${number}.`, { details: all });
}

/** Filters have a grammar of their own. */
function hookProblems({ file, hooks }: Settings): string[] {
  return [...hooks.values()].flatMap(({ name, filter, line }) => {
    if (filter === null) return [];
    try {
      parseLogFilter(filter);
      return [];
    } catch (thrown) {
      const { code, message } = asRollcallError(thrown);
      return [`${file}:${line}  hooks.${name}.filter: ${message} (${code})`];
    }
  });
}

type Mappings = ReadonlyMap<string, Pick<MappingSetting, "expression" | "apply">>;

/**
 * The settings with these mappings of a directory over those that it has.
 * @throws RollcallError `config.unknownDirectory`
 */
export function settingsWithMappings(
  settings: Settings,
  name: string,
  mappings: Mappings,
): Settings {
  const directory = settings.directories.get(name);
  if (directory === undefined) throw unknownDirectory(settings.directories, name);
  const toOkta = new Map(directory.toOkta);
  for (const [attribute, mapping] of mappings) toOkta.set(attribute, { ...mapping, line: 0 });
  const directories = new Map(settings.directories).set(name, { ...directory, toOkta });
  return { ...settings, directories };
}

/** What is wrong with mappings that a directory does not have yet, next to those that it has. */
export function mappingProblems(settings: Settings, name: string, mappings: Mappings): string[] {
  const { problems } = compileRules(settingsWithMappings(settings, name, mappings));
  return problems
    .filter(
      (problem) =>
        problem.directory === name && problem.matching !== true && mappings.has(problem.attribute),
    )
    .map((problem) => describeFault(problem.attribute, problem));
}

function describeProblem(file: string, problem: RulesProblem | AppProblem): string {
  if ("app" in problem)
    return describeFault(`${file}:${problem.line}  apps.${problem.app}.${problem.key}`, problem);
  const key = problem.matching === true ? "matching" : `toOkta.${problem.attribute}`;
  const where = `${file}:${problem.line}  directories.${problem.directory}.${key}`;
  return describeFault(where, problem);
}

function describeFault(
  where: string,
  { message, code, place, source }: RulesProblem | AppProblem,
): string {
  const text = `${where}: ${message} (${code})`;
  if (place === null) return text;
  const pointer = caret(source, place).replaceAll(/^/gm, "    ");
  return `${text}, ${positionOf(source, place)}\n${pointer}`;
}
