/** What every kind of app offers: accounts found, made, changed, switched off, deleted; groups. */
import type { AppFailure } from "./failure.ts";
import type { AccountProfile } from "../model/account.ts";
import type { Capabilities, CapabilityOverrides, MatchKey } from "../model/app.ts";

/** An account as the app has it. */
export interface RemoteAccount {
  readonly externalId: string;
  readonly active: boolean;
  /** Our values, as far as the app has them. */
  readonly profile: Readonly<Record<string, unknown>>;
  readonly userName: string | null;
  readonly emails: readonly string[];
  /** Ours, as the app keeps it; null if it does not. */
  readonly ownId: string | null;
}

/** What an app acknowledged. */
export interface Acknowledged {
  readonly externalId: string;
  readonly active: boolean;
  /** Attributes that it did not keep although it acknowledged them. */
  readonly notKept: readonly string[];
}

/** What an app acknowledged of a change, and what the account had just before. */
export interface Updated extends Acknowledged {
  /** Our attributes, as far as the app had them. */
  readonly had: RemoteAccount["profile"];
}

/** An account that is there, and by what it is known that it is the one that is meant. */
export interface AccountName {
  readonly externalId: string;
  /** Our id of the person. */
  readonly ownId: string;
  /** As the app acknowledged it last; null: it never did. */
  readonly userName: string | null;
}

export interface RemoteGroup {
  readonly externalId: string;
  /** Our id of it, as the app keeps it; null if it does not. */
  readonly ownId: string | null;
}

export interface Change extends AccountName {
  readonly profile: AccountProfile;
  /** Attributes of the profile that are not as the app acknowledged them. */
  readonly changed: readonly string[];
  /** Attributes that the app once acknowledged and that have no value any more. */
  readonly removed: readonly string[];
}

/** By what an account is looked for. */
export interface Wanted {
  readonly key: MatchKey;
  readonly value: string;
}

export interface AppProbe {
  readonly server: string;
  /** What it says of itself; null if it says nothing. */
  readonly declared: CapabilityOverrides | null;
  readonly users: number;
}

/** A connection to one app. Every method @throws AppFailure */
export interface Provisioner extends AsyncDisposable {
  readonly capabilities: Capabilities;
  /** What was learned since it was opened; null if nothing. */
  readonly learned: CapabilityOverrides | null;
  /** Whether it is an app, whose credential is good, and what it says of itself. */
  probe(): Promise<AppProbe>;
  /** Every account that a key finds; several are for the caller to judge. */
  find(wanted: Wanted): Promise<RemoteAccount[]>;
  read(externalId: string): Promise<RemoteAccount>;
  create(ownId: string, profile: AccountProfile): Promise<Acknowledged>;
  update(change: Change): Promise<Updated>;
  /** Switches an account on or off, and changes nothing else. */
  activate(account: AccountName, active: boolean): Promise<void>;
  delete(account: AccountName): Promise<void>;
  /** All accounts, page by page; each once. */
  accounts(): AsyncGenerator<RemoteAccount[]>;
  /** Groups of exactly this name. */
  findGroups(name: string): Promise<RemoteGroup[]>;
  hasGroup(externalId: string): Promise<boolean>;
  createGroup(name: string, ownId: string): Promise<string>;
  renameGroup(externalId: string, name: string): Promise<void>;
  changeMembers(externalId: string, change: MemberChange): Promise<void>;
  /** Leaves the app alone until then; milliseconds since 1970. */
  pauseUntil(at: number): void;
  /** Sends nothing any more; what waits fails for the same reason, untried. */
  stop(reason: AppFailure): void;
  /** The requests on their way end after that many milliseconds at most. */
  endIn(milliseconds: number): void;
}

export interface MemberChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export interface ProvisionerOptions {
  readonly declared: CapabilityOverrides | null;
  readonly learned: CapabilityOverrides;
  /** Is told of every pause that the app asks for. */
  readonly onPause: (until: number) => void;
}
