/** Settings become rules, or a list of everything that is wrong with their mappings. */
import { caret, positionOf } from "../mapping/problem.ts";
import { RollcallError } from "../model/errors.ts";
import type { MappingSetting, Settings } from "../model/settings.ts";
import { compileRules, type Rules, type RulesProblem } from "../reconciler/rules.ts";
import { unknownDirectory } from "./directories.ts";

/**
 * Compiles the settings' mappings.
 * @throws RollcallError `config.invalid` with every problem and its place
 */
export function compileSettings(settings: Settings): Rules {
  const { rules, problems } = compileRules(settings);
  if (problems.length === 0) return rules;
  const number = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  const details = sorted.map((problem) => describeProblem(settings.file, problem));
  throw new RollcallError("config.invalid", `The mappings have ${number}.`, { details });
}

/** What is wrong with mappings that a directory does not have yet, next to those that it has. */
export function mappingProblems(
  settings: Settings,
  name: string,
  mappings: ReadonlyMap<string, Pick<MappingSetting, "expression" | "apply">>,
): string[] {
  const directory = settings.directories.get(name);
  if (directory === undefined) throw unknownDirectory(settings.directories, name);
  const toOkta = new Map(directory.toOkta);
  for (const [attribute, mapping] of mappings) toOkta.set(attribute, { ...mapping, line: 0 });
  const directories = new Map(settings.directories).set(name, { ...directory, toOkta });
  const { problems } = compileRules({ ...settings, directories });
  return problems
    .filter(
      (problem) =>
        problem.directory === name && problem.matching !== true && mappings.has(problem.attribute),
    )
    .map((problem) => describeFault(problem.attribute, problem));
}

function describeProblem(file: string, problem: RulesProblem): string {
  const key = problem.matching === true ? "matching" : `toOkta.${problem.attribute}`;
  const where = `${file}:${problem.line}  directories.${problem.directory}.${key}`;
  return describeFault(where, problem);
}

function describeFault(where: string, { message, code, place, source }: RulesProblem): string {
  const text = `${where}: ${message} (${code})`;
  if (place === null) return text;
  const pointer = caret(source, place).replaceAll(/^/gm, "    ");
  return `${text}, ${positionOf(source, place)}\n${pointer}`;
}
