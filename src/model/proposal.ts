/** What is proposed for a directory that nobody has configured yet. */
import type { DirectorySource, DisabledRule } from "./directory.ts";

export interface Proposal {
  readonly type: DirectorySource["type"];
  /** For people: which server or file it is. */
  readonly title: string;
  /** Null: the whole file. */
  readonly base: string | null;
  /** Null: the type's own. */
  readonly filter: string | null;
  /** Null: the server's own. */
  readonly id: string | null;
  /** Null: nothing tells, or the type's own. */
  readonly disabled: DisabledRule | null;
  /** Null: none were found. */
  readonly groups: { readonly base?: string; readonly column?: string } | null;
  /** What stands between several values in one cell; null: nothing. */
  readonly separator: string | null;
  /** How many people there are, and whether there are more. */
  readonly people: number;
  readonly isPart: boolean;
  /** The containers with most people. */
  readonly places: readonly { readonly dn: string; readonly people: number }[];
  /** What people have, and how many of them; most first. */
  readonly attributes: readonly { readonly name: string; readonly people: number }[];
  readonly mappings: readonly ProposedMapping[];
  /** What is needed and was not found: attributes that every user has, and `users.id`. */
  readonly missing: readonly string[];
  /** Some people as they would become. */
  readonly preview: readonly ProposedPerson[];
  /** What to know besides. */
  readonly remarks: readonly string[];
}

export interface ProposedMapping {
  readonly attribute: string;
  readonly expression: string;
  /** Of so many people it gives a value that is valid. */
  readonly valid: number;
  /** Of so many who were looked at. */
  readonly of: number;
}

export interface ProposedPerson {
  readonly dn: string;
  readonly profile: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
}
