/**
 * An exported Okta profile mapping (GET /api/v1/mappings/{id}), and its way into the configuration
 * file.
 */
import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { z } from "zod";
import { RollcallError } from "../model/errors.ts";
import type { MappingSetting } from "../model/mapping-setting.ts";
import { withEdits } from "./edit.ts";

export interface ImportedMapping {
  readonly expression: string;
  readonly apply: "create" | "update";
}

/** More than any profile has. */
const MOST_ATTRIBUTES = 1000;

type Mappings = ReadonlyMap<string, ImportedMapping>;

/** A mapping that was read, next to what there is. */
export interface ComparedMapping extends ImportedMapping {
  readonly attribute: string;
  readonly how: "new" | "changed" | "same";
  readonly before: ImportedMapping | null;
}

const profile = z.looseObject({ name: z.string().optional(), type: z.string().optional() });
const exported = z.looseObject({
  source: profile.optional(),
  target: profile.optional(),
  properties: z.record(
    z.string(),
    z
      .looseObject({
        expression: z.string(),
        // On create and update, or on create only.
        pushStatus: z.enum(["PUSH", "DONT_PUSH"]).default("PUSH"),
      })
      .nullable(),
  ),
});

const FORM = '{"properties": {"TARGET": {"expression": "…", "pushStatus": "PUSH" | "DONT_PUSH"}}}';

/**
 * Reads the export. A property that is null is not mapped.
 * @throws RollcallError `mappings.unreadable`, if it is no such mapping or goes the other way
 */
export function readOktaMapping(file: string): ReadonlyMap<string, ImportedMapping> {
  return mappingsOfExport(readJson(file), file);
}

/** The same, of what was read already. @param file for messages only */
export function mappingsOfExport(
  json: unknown,
  file: string,
): ReadonlyMap<string, ImportedMapping> {
  const parsed = exported.safeParse(json);
  if (!parsed.success) {
    const details = parsed.error.issues.map(
      ({ path, message }) => `${path.map(String).join(".")}: ${message}`,
    );
    const message = `${file} is no profile mapping, which looks like ${FORM}.`;
    throw new RollcallError("mappings.unreadable", message, { details });
  }
  const { source, target, properties } = parsed.data;
  if (source?.type === "user" || target?.type === "appuser") {
    const names = `from ${source?.name ?? "the user profile"} to ${target?.name ?? "an application"}`;
    const message = `${file} maps ${names}; wanted is the mapping from the application to the user profile.`;
    throw new RollcallError("mappings.unreadable", message);
  }
  const attributes = Object.keys(properties).length;
  if (attributes > MOST_ATTRIBUTES) {
    const message = `${file} maps ${attributes} attributes; there are ${MOST_ATTRIBUTES} at most.`;
    throw new RollcallError("mappings.unreadable", message);
  }
  return new Map(
    Object.entries(properties).flatMap(([attribute, mapping]) => {
      if (mapping === null) return [];
      const apply = mapping.pushStatus === "PUSH" ? "update" : "create";
      return [[attribute, { expression: mapping.expression, apply }] as const];
    }),
  );
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const message = `The file ${file} cannot be read.`;
    throw new RollcallError("mappings.unreadable", message, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RollcallError("mappings.unreadable", `${file} is not JSON: ${reason}`);
  }
}

/** The mappings as they stand in the configuration file. */
export function mappingsYaml(mappings: ReadonlyMap<string, ImportedMapping>): string {
  return stringify({ toOkta: Object.fromEntries(toYaml(mappings)) }, { lineWidth: 0 });
}

/**
 * The text of a configuration file with these mappings in a directory's `toOkta`. Other mappings,
 * comments and variables stay.
 * @param mappings `whole` is written where the file has no mappings of the directory yet
 */
export function withMappings(
  text: string,
  directory: string,
  { read, whole }: Readonly<Record<"read" | "whole", ReadonlyMap<string, ImportedMapping>>>,
): string {
  const place = ["directories", directory, "toOkta"];
  const defaults = { path: place, value: Object.fromEntries(toYaml(whole)) };
  const edits = [...toYaml(read)].map(([attribute, value]) => {
    return { path: [...place, attribute], value, whole: defaults };
  });
  return withEdits(text, edits);
}

function* toYaml(
  mappings: ReadonlyMap<string, ImportedMapping>,
): Generator<[string, string | ImportedMapping]> {
  for (const [attribute, { expression, apply }] of mappings) {
    yield [attribute, apply === "update" ? expression : { expression, apply }];
  }
}

/** Texts in quotes, and names at the beginning of references. */
const NAMES = /"[^"]*"|'[^']*'|(?<![\p{L}\p{N}_$.])[\p{L}_$][\p{L}\p{N}_$]*(?=\s*\.)/gu;

/**
 * Replaces names of directories, wherever expressions have them; never a part of a text in quotes.
 * @param names there, and here
 */
export function renamedMappings(mappings: Mappings, names: ReadonlyMap<string, string>): Mappings {
  if (names.size === 0) return mappings;
  const rename = (expression: string): string =>
    expression.replaceAll(NAMES, (part) => {
      const text = /^["']/.test(part) ? part.slice(1, -1) : null;
      if (text === null) return names.get(part) ?? part;
      // A text that is nothing but the name names a directory: getManagerUser("active_directory").
      const other = names.get(text);
      return other === undefined ? part : `${part.charAt(0)}${other}${part.charAt(0)}`;
    });
  return new Map(
    [...mappings].map(([name, one]) => [name, { ...one, expression: rename(one.expression) }]),
  );
}

export function comparedMappings(
  read: Mappings,
  present: ReadonlyMap<string, MappingSetting>,
): ComparedMapping[] {
  return [...read].map(([attribute, { expression, apply }]) => {
    const before = present.get(attribute);
    const same = before?.expression === expression && before.apply === apply;
    const how = before === undefined ? "new" : same ? "same" : "changed";
    return {
      attribute,
      how,
      before: before === undefined ? null : { expression: before.expression, apply: before.apply },
      expression,
      apply,
    };
  });
}

/** What a configuration would read as a variable, and so as something else than was checked. */
export function variableProblems(read: Mappings): string[] {
  return [...read]
    .filter(([, { expression }]) => /\$\{[A-Za-z_]/.test(expression))
    .map(
      ([name]) =>
        `${name}: an expression in the configuration cannot hold \${…}, which is a variable there`,
    );
}
