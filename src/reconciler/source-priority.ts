/**
 * Whose value counts. A user has one profile source: the highest in priority among the
 * directories that the user is linked to. It gives every attribute, except where an override names
 * an order of its own, or `okta` for values that are edited here.
 *
 * An attribute that its source does not map is not taken from the next source, as in Okta. It keeps
 * a value that came from this source (the mapping was removed) or was edited here, and loses one
 * that another directory gave. With `fallback`, the next source that has a value gives it.
 */
import type { Scope } from "../mapping/scope.ts";
import type { AppProfile } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import type { AttributeSchema } from "../model/profile-schema.ts";
import type { ProfileValue, User, UserProfile, ValueSource } from "../model/user.ts";
import { mappedValue, type AttributeResult } from "./mapped-value.ts";
import type { Rules } from "./rules.ts";
import { scopeOf, type Relations } from "./scope.ts";
import { validateProfile } from "./validate.ts";

export interface ResolveInput {
  /** App profiles of the user, by directory; without those that left their scope. */
  readonly links: ReadonlyMap<string, AppProfile>;
  /** Null for a user that is being created. */
  readonly before: Pick<User, "id" | "status" | "profile" | "sources"> | null;
  /** The directory whose entry creates the user; it fills the profile even if it is no source. */
  readonly creator: string | null;
  readonly relations: Relations;
}

export interface Resolved {
  readonly profile: UserProfile;
  readonly sources: Readonly<Record<string, ValueSource>>;
  readonly profileSource: string | null;
  /** What makes the profile invalid; then it must not be written. */
  readonly problems: readonly Problem[];
}

/** The directory that a user's profile comes from; null if none of the linked ones is a source. */
export function profileSourceOf(
  rules: Pick<Rules, "sources">,
  links: ReadonlyMap<string, unknown>,
): string | null {
  return rules.sources.find((name) => links.has(name)) ?? null;
}

/** The user profile that the mappings and the source priority give. */
export function resolveProfile(rules: Rules, input: ResolveInput): Resolved {
  const profileSource = profileSourceOf(rules, input.links);
  const profile: UserProfile = {};
  const sources: Record<string, ValueSource> = {};
  const problems: Problem[] = [];
  const scopes = new PersonScopes(rules, input);
  for (const [name, attribute] of rules.schema) {
    const result = resolveAttribute(name, attribute, scopes);
    if (result === null) continue;
    if ("problem" in result) {
      problems.push(result.problem);
      continue;
    }
    profile[name] = result.value;
    sources[name] = result.source;
  }
  const found = new Set(problems.map((problem) => problem.field));
  for (const problem of validateProfile(profile, rules.schema)) {
    if (!found.has(problem.field)) problems.push(problem);
  }
  return { profile, sources, profileSource, problems };
}

/**
 * The linked directories that may give an attribute, highest priority first; "okta" if it is edited
 * here. Without fallback, only the first one counts.
 */
export function candidatesOf(
  rules: Pick<Rules, "sources" | "overrides" | "schema">,
  name: string,
  { links, before, creator }: Pick<ResolveInput, "links" | "creator"> & { before: unknown },
): readonly string[] | "okta" {
  const override = rules.overrides.get(name);
  if (override === "okta") return "okta";
  if (override === undefined) return linkedOf(rules.sources, { links, before, creator });
  // An order of its own leaves the creator out, unless nobody could be created without the value.
  const needed = rules.schema.get(name)?.required === true;
  return linkedOf(override, { links, before, creator: needed ? creator : null });
}

function linkedOf(
  order: readonly string[],
  { links, before, creator }: Pick<ResolveInput, "links" | "creator"> & { before: unknown },
): readonly string[] {
  const linked = order.filter((directory) => links.has(directory));
  if (linked.length > 0) return linked;
  return before === null && creator !== null ? [creator] : [];
}

/** One person, with what is the same for all attributes. */
class PersonScopes {
  readonly input: ResolveInput;
  readonly rules: Rules;
  #inherited: readonly string[] | null = null;
  // Nearly everybody has one owner for all attributes.
  #by: string | null = null;
  #scope: Scope | null = null;

