/** What becomes of a user whom a person edits here. Pure. */
import type { AppProfile } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import type { AttributeChange } from "../model/run.ts";
import type { ProfileValue, User, UserProfile, ValueSource } from "../model/user.ts";
import { diffProfiles } from "./diff.ts";
import type { Rules } from "./rules.ts";
import { candidatesOf } from "./source-priority.ts";
import { toAttributeType, validateProfile } from "./validate.ts";

/** New values by attribute, as a person wrote them; null takes the value away. */
export type Edits = ReadonlyMap<string, readonly string[] | null>;

export interface Edited {
  readonly profile: UserProfile;
  readonly sources: Readonly<Record<string, ValueSource>>;
  readonly changes: readonly AttributeChange[];
  /** Everything that is wrong with the edits; then nothing of them must be written. */
  readonly problems: readonly Problem[];
}

/** The directories whose mappings give an attribute of a user, so that it cannot be edited here. */
export function ownersOf(
  rules: Rules,
  name: string,
  links: ReadonlyMap<string, AppProfile>,
): readonly string[] {
  const candidates = candidatesOf(rules, name, { links, before: {}, creator: null });
  if (candidates === "okta") return [];
  const deciding = rules.fallback.has(name) ? candidates : candidates.slice(0, 1);
  return deciding.filter((directory) => {
    const mapping = rules.directories.get(directory)?.mappings.get(name);
    return mapping !== undefined && mapping.apply !== "create";
  });
}

/** @param user null for a user that is being created */
export function decideEdit(
  rules: Rules,
  user: User | null,
  links: ReadonlyMap<string, AppProfile>,
  edits: Edits,
): Edited {
  const profile: UserProfile = { ...user?.profile };
  const sources: Record<string, ValueSource> = { ...user?.sources };
  const problems: Problem[] = [];
  for (const [name, texts] of edits) {
    const problem = setValue(rules, { profile, sources, links }, name, texts);
    if (problem !== null) problems.push(problem);
  }
  const found = new Set(problems.map((problem) => problem.field));
  // Of a user that is there, what was wrong before is not the fault of this edit.
  const concerned = (field: string): boolean =>
    user === null || edits.has(field) || (field === "secondEmail" && edits.has("email"));
  for (const problem of validateProfile(profile, rules.schema)) {
    if (!found.has(problem.field) && concerned(problem.field)) problems.push(problem);
  }
  const before = user === null ? null : { profile: user.profile, sources: user.sources };
  return { profile, sources, problems, changes: diffProfiles(before, { profile, sources }) };
}

export const UNKNOWN_ATTRIBUTE = "platform.cvd.profiles.mapping.targetIsInvalid";

interface Draft {
  readonly profile: UserProfile;
  readonly sources: Record<string, ValueSource>;
  readonly links: ReadonlyMap<string, AppProfile>;
}

function setValue(
  rules: Rules,
  { profile, sources, links }: Draft,
  name: string,
  texts: readonly string[] | null,
): Problem | null {
  const attribute = rules.schema.get(name);
  const problem = (code: Problem["code"], message: string): Problem => {
    return { code, field: name, message };
  };
  if (attribute === undefined) {
    return problem(UNKNOWN_ATTRIBUTE, `${name} is not an attribute of the user profile`);
  }
  const owners = ownersOf(rules, name, links);
  if (owners.length > 0) {
    const message = `${name} is owned by ${owners.join(" and ")}, whose mapping would overwrite what is set here`;
    return problem("user.owned", message);
  }
  if (texts === null) {
    delete profile[name];
    delete sources[name];
    return null;
  }
  const [first = ""] = texts;
  const typed = toAttributeType(name, texts.length === 1 ? first : texts, attribute);
  if (typeof typed === "object" && "problem" in typed) return typed.problem;
  profile[name] = typed satisfies ProfileValue;
  sources[name] = "okta";
  return null;
}
