/**
 * Random histories of two directories with the same people: imports, two of them at once, links,
 * cuts and decisions by hand, exchanges of logins and unique values, runs that are put back. After
 * each, once both directories were read again, everything is as the rules say: nobody has what
 * somebody else has and, unless people contend for one value, a force sync changes nothing.
 */
import { Client } from "pg";
import { afterEach, expect, test } from "vitest";
import { seeded } from "../support/people.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace, type RunDocument } from "../support/rollcall.ts";

let place: Workplace;
afterEach(() => place.remove());

/** More of both for a longer search. */
const STEPS = Number(process.env["CONVERGENCE_STEPS"] ?? 7);
const SEED = Number(process.env["CONVERGENCE_SEED"] ?? 7);
const NAMES = ["pa", "pb", "pc", "pd", "pe"];
const DIRECTORIES = ["corp", "hr"] as const;
type Name = (typeof DIRECTORIES)[number];

const PROFILES = [
  "sources: [hr, corp]",
  "sources: [corp, hr], fallback: true",
  "sources: [corp, hr], overrides: { title: [hr, corp], nickName: okta }",
  "sources: [hr], overrides: { title: [corp] }",
];

function configure(profile: string): void {
  const directory = (name: Name, more: string): string => `  ${name}:
    type: ldif
    path: ${place.folder}/${name}.ldif
    importSafeguard: off
    users: { disabled: { attribute: l, values: [gone] } }
${more}${SIMPLE_MAPPINGS}      badge: appuser.employeeNumber
`;
  place.configure(`directories:
${directory("corp", "")}${directory("hr", "    onNoMatch: ignore\n    matching: [{ user: lastName, app: appuser.sn, onMatch: link }]\n")}
profile: { ${profile}, attributes: { badge: { unique: true } } }
`);
}

const full = (name: Name): Promise<RunDocument> =>
  place.json<RunDocument>("import", name, "--full");

test.each(PROFILES)(
  "everybody ends as the rules say: %s",
  { timeout: 300_000 },
  async (profile) => {
    place = await Workplace.create("postgres");
    configure(profile);
    const random = seeded(PROFILES.indexOf(profile) + SEED);
    const below = (n: number): number => Math.floor(random() * n);
    const one = <T>(items: readonly T[]): T => items[below(items.length)] as T;
    const write = (name: Name): void => {
      const people = NAMES.filter(() => below(5) > 0).map((who) =>
        simplePerson(who, {
          sn: `Test ${who}`,
          mail: `m${below(60)}@example.org`,
          ...(below(3) > 0 ? { title: `T${below(4)}` } : {}),
          ...(below(3) > 0 ? { employeeNumber: String(below(40)) } : {}),
          ...(below(4) === 0 ? { l: "gone" } : {}),
        }),
      );
      place.file(`${name}.ldif`, people.join("") + simplePerson("zz", { sn: "Test zz" }));
    };
    const login = async (): Promise<string> => one([...(await place.users()).keys()]);
    let last: RunDocument | null = null;
    const steps: Readonly<Record<string, () => Promise<unknown>>> = {
      import: async () => {
        const name = one(DIRECTORIES);
        write(name);
        last = await full(name);
      },
      both: async () => {
        for (const name of DIRECTORIES) write(name);
        await Promise.all(DIRECTORIES.map(full));
      },
      unlink: async () => place.run("users", "unlink", await login(), one(DIRECTORIES)),
      link: async () => place.run("users", "link", await login(), one(DIRECTORIES), one(NAMES)),
      byHand: async () => place.run("users", one(["deactivate", "suspend"]), await login()),
      revert: () => (last === null ? Promise.resolve() : place.run("imports", "revert", last.run)),
    };
    const trail: string[] = [];
    for (const name of DIRECTORIES) write(name);
    for (let i = 0; i < STEPS; i++) {
      const step = one(["import", "import", "both", "both", "unlink", "link", "byHand", "revert"]);
      trail.push(step);
      await steps[step]?.();
      await settle();
      expect(await doubled(), trail.join()).toEqual([]);
      // Of those who contend for one value, it depends on who is decided together with whom.
      const failing = await place.json<{ code: string }[]>("users", "failing");
      if (failing.some((one) => one.code === "notUniqueWithinOrg")) continue;
      for (const name of DIRECTORIES) {
        const { counts, run } = await place.json<RunDocument>("force-sync", name, "--dry-run");
        const what = `${trail.join()}\n${(await place.run("imports", "show", run)).out}`;
        expect(counts, what).toMatchObject({ created: 0, updated: 0, removed: 0 });
      }
    }
  },
);

/** Reads both until nothing comes of it any more: each may give what the other waits for. */
async function settle(): Promise<void> {
  for (let round = 0; round < 6; round++) {
    const runs = [await full("corp"), await full("hr")];
    if (
      runs.every(({ counts }) =>
        [counts.created, counts.updated, counts.removed].every((n) => n === 0),
      )
    )
      return;
  }
}

/** Logins and unique values that two users have, or that are noted for somebody else. */
async function doubled(): Promise<unknown[]> {
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  try {
    const { rows } = await client.query<object>(`
      select lower(login) as value from users group by 1 having count(*) > 1
      union all select profile->>'badge' from users where profile ? 'badge' group by 1 having count(*) > 1
      union all select login from users where login_key <> lower(login)
      union all (select profile->>'badge' from users where profile ? 'badge'
        except select v.value_key from unique_values v join users u on u.id = v.user_id and u.profile->>'badge' = v.value_key where v.attribute = 'badge')
      union all select v.value_key from unique_values v left join users u on u.id = v.user_id
        where v.value_key <> '' and (u.id is null or u.profile->>'badge' is distinct from v.value_key)`);
    return rows;
  } finally {
    await client.end();
  }
}
