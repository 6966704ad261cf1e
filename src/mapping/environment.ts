/** What the names in an expression mean: in a mapping, and in an expression with a context of its own. */
import { closest, meantHint } from "../lib/lines.ts";
import type { ErrorCode } from "../model/errors.ts";
import { ACTIVE_DIRECTORY } from "./functions/people.ts";
import { CODES } from "./problem.ts";
import { spelling } from "./scope.ts";

export type Reference =
  /** An attribute of an app profile; source null: of the one that is mapped. */
  | { readonly kind: "app"; readonly source: string | null; readonly attribute: string }
  | { readonly kind: "organisation"; readonly name: string }
  | { readonly kind: "variable"; readonly path: readonly string[] };

export interface NameFault {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface Environment {
  resolve(path: readonly string[]): Reference | NameFault;
  /** Why no directory can be meant by a name, where a function asks for one; null if one can. */
  sourceFault(name: string): string | null;
  /** Why a user profile cannot have an attribute; null if it can. */
  userFault(attribute: string): string | null;
  /** Whether directories and relations must be named by constants, because they are looked up before. */
  readonly needsConstants: boolean;
}

/** The app profile that is mapped. */
export const OWN: ReadonlySet<string> = new Set(["appuser", "source"]);
const ORGANISATION = new Set(["name", "subdomain"]);

/** In a To-Okta mapping of a directory. */
export class MappingEnvironment implements Environment {
  readonly #directories: ReadonlyMap<string, string>;
  readonly #own: string;
  readonly #attributes: ReadonlySet<string>;
  readonly needsConstants = true;

  /**
   * @param directories all that are configured, by name, with their type
   * @param attributes of the user profile
   */
  constructor(
    own: string,
    directories: ReadonlyMap<string, { readonly type: string }>,
    attributes: Iterable<string>,
  ) {
    this.#own = own;
    this.#attributes = new Set(attributes);
    const names = [...directories.keys()].map((name) => [spelling(name), name] as const);
    const typed = [...directories.values()].some(({ type }) => type === ACTIVE_DIRECTORY);
    const type = typed ? [[ACTIVE_DIRECTORY, ACTIVE_DIRECTORY] as const] : [];
    this.#directories = new Map([...type, ...names]);
  }

  resolve(path: readonly string[]): Reference | NameFault {
    const [root = "", ...rest] = path;
    const name = spelling(root);
    const directory = this.#directories.get(name);
    if (OWN.has(name) || directory !== undefined) {
      const [attribute, more] = rest;
      if (attribute === undefined)
        return unknown(`${root} alone has no value; name an attribute: ${root}.NAME`);
      if (more !== undefined) return unknown(`An attribute has no parts: ${path.join(".")}`);
      const source = directory === undefined || directory === this.#own ? null : directory;
      return { kind: "app", source, attribute };
    }
    if (name === "org") return organisation(root, rest);
    if (name === "user") {
      return {
        code: CODES.wrongDirection,
        message:
          "`user` is the user profile, which exists only in mappings from Okta to an application; here use appuser.NAME",
      };
    }
    if (name === "app" || name.endsWith("_app"))
      return unsupported(`${root}: applications have no properties here; use appuser.NAME`);
    if (name === "idpuser") return unsupported("idpuser exists only where people log in");
    return unknown(this.#hint(root, rest));
  }

  sourceFault(name: string): string | null {
    if (this.#directories.has(spelling(name))) return null;
    const names = [...new Set(this.#directories.values())].join(", ");
    return `There is no directory ${name}; there are ${names}`;
  }

  userFault(attribute: string): string | null {
    const lower = attribute.toLowerCase();
    if ([...this.#attributes].some((name) => name.toLowerCase() === lower)) return null;
    const hint = meantHint(attribute, this.#attributes);
    return `${attribute} is not an attribute of the user profile${hint}`;
  }

  #hint(root: string, rest: readonly string[]): string {
    if (rest.length === 0) return `${root} is not known here; do you mean appuser.${root}?`;
    const meant = closest(root, [...OWN, ...this.#directories.keys()]);
    const hint = meant === undefined ? "use appuser.NAME" : `do you mean ${meant}?`;
    return `${root} is not known here; ${hint}`;
  }
}

function organisation(root: string, rest: readonly string[]): Reference | NameFault {
  const [name = "", more] = rest;
  if (ORGANISATION.has(name.toLowerCase()) && more === undefined)
    return { kind: "organisation", name: name.toLowerCase() };
  return unknown(`${[root, ...rest].join(".")} is not known; there are org.name and org.subDomain`);
}

/** Names that expressions are written with everywhere; without a value they are null. */
const USUAL = ["user", "appuser", "source", "app", "org", "idpuser"];

/** With a context of its own: every name is a value of the context. */
export class OpenEnvironment implements Environment {
  readonly #names: ReadonlySet<string>;
  readonly needsConstants = false;

  constructor(names: Iterable<string>) {
    this.#names = new Set([...names, ...USUAL]);
  }

  resolve(path: readonly string[]): Reference | NameFault {
    const [root = ""] = path;
    if (this.#names.has(root)) return { kind: "variable", path };
    const same = [...this.#names].find((name) => name.toLowerCase() === root.toLowerCase());
    if (same !== undefined) return { kind: "variable", path: [same, ...path.slice(1)] };
    const hint = meantHint(root, this.#names);
    return unknown(`${root} is not in the context${hint}`);
  }

  sourceFault(): null {
    return null;
  }

  userFault(): null {
    return null;
  }
}

/** Inside of `getFilteredGroups`: the same names, and the group. */
export class GroupEnvironment implements Environment {
  readonly #outer: Environment;

  constructor(outer: Environment) {
    this.#outer = outer;
  }

  get needsConstants(): boolean {
    return this.#outer.needsConstants;
  }

  resolve(path: readonly string[]): Reference | NameFault {
    return path[0]?.toLowerCase() === "group"
      ? { kind: "variable", path: ["group", ...path.slice(1)] }
      : this.#outer.resolve(path);
  }

  sourceFault(name: string): string | null {
    return this.#outer.sourceFault(name);
  }

  userFault(attribute: string): string | null {
    return this.#outer.userFault(attribute);
  }
}

function unsupported(message: string): NameFault {
  return { code: CODES.unsupported, message };
}

function unknown(message: string): NameFault {
  return { code: CODES.unknownName, message };
}
