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

/** A text with a change, and which places that changed, for whoever looks it up. */
export interface ChangedText {
  readonly text: string;
  readonly paths: readonly string[];
}

/** A change of the text as a whole. */
export interface ConfigurationChange {
  /** @throws RollcallError if it does not fit */
  readonly to: (text: string) => ChangedText;
  /** Files that come with it, for the daemon's own eyes; none is there yet. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/**
 * Changes the configuration file if the whole then checks, and takes it over.
 * @returns the new configuration @throws RollcallError `config.invalid`, `config.readOnly`
 */
export type EditConfiguration = (
  change: readonly ConfigurationEdit[] | ConfigurationChange,
  by: AskedBy,
) => Promise<Settings>;
