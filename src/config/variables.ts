import { isScalar, visit, type Document } from "yaml";

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** A text with something in place of each variable. */
export function withVariables(
  text: string,
  valueOf: (name: string, fallback: string | undefined) => string,
): string {
  return text.replaceAll(VARIABLE, (_, name: string, fallback?: string) => valueOf(name, fallback));
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` in the document's values, after it was parsed, so that
 * a variable can never change the structure. A variable that is set but empty counts as unset for
 * a default, as in the shell.
 * @param missing is called for every variable that is unset and has no default
 */
export function resolveVariables(
  document: Document.Parsed,
  environment: Readonly<Record<string, string | undefined>>,
  missing: (name: string, offset: number) => void,
): void {
  visit(document, {
    Scalar(key, node) {
      if (key === "key" || !isScalar(node) || typeof node.value !== "string") return;
      const offset = node.range?.[0] ?? 0;
      node.value = withVariables(node.value, (name, fallback) => {
        const value = environment[name];
        if (value !== undefined && (value !== "" || fallback === undefined)) return value;
        if (fallback === undefined) missing(name, offset);
        return fallback ?? "";
      });
    },
  });
}

export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;
