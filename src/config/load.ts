import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isPair, isScalar, isSeq, LineCounter, parseDocument, visit, type Document } from "yaml";
import { RollcallError } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";
import { exposuresOf, hasLiteralSecret } from "./exposures.ts";
import { readAppFiles, readFiles } from "./files.ts";
import { fromIssue, pathText, Places, type ConfigProblem, type Path } from "./problems.ts";
import { configSchema, type Config } from "./schema.ts";
import { checkSemantics } from "./semantics.ts";
import { toSettings } from "./settings.ts";
import { resolveVariables, type ProcessEnvironment } from "./variables.ts";

/**
 * Reads and validates the configuration file.
 * @throws RollcallError `config.notFound`, or `config.invalid` with every problem in `details`
 */
export function loadSettings(file: string, environment: ProcessEnvironment): Settings {
  return parseSettings(readFile(file), file, environment);
}

/** By what one text of the file is told from another: SHA-256 in hexadecimal digits. */
export function textVersion(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** As `loadSettings`, from text. `file` is for messages only. */
export function parseSettings(
  text: string,
  file: string,
  environment: ProcessEnvironment,
): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const places = new Places(document, lines);
  const problems: ConfigProblem[] = document.errors.map((error) => ({
    path: "",
    line: lines.linePos(error.pos[0]).line,
    message: firstLine(error.message),
  }));
  if (problems.length > 0) throw invalid(file, problems);
  // Anchors are of no use here; a password that begins with * or & looks like one.
  visit(document, {
    Alias: (_, node) => {
      const line = places.atOffset(node.range?.[0] ?? 0);
      problems.push({ path: "", line, message: "a value that begins with * must stand in quotes" });
    },
  });
  if (problems.length > 0) throw invalid(file, problems);
  takeAsWritten(document);
  const literal = hasLiteralSecret(document);
  const unset = new Set<number>();
  const ofVariables = new Set<ConfigProblem>();
  resolveVariables(document, environment, (message, offset) => {
    unset.add(places.atOffset(offset));
    const problem = { path: "", line: places.atOffset(offset), message };
    ofVariables.add(problem);
    problems.push(problem);
  });
  const config = validate(document, places, problems);
  // Where a variable is unset, everything else about the line follows from that.
  const told = problems.filter((one) => ofVariables.has(one) || !unset.has(one.line));
  if (config === null || told.length > 0) throw invalid(file, told);
  const report = (path: Path, message: string): void => {
    problems.push({ path: pathText(path), line: places.line(path), message });
  };
  const files = readFiles(config, report);
  const trusted = readAppFiles(config, report);
  if (problems.length > 0) throw invalid(file, problems);
  const exposures = exposuresOf(file, literal, config);
  const line = (path: Path): number => places.line(path);
  return toSettings(config, {
    file,
    version: textVersion(text),
    environment,
    files,
    trusted,
    exposures,
    line,
  });
}

/** Values of `disabled` are compared as texts: TRUE, 007 and long numbers are what stands there. */
function takeAsWritten(document: Document.Parsed): void {
  visit(document, {
    Pair(_, { key, value }, path) {
      const isDisabled = path.some((one) => isPair(one) && nameOf(one.key) === "disabled");
      if (!isDisabled || nameOf(key) !== "values" || !isSeq(value)) return;
      for (const item of value.items)
        if (isScalar(item) && typeof item.value !== "string" && item.source !== undefined)
          item.value = item.source;
    },
  });
}

function nameOf(key: unknown): unknown {
  return isScalar(key) ? key.value : key;
}

function validate(
  document: Document.Parsed,
  places: Places,
  problems: ConfigProblem[],
): Config | null {
  const parsed = configSchema.safeParse(document.toJS() ?? {}, { error: inWords });
  if (!parsed.success) {
    problems.push(...parsed.error.issues.flatMap((issue) => fromIssue(issue, places)));
    const partial = partOf(document.toJS());
    if (partial !== null) checkAll(partial, places, problems);
    return null;
  }
  checkAll(parsed.data, places, problems);
  return parsed.data;
}

function checkAll(config: Config, places: Places, problems: ConfigProblem[]): void {
  checkSemantics(config, (path: Path, message: string) => {
    problems.push({ path: pathText(path), line: places.line(path), message });
  });
}

/**
 * The parts of a file that are right by themselves, so that what is wrong with their meaning is
 * told together with what is wrong elsewhere. Null if there are none.
 */
function partOf(raw: unknown): Config | null {
  if (typeof raw !== "object" || raw === null) return null;
  const parts = Object.entries(raw).filter(([key, value]) => {
    return (
      key === "directories" || configSchema.safeParse({ directories: {}, [key]: value }).success
    );
  });
  const all = Object.fromEntries(parts) as { directories?: unknown };
  const directories =
    typeof all.directories === "object" && all.directories !== null ? all.directories : {};
  const right = Object.entries(directories).filter(([name, value]) => {
    return configSchema.safeParse({ directories: { [name]: value } }).success;
  });
  // The profile and apps name directories; they can be judged only if none of them is left out.
  const names = Object.keys(directories);
  const known = right.length === names.length;
  const { profile: _profile, apps: _apps, ...others } = all as Record<string, unknown>;
  const candidate = { ...(known ? all : others), directories: Object.fromEntries(right) };
  const parsed = configSchema.safeParse(candidate);
  return parsed.success && right.length > 0 ? parsed.data : null;
}

function invalid(file: string, problems: readonly ConfigProblem[]): RollcallError {
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  const details = sorted.map(({ path, line, message }) => {
    return `${file}:${line}  ${path === "" ? "" : `${path}: `}${message}`;
  });
  const number = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return new RollcallError("config.invalid", `The configuration has ${number}.`, { details });
}

/** zod's messages in the words of a person who reads a file; values are never repeated. */
function inWords(issue: {
  readonly code?: string;
  readonly input?: unknown;
  readonly expected?: unknown;
  readonly values?: unknown;
}): string | undefined {
  if (issue.code === "invalid_type") {
    const found =
      issue.input === null ? "nothing" : Array.isArray(issue.input) ? "a list" : typeof issue.input;
    const wanted =
      typeof issue.expected === "string"
        ? (WORDS.get(issue.expected) ?? issue.expected)
        : "something else";
    return issue.input === undefined
      ? `this key is missing; ${wanted} is expected`
      : `${wanted} is expected, not ${WORDS.get(found) ?? found}`;
  }
  if (issue.code === "invalid_value" && Array.isArray(issue.values))
    return `${issue.values.length > 1 ? "one of " : ""}${issue.values.join(", ")} is expected`;
  return undefined;
}

const WORDS = new Map([
  ["string", "text"],
  ["number", "a number"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "a group of keys"],
  ["record", "a group of keys"],
]);

function firstLine(text: string): string {
  const [first = text] = text.split("\n", 1);
  return first.split(" at line ", 1)[0] ?? first;
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new RollcallError("config.notFound", `The configuration file ${file} cannot be read.`, {
      cause: error,
    });
  }
}
