import { configuredDirectory } from "../../engine/directories.ts";
import type { Engine } from "../../engine/engine.ts";
import { compileMappings } from "../../mapping/mapping.ts";
import { caret, positionOf } from "../../mapping/problem.ts";
import { RollcallError } from "../../model/errors.ts";
import { needsOf } from "../../reconciler/rules.ts";

/**
 * The engine with one mapping of a directory replaced, to try an expression that is in no file.
 * @throws RollcallError `usage.invalid` with every fault and its place
 */
export function tryExpression(
  engine: Engine,
  name: string,
  attribute: string,
  expression: string,
): Engine {
  const directory = configuredDirectory(engine, name).rules;
  const { apply = "update" } = directory.mappings.get(attribute) ?? {};
  const setting = { expression, apply, line: 1 } as const;
  const { mappings, problems } = compileMappings(
    directory.environment,
    new Map([[attribute, setting]]),
    engine.rules.schema,
  );
  if (problems.length > 0) {
    const details = problems.map(({ source, message, code, place }) => {
      const pointer = place === null ? "" : `\n${caret(source, place).replaceAll(/^/gm, "    ")}`;
      const where = place === null ? "" : `, ${positionOf(source, place)}`;
      return `${message} (${code})${where}${pointer}`;
    });
    throw new RollcallError("usage.invalid", "The expression cannot be used.", { details });
  }
  const changed = new Map(directory.mappings);
  for (const mapping of mappings) changed.set(attribute, mapping);
  const directories = new Map(engine.rules.directories);
  directories.set(name, { ...directory, mappings: changed });
  return { ...engine, rules: { ...engine.rules, directories, needs: needsOf(directories) } };
}
