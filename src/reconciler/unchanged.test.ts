/** The short way of a force sync says "unchanged" only of people whom the long way leaves as they are. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSettings } from "../config/load.ts";
import type { AppProfile } from "../model/entry.ts";
import type { AppUser, User, UserProfile } from "../model/user.ts";
import { packSources } from "../store/packed-sources.ts";
import { decideSighting, type Known } from "./decide.ts";
import { compileRules, type Rules } from "./rules.ts";
import { NO_RELATIONS } from "./scope.ts";
import { Unchanged, type Synced } from "./unchanged.ts";

const COMMON =
  "login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn";
const DIRECTORIES = `directories:
  corp: { type: ldif, path: x, toOkta: { ${COMMON}, title: appuser.title, costCenter: { expression: appuser.l, apply: create }, badge: appuser.number, tags: appuser.tags, vip: appuser.vip } }
  hr: { type: ldif, path: x, onRemoval: suspend, toOkta: { ${COMMON}, title: appuser.title, city: appuser.l } }
`;
const ATTRIBUTES =
  "attributes: { badge: { type: number }, tags: { type: array }, vip: { type: boolean } }";
const PROFILES = [
  `sources: [corp, hr], ${ATTRIBUTES}`,
  `sources: [hr, corp], overrides: { title: [corp, hr], nickName: okta }, ${ATTRIBUTES}`,
  `sources: [corp, hr], fallback: true, ${ATTRIBUTES}`,
  `sources: [hr], overrides: { city: { fallback: true } }, ${ATTRIBUTES}`,
];
const RULES: readonly Rules[] = PROFILES.map((profile) => {
  const { rules, problems } = compileRules(
    parseSettings(`${DIRECTORIES}profile: { ${profile} }\n`, "test.yaml", {}),
  );
  expect(problems).toEqual([]);
  return rules;
});

/** `jsonb` in its text form: keys by length and then by bytes, a space behind each sign. */
function jsonbText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).toSorted(
    (a, b) =>
      Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  const record = value as Record<string, unknown>;
  return `{${keys.map((key) => `${JSON.stringify(key)}: ${jsonbText(record[key])}`).join(", ")}}`;
}

const word = fc.constantFrom(
  "Ada",
  "King",
  'q"uote',
  "back\\slash",
  "tab\t",
  "zoë",
  'x", "city": "Rome',
  "7",
  "1.50",
  "",
);
const appProfiles: fc.Arbitrary<AppProfile> = fc.record(
  {
    mail: fc.constantFrom("ada@example.org", "b@example.org", "no address"),
    givenName: word,
    sn: word,
    title: word,
    l: fc.oneof(word, fc.array(word, { minLength: 2, maxLength: 2 })),
    number: fc.constantFrom("7", "7.0", "1e3", "x", "-0"),
    tags: fc.oneof(word, fc.array(word, { minLength: 2, maxLength: 3 })),
    vip: fc.constantFrom("TRUE", "false", "maybe"),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<AppProfile>;

interface Person {
  readonly rules: Rules;
  readonly directory: "corp" | "hr";
  readonly own: AppProfile;
  readonly other: AppProfile | null;
  readonly status: AppUser["status"];
  readonly edit: Partial<UserProfile>;
  readonly source: string;
  readonly standing: Pick<User, "status" | "statusBy">;
}

const people: fc.Arbitrary<Person> = fc.record({
  rules: fc.constantFrom(...RULES),
  directory: fc.constantFrom("corp" as const, "hr" as const),
  own: appProfiles,
  other: fc.option(appProfiles),
  status: fc.constantFrom("active" as const, "disabled" as const),
  edit: fc.oneof(
    fc.constant({}),
    fc.record(
      {
        city: word,
        title: word,
        nickName: word,
        vip: fc.boolean(),
        badge: fc.constantFrom(7, 1.5),
      },
      { requiredKeys: [] },
    ),
  ),
  source: fc.constantFrom("okta", "corp", "hr"),
  standing: fc.constantFrom(
    { status: "active" as const, statusBy: null },
    { status: "suspended" as const, statusBy: "hr" },
    { status: "deprovisioned" as const, statusBy: "corp" },
    { status: "deprovisioned" as const, statusBy: "okta" },
  ),
});

function long(person: Person, user: User | null) {
  const { rules, directory: name, own, other, status } = person;
  const directory = rules.directories.get(name);
  if (directory === undefined) throw new Error(name);
  const appUser = (where: string, profile: AppProfile, userId: string | null): AppUser => {
    return {
      directory: where,
      externalId: "1",
      userId,
      dn: "uid=a",
      status: where === name ? status : "active",
      profile,
      error: null,
      setAside: false,
      byRule: false,
    };
  };
  const others = other === null ? [] : [appUser(name === "corp" ? "hr" : "corp", other, "u")];
  const known: Known = {
    appUser: user === null ? null : appUser(name, own, "u"),
    user,
    others: user === null ? [] : others,
    matchProblem: null,
    link: null,
    relations: NO_RELATIONS,
  };
  const seen = { id: "1", dn: "uid=a", hash: "h", disabled: status === "disabled", profile: own };
  return decideSighting({ rules, directory }, seen, known, "u");
}

function short(person: Person, user: User, judged: boolean): boolean {
  const { rules, directory: name, own, other, status } = person;
  const directory = rules.directories.get(name);
  if (directory === undefined) throw new Error(name);
  const { id, status: userStatus, statusBy, profile, sources } = user;
  const synced: Synced = {
    user: {
      id,
      status: userStatus,
      statusBy,
      profileText: jsonbText(profile),
      sourcesText: jsonbText(packSources(sources)),
      whole: () => ({ profile, sources }),
    },
    status,
    profile: own,
    others: other === null ? [] : [{ directory: name === "corp" ? "hr" : "corp", profile: other }],
    judged,
  };
  return new Unchanged(rules, directory, 0).has(synced);
}

/** A user as an import left it, perhaps edited since. */
function userOf(person: Person): User | null {
  const made = long(person, null).user;
  if (made === null) return null;
  const settled = long(person, { ...made, version: 1 }).user ?? made;
  const profile: UserProfile = { ...settled.profile };
  const sources: Record<string, string> = { ...settled.sources };
  for (const [name, value] of Object.entries(person.edit)) {
    if (value === undefined || value === "") continue;
    profile[name] = value;
    sources[name] = person.source;
  }
  const login = String(profile["login"] ?? "");
  return { id: "u", login, profile, sources, ...person.standing, version: 1 };
}

describe("the short way of a force sync", () => {
  test("is sure of nobody whom the long way would change", () => {
    let sure = 0;
    fc.assert(
      fc.property(people, fc.boolean(), (person, judged) => {
        const user = userOf(person);
        if (user === null || !short(person, user, judged)) return;
        const planned = long(person, user);
        expect(planned).toMatchObject({ action: "unchanged", user: null });
        sure++;
      }),
      { numRuns: 5000 },
    );
    expect(sure).toBeGreaterThan(50);
  });

  test("is sure of everybody who has what the mappings give", () => {
    fc.assert(
      fc.property(people, (person) => {
        const plain = {
          ...person,
          edit: {},
          status: "active",
          standing: { status: "active", statusBy: null },
        } as const;
        const user = userOf(plain);
        if (user === null || long(plain, user).user !== null || long(plain, user).error !== null)
          return;
        expect(short(plain, user, false)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
