import type { AskedBy } from "./asked-by.ts";
import type { Settings } from "./settings.ts";

/** A change of one place in the configuration file. */
export interface ConfigurationEdit {
  readonly path: readonly string[];
  /** Null takes the place away. */
  readonly value: unknown;
  /** What is written first where the file has nothing at this place yet: the defaults that counted. */
  readonly whole?: { readonly path: readonly string[]; readonly value: unknown };
}

/**
 * Changes the configuration file if the whole then checks, and takes it over.
 * @returns the new configuration @throws RollcallError `config.invalid`, `config.readOnly`
 */
export type EditConfiguration = (
  edits: readonly ConfigurationEdit[],
  by: AskedBy,
) => Promise<Settings>;
