/** People for tests of decisions: rules of a few directories, and Ada in all of them. */
import { parseSettings } from "../../src/config/load.ts";
import type { AppProfile } from "../../src/model/entry.ts";
import type { AppUser, User } from "../../src/model/user.ts";
import type { DecisionContext, Known } from "../../src/reconciler/decide.ts";
import { compileRules, type Rules } from "../../src/reconciler/rules.ts";
import { NO_RELATIONS } from "../../src/reconciler/scope.ts";

/** Rules of a configuration. @throws if its mappings have faults */
export function rulesOf(yaml: string): Rules {
  const { rules, problems } = compileRules(parseSettings(yaml, "test.yaml", {}));
  const [problem] = problems;
  if (problem !== undefined) throw new Error(problem.message);
  return rules;
}

export function contextOf(rules: Rules, name: string): DecisionContext {
  const directory = rules.directories.get(name);
  if (directory === undefined) throw new Error(`no directory ${name}`);
  return { rules, directory };
}

export const ADA = {
  mail: "ada@example.org",
  givenName: "Ada",
  sn: "Lovelace",
  title: "Countess",
  l: "London",
};

export const NOBODY: Known = {
  appUser: null,
  user: null,
  others: [],
  matchProblem: null,
  link: null,
  relations: NO_RELATIONS,
};

export function appUser(
  directory: string,
  profile: AppProfile,
  more: Partial<AppUser> = {},
): AppUser {
  return {
    directory,
    externalId: "1",
    userId: "u",
    dn: "uid=ada",
    status: "active",
    profile,
    error: null,
    setAside: false,
    byRule: false,
    ...more,
  };
}

/** Ada as a user whose values all come from one directory. */
export function user(more: Partial<User> = {}, source = "corp"): User {
  const profile = {
    login: "ada@example.org",
    email: "ada@example.org",
    firstName: "Ada",
    lastName: "Lovelace",
    city: "London",
    title: "Countess",
  };
  const sources = Object.fromEntries(Object.keys(profile).map((name) => [name, source]));
  return {
    id: "u",
    login: "ada@example.org",
    status: "active",
    statusBy: null,
    profile,
    sources,
    version: 3,
    ...more,
  };
}
