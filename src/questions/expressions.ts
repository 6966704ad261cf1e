/** What helps to write an expression: what is wrong with it and where, and which words there are. */
import { configuredApp } from "../engine/apps.ts";
import { configuredDirectory } from "../engine/directories.ts";
import type { Engine } from "../engine/engine.ts";
import { methodSignature, signature } from "../mapping/functions/definition.ts";
import { FUNCTIONS, METHODS } from "../mapping/functions/table.ts";
import { compileMappings } from "../mapping/mapping.ts";
import { caret, positionOf, type ExpressionProblem } from "../mapping/problem.ts";
import { spelling } from "../mapping/scope.ts";
import type { ProfileSchema } from "../model/profile-schema.ts";
import type { Environment } from "../mapping/environment.ts";
import { appSchema } from "../reconciler/app-rules.ts";
import { someAttributes } from "../store/mapped.ts";

/** Whose mapping it is or shall be. */
export type MappingOf = { readonly directory: string } | { readonly app: string };

/** A fault, with its place also as people read it. */
export interface PlacedFault extends ExpressionProblem {
  /** "column 5". */
  readonly where: string;
  /** The line, and below it carets under the place. */
  readonly pointer: string;
}

/** A name, a function or a method as it is written, and what it is. */
export interface ExpressionWord {
  readonly kind: "name" | "function" | "method";
  /** What is written: of functions without parentheses. */
  readonly word: string;
  /** How a function is called; null of names. */
  readonly signature: string | null;
  readonly describe: string | null;
}

/**
 * Every fault of an expression for an attribute; none: it can be used.
 * @throws RollcallError if the directory or app is not configured
 */
export function faultsOf(
  engine: Engine,
  of: MappingOf,
  attribute: string,
  expression: string,
): readonly PlacedFault[] {
  const { environment, schema, profile } = targetOf(engine, of);
  const setting = { expression, apply: "update", line: 1 } as const;
  const { problems } = compileMappings(
    environment,
    new Map([[attribute, setting]]),
    schema,
    profile,
  );
  return problems.map(({ code, message, place }) => {
    const whole = { start: 0, end: expression.length };
    const { start, end } = place ?? whole;
    const fault: ExpressionProblem = { code, message, start, end };
    const where = positionOf(expression, fault);
    return { ...fault, where, pointer: caret(expression, fault) };
  });
}

function targetOf(
  engine: Engine,
  of: MappingOf,
): {
  readonly environment: Environment;
  readonly schema: ProfileSchema;
  /** What to call what is mapped to. */
  readonly profile: string;
} {
  if ("directory" in of) {
    const { environment } = configuredDirectory(engine, of.directory).rules;
    return { environment, schema: engine.rules.schema, profile: "the user profile" };
  }
  const { environment, settings } = configuredApp(engine.apps, of.app);
  return { environment, schema: appSchema(settings), profile: `the profile of ${of.app}` };
}

/** Names, functions and methods that an expression may use, in order. */
export async function wordsOf(engine: Engine, of: MappingOf): Promise<readonly ExpressionWord[]> {
  const names =
    "directory" in of ? [] : [...engine.rules.schema.keys()].map((one) => `user.${one}`);
  const own = "directory" in of ? of.directory : null;
  const { environment } = targetOf(engine, of);
  for (const directory of engine.directories.keys()) {
    const root = directory === own ? "appuser" : spelling(directory);
    // Not every name of a directory can stand in a mapping to an app.
    if ("code" in environment.resolve([root, "name"])) continue;
    const attributes = (await someAttributes(engine.store.db, directory)).toSorted();
    const plain = Map.groupBy(attributes, plainName);
    names.push(...attributes.map((one) => reference(root, one, plain)));
  }
  const functions = [...FUNCTIONS.values()].map((one): ExpressionWord => {
    return { kind: "function", word: one.name, signature: signature(one), describe: one.describe };
  });
  const methods = [...METHODS.values()].map((one): ExpressionWord => {
    const { name, describe } = one;
    return { kind: "method", word: `.${name}`, signature: methodSignature(one), describe };
  });
  const all = [...names, "org.name", "org.subDomain"].map((word): ExpressionWord => {
    return { kind: "name", word, signature: null, describe: null };
  });
  return [...all, ...functions, ...methods];
}

/** As an attribute's name is written behind a point, and compared. */
function plainName(attribute: string): string {
  return attribute.replaceAll(/[-;]/g, "_");
}

/** As a name behind a point, or in brackets where it cannot stand there, or would be another one's, too. */
function reference(
  root: string,
  attribute: string,
  all: ReadonlyMap<string, readonly string[]>,
): string {
  const plain = plainName(attribute);
  const isOnlyOne = all.get(plain)?.length === 1 || plain === attribute;
  if (isOnlyOne && /^[A-Za-z_]\w*$/.test(plain)) return `${root}.${plain}`;
  return `${root}['${attribute.replaceAll("'", "''")}']`;
}
