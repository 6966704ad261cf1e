/**
 * What Okta answered while somebody recorded it, as shapes to hold answers of Rollcall against. The
 * recordings are those of Terraform's provider; whoever has its repository names their folder.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export interface Exchange {
  readonly method: string;
  /** Without the host. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly sent: unknown;
  readonly status: number;
  /** Parsed JSON; null where there is none. */
  readonly answer: unknown;
}

interface Recorded {
  readonly interactions?:
    | readonly {
        readonly request: {
          readonly method: string;
          readonly url: string;
          readonly body?: string;
        };
        readonly response: { readonly code?: number | string; readonly body?: string };
      }[]
    | null;
}

/** All exchanges of a folder and those below it. */
export function readRecordings(folder: string): Exchange[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".yaml"))
    .flatMap(
      (file) => (parse(readFileSync(join(folder, file), "utf8")) as Recorded).interactions ?? [],
    )
    .map(({ request, response }) => {
      const { pathname, searchParams } = new URL(request.url);
      return {
        method: request.method,
        path: pathname,
        query: searchParams,
        sent: parsed(request.body),
        status: Number(response.code),
        answer: parsed(response.body),
      };
    });
}

function parsed(text: string | undefined): unknown {
  if (text === undefined || text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What values at one place were like, of all recordings together. */
export class Shape {
  readonly #types = new Set<string>();
  readonly #members = new Map<string, { shape: Shape; count: number }>();
  #objects = 0;
  #items: Shape | null = null;

  static of(values: readonly unknown[]): Shape {
    const shape = new Shape();
    for (const value of values) shape.#learn(value);
    return shape;
  }

  #learn(value: unknown): void {
    this.#types.add(typeOf(value));
    if (Array.isArray(value)) {
      this.#items ??= new Shape();
      for (const item of value) this.#items.#learn(item);
    } else if (typeof value === "object" && value !== null) {
      this.#objects++;
      for (const [name, member] of Object.entries(value)) {
        const known = this.#members.get(name) ?? { shape: new Shape(), count: 0 };
        this.#members.set(name, known);
        known.count++;
        known.shape.#learn(member);
      }
    }
  }

  /**
   * Where a value is unlike what was recorded: what every recording had and it has not, and what is
   * of another type.
   * @param except names of places that are allowed to be so
   */
  unlike(value: unknown, except: RegExp, path = "$"): string[] {
    // Of an empty list nothing was learned.
    if (this.#types.size === 0 || except.test(path)) return [];
    const type = typeOf(value);
    if (!this.#types.has(type))
      return [`${path} is ${type}, recorded were ${[...this.#types].toSorted().join(", ")}`];
    if (Array.isArray(value))
      return [
        ...new Set(value.flatMap((item) => this.#items?.unlike(item, except, `${path}[]`) ?? [])),
      ];
    if (typeof value !== "object" || value === null) return [];
    const has = value as Readonly<Record<string, unknown>>;
    return [...this.#members].flatMap(([name, { shape, count }]) => {
      const at = `${path}.${name}`;
      if (name in has) return shape.unlike(has[name], except, at);
      return count === this.#objects && !except.test(at) ? [`${at} is missing`] : [];
    });
  }
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}
