/** Everything that an explanation is made of. It is loaded first; what follows from it is decided here. */
import type { DirectoryState } from "../../model/directory-state.ts";
import type { DirectorySource } from "../../model/directory.ts";
import type { AppProfile } from "../../model/entry.ts";
import type { Problem } from "../../model/errors.ts";
import type { CutLink, UserChange } from "../../model/history.ts";
import type { Absence } from "../../model/run.ts";
import type { AppUser, AppUserTimes, LinkOrigin, User } from "../../model/user.ts";
import type { Sighting } from "../decide.ts";
import type { Rules } from "../rules.ts";
import type { Relations } from "../scope.ts";
import type { Resolved } from "../source-priority.ts";

export type LinkedAppUser = AppUser & AppUserTimes;

/** What a directory answers when it is asked about a person now. */
export type LiveAnswer =
  | {
      readonly kind: "found";
      readonly sighting: Sighting;
      /** Attributes that have other values than were imported. */
      readonly differs: readonly string[];
      /** Whether the account is disabled or enabled there, and was imported as the opposite. */
      readonly standingDiffers: boolean;
    }
  | { readonly kind: "absent"; readonly where: Exclude<Absence, "disconnected"> }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

/** What is configured, as far as explanations need it. */
export interface Configured {
  readonly rules: Rules;
  readonly sources: ReadonlyMap<string, DirectorySource>;
}

/** Of a directory's attributes, those that nobody has a value of, and some that people have. */
export interface AttributesOf {
  /** In lower case. */
  readonly without: ReadonlySet<string>;
  readonly present: readonly string[];
}

/** What is known about a user. */
export interface UserFacts extends Configured {
  readonly user: User;
  readonly createdAt: Date;
  /** One for each configured directory: the one in its scope, or else the last one that left it. */
  readonly appUsers: readonly LinkedAppUser[];
  /** In directories that are not configured any more. */
  readonly former: readonly LinkedAppUser[];
  /** App profiles that count, by directory. */
  readonly links: ReadonlyMap<string, AppProfile>;
  readonly relations: Relations;
  /** What the mappings give now. */
  readonly resolved: Resolved;
  /** Logins and unique values of it that somebody else has now. */
  readonly conflicts: readonly Problem[];
  readonly states: ReadonlyMap<string, DirectoryState>;
  /** By directory, where it was asked. */
  readonly live: ReadonlyMap<string, LiveAnswer>;
  /** Of directories that count for some attribute and are not linked. */
  readonly notLinked: ReadonlyMap<string, NotLinkedFacts>;
  /** The last change of each attribute. */
  readonly lastChanges: ReadonlyMap<string, UserChange>;
  /** How the user's entries left the scopes of directories, the last time. */
  readonly removals: ReadonlyMap<string, UserChange>;
  /** The last link that a person cut, if its entry is set aside still. */
  readonly cut: CutLink | null;
  /** By directory, of attributes that mappings read in vain. */
  readonly attributes: ReadonlyMap<string, AttributesOf>;
}

/** What is known about a directory that a user is not linked to. */
export interface NotLinkedFacts {
  readonly directory: string;
  readonly state: DirectoryState;
  /** The link of the user to it that a person cut, if its entry is set aside and may be theirs. */
  readonly cut: CutLink | null;
  /** The entry without a user that is most likely this person's. */
  readonly entry: LooseEntry | null;
  /** What it shows now of entries that are new and may be this person's; null if it was not asked. */
  readonly asked:
    | { readonly kind: "found"; readonly dn: string }
    | { readonly kind: "nothing" }
    | { readonly kind: "failed"; readonly message: string; readonly cure: string }
    | null;
}

/** An entry in a directory's scope that belongs to no user. */
export interface LooseEntry {
  readonly entry: AppUser;
  /** What a person decided about it. */
  readonly link: LinkOrigin | null;
  /** Whom the first matching rule that finds anybody finds. */
  readonly matched: readonly User[];
  /** Who has the login that it would get, and that user's own entry of the directory. */
  readonly holder: { readonly login: string; readonly entryDn: string | null } | null;
  /** What would be wrong with a user of its own. */
  readonly alone: readonly Problem[];
  /** What would be wrong with the user who was asked about, or else with whom the rules find. */
  readonly together: readonly Problem[];
}
