/** Matching by what people can write: a phone book, in which everybody keeps an own entry. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { SIMPLE_MAPPINGS, simplePerson, Workplace, type RunDocument } from "../support/rollcall.ts";

let place: Workplace;
beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

interface Unmatched {
  readonly externalId: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly candidates: readonly { readonly login: string }[];
}

function configure(rule: string): void {
  place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
    importSafeguard: off
${SIMPLE_MAPPINGS}
  phones:
    type: ldif
    path: ${place.folder}/phones.ldif
    importSafeguard: off
    matching: [{ ${rule} }]
${SIMPLE_MAPPINGS}
profile: { sources: [corp, phones] }
`);
}

const ada = simplePerson("ada");
/** Mallory's entry of the phone book, with Ada's address. */
const taken = simplePerson("mallory", { mail: "ada@example.org", sn: "Mallory" });

async function full(name: string, people: string): Promise<RunDocument> {
  place.file(`${name}.ldif`, people);
  return await place.json<RunDocument>("import", name, "--full");
}

const adas = async () => (await place.users()).get("ada@example.org");
const unmatched = (): Promise<Unmatched[]> => place.json<Unmatched[]>("imports", "unmatched");

test("whoever writes somebody's address gets nothing, and the leaver's access ends", async () => {
  configure("user: email, app: appuser.mail");
  await full("corp", ada);
  const run = await full("phones", taken);
  expect(run).toMatchObject({ status: "done", counts: { created: 0, updated: 0, failed: 1 } });
  expect(await unmatched()).toMatchObject([
    { error: { code: "match.unconfirmed" }, candidates: [{ login: "ada@example.org" }] },
  ]);
  expect((await unmatched())[0]?.error?.message).toContain("who is or was a person of corp");
  const { out } = await place.run("imports", "unmatched");
  expect(out).toContain("has to be confirmed");
  expect((await adas())?.profile["lastName"]).not.toBe("Mallory");

  await full("corp", simplePerson("bob"));
  expect((await adas())?.status).toBe("deprovisioned");
  // Nor does it give the access back that ended with corp.
  await full("phones", taken);
  expect((await adas())?.status).toBe("deprovisioned");
  expect(await unmatched()).toMatchObject([{ error: { code: "match.unconfirmed" } }]);
});

test("a person confirms it once; imports leave that alone", async () => {
  configure("user: login, app: appuser.mail");
  await full("corp", ada);
  await full("phones", simplePerson("ada", { title: "Phones" }));
  const [entry] = await unmatched();
  const id = entry?.externalId ?? "";
  expect(await place.json("imports", "confirm", "phones", id, "ada@example.org")).toMatchObject({
    status: "done",
  });
  expect(await full("phones", simplePerson("ada", { title: "Other" }))).toMatchObject({
    counts: { failed: 0 },
  });
  expect(await unmatched()).toEqual([]);
  // Confirmed: no loss is told of when the account goes on there.
  const left = await full("corp", simplePerson("bob"));
  expect((await adas())?.status).toBe("active");
  const shown = await place.run("imports", "show", left.run);
  expect(shown.out).not.toContain("which a matching rule linked");
});

test("where a rule links by itself, going over to its entry shows as a loss, and doctor tells of such links", async () => {
  configure("user: email, app: appuser.mail, onMatch: link");
  await full("corp", ada);
  expect(await full("phones", taken)).toMatchObject({ counts: { failed: 0, updated: 1 } });
  const { out } = await place.run("doctor");
  expect(out).toContain("1 entry was linked by the rule email = appuser.mail");
  expect(out).toContain("email is not unique");
  const left = await full("corp", simplePerson("bob"));
  expect((await adas())?.status).toBe("active");
  const shown = await place.run("imports", "show", left.run, "--counted");
  expect(shown.out).toContain("the account goes on with another directory's entry");
});

test("a rule that asks always, and one by a number that the organisation gives", async () => {
  configure("user: email, app: appuser.mail, onMatch: confirm");
  await place.run(
    "users",
    "create",
    "login=ada@example.org",
    "email=ada@example.org",
    "firstName=Ada",
    "lastName=L",
  );
  expect(await full("phones", ada)).toMatchObject({ counts: { created: 0, failed: 1 } });
  configure("user: employeeNumber, app: appuser.employeeNumber, onMatch: maybe");
  const { err, status } = await place.run("check");
  expect(status).toBe(2);
  expect(err).toContain("onMatch");
});