  constructor(rules: Rules, input: ResolveInput) {
    this.rules = rules;
    this.input = input;
  }

  /** Of an attribute without an order of its own. */
  get inherited(): readonly string[] {
    return (this.#inherited ??= linkedOf(this.rules.sources, this.input));
  }

  scope(directory: string): Scope {
    if (this.#scope === null || this.#by !== directory) {
      const person = { ...this.input, user: this.input.before };
      this.#scope = scopeOf(this.rules, directory, person);
      this.#by = directory;
    }
    return this.#scope;
  }
}

/** What the mappings give one person, attribute by attribute. */
export function givenBy(rules: Rules, input: ResolveInput): (name: string) => AttributeResult {
  const scopes = new PersonScopes(rules, input);
  return (name) => {
    const attribute = rules.schema.get(name);
    return attribute === undefined ? null : resolveAttribute(name, attribute, scopes);
  };
}

function resolveAttribute(
  name: string,
  attribute: AttributeSchema,
  scopes: PersonScopes,
): AttributeResult {
  const { input, rules } = scopes;
  const override = rules.overrides.get(name);
  const candidates = override === undefined ? scopes.inherited : candidatesOf(rules, name, input);
  const [owner] = candidates;
  if (candidates === "okta" || owner === undefined) {
    const kept = keptOf(input, keptValue(name, input));
    return kept !== null && candidates === "okta" ? { ...kept, source: "okta" } : kept;
  }
  if (rules.fallback.has(name)) return firstValue(name, attribute, candidates, scopes);
  const mapping = rules.directories.get(owner)?.mappings.get(name);
  if (mapping === undefined) {
    const kept = keptValue(name, input);
    return kept !== null && (kept.source === owner || kept.source === "okta") ? kept : null;
  }
  if (mapping.apply === "create" && input.before !== null)
    return keptOf(input, keptValue(name, input));
  return mappedValue(mapping, scopes.scope(owner), attribute, labelOf(rules, name, owner));
}

/** The value of the first directory that has one. An expression that fails is not "no value". */
function firstValue(
  name: string,
  attribute: AttributeSchema,
  candidates: readonly string[],
  scopes: PersonScopes,
): AttributeResult {
  const { input, rules } = scopes;
  const kept = keptValue(name, input);
  const unmapped = new Set<string>(["okta"]);
  // A source that fills in new users only leaves alone what one that is lost gave.
  const isLost = kept !== null && kept.source !== "okta" && !input.links.has(kept.source);
  let stays = false;
  for (const owner of candidates) {
    const mapping = rules.directories.get(owner)?.mappings.get(name);
    if (mapping === undefined) {
      unmapped.add(owner);
    } else if (mapping.apply === "create" && input.before !== null) {
      if (kept?.source === owner) return kept;
      stays = isLost;
    } else {
      const scope = scopes.scope(owner);
      const result = mappedValue(mapping, scope, attribute, labelOf(rules, name, owner));
      if (result !== null) return result;
    }
  }
  return kept !== null && (stays || unmapped.has(kept.source)) ? keptOf(input, kept) : null;
}

/** A value that is kept; from a source that is lost, it belongs to Rollcall. */
function keptOf(
  { links }: ResolveInput,
  kept: ReturnType<typeof keptValue>,
): ReturnType<typeof keptValue> {
  return kept === null || links.has(kept.source) ? kept : { ...kept, source: "okta" };
}

/** Whoever only created the user does not own the value after that. */
function labelOf({ sources, overrides }: Rules, name: string, owner: string): ValueSource {
  return (overrides.get(name) ?? sources).includes(owner) ? owner : "okta";
}

function keptValue(
  name: string,
  { before }: ResolveInput,
): { value: ProfileValue; source: ValueSource } | null {
  const value = before?.profile[name];
  if (before === null || value === undefined) return null;
  return { value, source: before.sources[name] ?? "okta" };
}
