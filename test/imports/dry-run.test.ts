/** A dry run is the real run without its last step: what it shows is what then happens. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DATABASES,
  ldifPerson,
  SIMPLE_MAPPINGS,
  Workplace,
  type RunDocument,
} from "../support/rollcall.ts";

interface Somebody {
  readonly id: string;
  readonly mail: string;
  readonly sn: string | null;
  readonly title: string | null;
  readonly badge: string;
  readonly disabled: boolean;
}

const LOGINS = Array.from({ length: 8 }, (_, i) => `l${i}@example.org`);

/** People of whom some are invalid, disabled, without identifier, twice, or fight for a login. */
const somebody: fc.Arbitrary<Somebody> = fc.record({
  id: fc.constantFrom(...Array.from({ length: 12 }, (_, i) => `p${i}`)),
  mail: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...LOGINS) },
    { weight: 1, arbitrary: fc.constantFrom("no address", "") },
  ),
  sn: fc.option(fc.constantFrom("Test", "Lovelace"), { freq: 8 }),
  title: fc.option(fc.constantFrom("Engineer", "Manager", "x".repeat(200))),
  badge: fc.constantFrom("1", "12", "much too long for a badge"),
  disabled: fc.boolean(),
});

const directory = fc.array(somebody, { minLength: 1, maxLength: 14 });

function ldif(people: readonly Somebody[]): string {
  return people
    .map(({ id, mail, sn, title, badge, disabled }) =>
      ldifPerson(id, {
        ...(mail === "" ? {} : { mail }),
        ...(sn === null ? {} : { sn }),
        ...(title === null ? {} : { title }),
        givenName: id,
        badge,
        state: disabled ? "gone" : "here",
      }),
    )
    .join("");
}

type Changes = NonNullable<RunDocument["changes"]>;

async function shown(place: Workplace, run: RunDocument): Promise<Changes> {
  const document = await place.json<RunDocument>("imports", "show", run.run, "--limit", "1000");
  return document.changes ?? [];
}

/** Of a user who is created, the dry run shows the whole profile; the run keeps it in the profile. */
function plain(changes: Changes, created: boolean): unknown {
  return changes.map(({ action, dn, login, error, reason, changes: values }) => {
    const listed = action === "created" && !created ? [] : values;
    return { action, dn, login, error, reason, changes: listed };
  });
}

describe.each(DATABASES)("a dry run, %s", (database) => {
  test("shows per person exactly what the run after it does", { timeout: 300_000 }, async () => {
    const place = await Workplace.create(database);
    const met = new Set<string>();
    const step = async (people: readonly Somebody[]): Promise<void> => {
      place.configure(`
profile: { attributes: { badge: { type: string, maxLength: 5 } } }
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", ldif(people))}
    users: { disabled: { attribute: state, values: [gone] } }
    importSafeguard: { drop: 60 }
${SIMPLE_MAPPINGS}      badge: appuser.badge`);
      const before = await place.users();
      const dry = await place.json<RunDocument>("import", "corp", "--dry-run");
      expect(await place.users()).toEqual(before);
      const real = await place.json<RunDocument>("import", "corp");
      expect(real.counts).toEqual(dry.counts);
      expect({ ...real.held }).toEqual({ ...dry.held });
      const [promised, done] = [await shown(place, dry), await shown(place, real)];
      expect(plain(done, real.status === "held")).toEqual(plain(promised, real.status === "held"));
      for (const { action, error } of done) met.add(error?.code ?? action);
      if (real.status === "held") return;
      const users = await place.users();
      for (const { action, login, changes } of promised) {
        const profile = users.get(login ?? "")?.profile ?? {};
        for (const { attribute, to } of action === "failed" || action === "removed" ? [] : changes)
          expect(profile[attribute] ?? null).toEqual(to);
        if (action === "created") expect(Object.keys(profile)).toHaveLength(changes.length);
      }
    };
    // One history: every directory is a change of the one before.
    await fc.assert(fc.asyncProperty(directory, step), {
      numRuns: database === "postgres" ? 60 : 15,
      seed: 20_261_123,
      endOnFailure: true,
    });
    // What never came up was not shown.
    const constraint = "platform.cvd.profile.property.constraint.violation";
    const needed = ["created", "updated", "removed", "notUniqueWithinOrg", "entry.duplicateId"];
    expect([...met]).toEqual(
      expect.arrayContaining([...needed, `${constraint}.required`, `${constraint}.maxLength`]),
    );
    place.remove();
  });
});
