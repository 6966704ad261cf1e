/** What an expression can see: one person's app profile, and what is known besides. */
import type { AppProfile } from "../model/entry.ts";
import type { GroupValue, RecordValue, Value } from "./values.ts";

/** Everything but the app profile. Mappings that need none of it share an empty one. */
export interface Facts {
  /** Milliseconds since 1970: one moment for a whole run. */
  readonly now: number;
  readonly organisation: RecordValue;
  /** The user so far; null for one that does not exist yet. */
  readonly user: { readonly id: string | null; readonly status: string | null } | null;
  /** All app users of the person, with their directory and its type. */
  readonly appUsers: readonly AppUserFact[];
  /** Groups that the person is a member of, directly or through others. */
  readonly groups: readonly GroupValue[];
  /**
   * Whom an attribute of the person's app profile names.
   * @param source the app profile's directory, or its type; null: the one that is mapped
   */
  related(attribute: string, source: string | null): Related | null;
  /** Values by name, for expressions that are evaluated with a context of their own. */
  readonly variables: ReadonlyMap<string, Value>;
}

export interface AppUserFact {
  readonly directory: string;
  /** `active_directory`, or the directory's name. */
  readonly type: string;
  readonly profile: RecordValue;
}

/** Another person: the user, and the app users. */
export interface Related {
  readonly user: RecordValue | null;
  readonly appUsers: readonly AppUserFact[];
}

/** What an expression is evaluated with. */
export interface Scope {
  readonly app: AppProfile;
  readonly facts: Facts;
  /** Names that an inner expression has besides; they come first. */
  readonly locals?: ReadonlyMap<string, Value>;
}

const NO_RECORD: RecordValue = { kind: "record", member: () => null };

export const NO_FACTS: Facts = {
  now: 0,
  organisation: NO_RECORD,
  user: null,
  appUsers: [],
  groups: [],
  related: () => null,
  variables: new Map(),
};

/** What has to be known before an expression can be evaluated. */
export interface Needs {
  readonly groups: boolean;
  /** Attributes that name other people, and the directory or type whose app profile has them. */
  readonly related: readonly { readonly attribute: string; readonly source: string | null }[];
}

/** A directory's name as expressions write it: without regard to case, and with _ for - . */
export function spelling(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

/** App users of a directory by its name or its type. */
export function appUsersOf(facts: Pick<Facts, "appUsers">, source: string): AppUserFact[] {
  const wanted = spelling(source);
  return facts.appUsers.filter(
    ({ directory, type }) => spelling(directory) === wanted || spelling(type) === wanted,
  );
}

/** The only one of them; null if there is none, or more than one. */
export function onlyAppUser(facts: Pick<Facts, "appUsers">, source: string): AppUserFact | null {
  const [first, second] = appUsersOf(facts, source);
  return first === undefined || second !== undefined ? null : first;
}
