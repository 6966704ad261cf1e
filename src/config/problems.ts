import { isMap, isNode, isPair, isScalar, type Document, type LineCounter } from "yaml";
import type { z } from "zod";

/** One fault of the configuration file: where, and what would be right. */
export interface ConfigProblem {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export type Path = readonly PropertyKey[];

/** Knows the lines of a document, to turn paths into places. */
export class Places {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  atOffset(offset: number): number {
    return this.#lines.linePos(offset).line;
  }

  /** The line of the key at a path; of the nearest parent that exists, if it does not. */
  line(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const offset = this.#offset(path.slice(0, length));
      if (offset !== null) return this.atOffset(offset);
    }
    return 1;
  }

  #offset(path: Path): number | null {
    const parent =
      path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true);
    const last = path.at(-1);
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => isPair(item) && isScalar(item.key) && item.key.value === last,
      );
      const key = pair?.key;
      return isNode(key) ? (key.range?.[0] ?? null) : null;
    }
    const node = this.#document.getIn(path, true);
    return isNode(node) ? (node.range?.[0] ?? null) : null;
  }
}

/** A zod issue as problems of the file, in words. */
export function fromIssue(issue: z.core.$ZodIssue, places: Places): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { path: pathText(path), line: places.line(path), message: "unknown key" };
    });
  }
  if (issue.code === "invalid_union") {
    // The branch that got furthest says what is wrong with what was meant.
    const branches = issue.errors.filter((errors) =>
      errors.every((one) => one.path.length > 0 || one.code === "unrecognized_keys"),
    );
    const [branch] = branches;
    if (branch !== undefined && branch.length > 0) {
      return branch.flatMap((one) =>
        fromIssue({ ...one, path: [...issue.path, ...one.path] }, places),
      );
    }
    const own = issue.message === "Invalid input" ? [] : [issue.message];
    const messages = new Set(own.length > 0 ? own : issue.errors.flat().map((one) => one.message));
    return [
      {
        path: pathText(issue.path),
        line: places.line(issue.path),
        message: [...messages].join(", or "),
      },
    ];
  }
  return [{ path: pathText(issue.path), line: places.line(issue.path), message: issue.message }];
}

export function pathText(path: Path): string {
  return path
    .map((part, i) =>
      typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${String(part)}`,
    )
    .join("");
}
