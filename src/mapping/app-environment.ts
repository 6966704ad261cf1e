/** What the names in a To-App mapping mean: the user profile, and app profiles of directories. */
import { closest } from "../lib/lines.ts";
import {
  MappingEnvironment,
  type Environment,
  type NameFault,
  type Reference,
} from "./environment.ts";
import { CODES } from "./problem.ts";
import { spelling } from "./scope.ts";

export class AppEnvironment implements Environment {
  readonly #directories: MappingEnvironment;
  readonly #attributes: ReadonlyMap<string, string>;
  readonly needsConstants = true;

  /**
   * @param directories all that are configured, by name, with their type
   * @param attributes of the user profile
   */
  constructor(
    directories: ReadonlyMap<string, { readonly type: string }>,
    attributes: readonly string[],
  ) {
    this.#directories = new MappingEnvironment("", directories, attributes);
    this.#attributes = new Map(attributes.map((name) => [name.toLowerCase(), name]));
  }

  resolve(path: readonly string[]): Reference | NameFault {
    const [root = "", attribute, more] = path;
    const name = spelling(root);
    if (name === "user") return this.#user(more === undefined ? attribute : undefined);
    if (name === "appuser" || name === "source" || name.endsWith("_app")) {
      const message = `${root} is the profile of a directory's own mappings; to an app, use user.NAME or a directory's name`;
      return { code: CODES.wrongDirection, message };
    }
    const meant = this.#directories.resolve(path);
    if (!("code" in meant) || meant.code !== CODES.unknownName) return meant;
    // What helps in a directory's mapping does not help here.
    const similar = closest(root, ["user", "org"]);
    const isKnown = this.#directories.sourceFault(root) === null || name === "org";
    if (isKnown) return meant;
    const hint = similar === undefined ? "use user.NAME" : `do you mean ${similar}?`;
    const message = `${root} is not known here; ${path.length === 1 ? `do you mean user.${root}?` : hint}`;
    return { code: CODES.unknownName, message };
  }

  #user(attribute: string | undefined): Reference | NameFault {
    if (attribute === undefined)
      return { code: CODES.unknownName, message: "Name one attribute of the user: user.NAME" };
    const known = this.#attributes.get(attribute.toLowerCase());
    if (known !== undefined) return { kind: "variable", path: ["user", known] };
    const message = this.#directories.userFault(attribute) ?? `${attribute} is not known`;
    return { code: CODES.unknownName, message };
  }

  sourceFault(name: string): string | null {
    return this.#directories.sourceFault(name);
  }

  userFault(attribute: string): string | null {
    return this.#directories.userFault(attribute);
  }
}
