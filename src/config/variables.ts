import { readFileSync } from "node:fs";
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
 * A variable of the environment; where it is unset, the content of the file that `NAME_FILE` names,
 * without a line end behind it: so come the secrets of containers.
 */
function valueIn(
  environment: ProcessEnvironment,
  name: string,
  unreadable: (message: string) => void,
): string | undefined {
  const file = environment[`${name}_FILE`];
  if (environment[name] !== undefined || file === undefined || file === "")
    return environment[name];
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    unreadable(`${name}_FILE cannot be read: ${reason}`);
    return "";
  }
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` in the document's values, after it was parsed, so that
 * a variable can never change the structure. A variable that is set but empty counts as unset for
 * a default, as in the shell.
 * @param missing is called for every variable that is unset and has no default, and where its file cannot be read
 */
export function resolveVariables(
  document: Document.Parsed,
  environment: ProcessEnvironment,
  missing: (message: string, offset: number) => void,
): void {
  visit(document, {
    Scalar(key, node) {
      if (key === "key" || !isScalar(node) || typeof node.value !== "string") return;
      const offset = node.range?.[0] ?? 0;
      node.value = withVariables(node.value, (name, fallback) => {
        const value = valueIn(environment, name, (message) => missing(message, offset));
        if (value !== undefined && (value !== "" || fallback === undefined)) return value;
        if (fallback === undefined)
          missing(
            `the environment variable ${name} is not set; set it, or ${name}_FILE, or write \${${name}:-default}`,
            offset,
          );
        return fallback ?? "";
      });
    },
  });
}

export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;
