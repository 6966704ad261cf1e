/** Matching by what people can write: a phone book, in which everybody keeps an own entry. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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

describe("every other way to somebody's account by an address", () => {
  const EMAIL = "user: email, app: appuser.mail";
  const PHONES = "sources: [phones]";
  const bob = simplePerson("bob");

  const rewrite = (from: string | RegExp, to: string): void =>
    writeFileSync(place.config, readFileSync(place.config, "utf8").replace(from, to));

  /** Ada is of corp, and Mallory's entry of the phone book has her address. */
  async function claimed(prepare: () => Promise<unknown>): Promise<void> {
    configure(EMAIL);
    await full("corp", ada + bob);
    await prepare();
    await full("phones", taken);
    expect(await unmatched()).toMatchObject([{ error: { code: "match.unconfirmed" } }]);
    expect((await adas())?.profile["lastName"]).toBe("Test");
  }

  test("of a directory that was taken out of the configuration", async () => {
    await claimed(() => {
      rewrite(/ {2}corp:\n(?: {4}.*\n|\n)*?(?= {2}phones)/, "");
      rewrite(/sources: .*\]/, PHONES);
      return Promise.resolve();
    });
    expect((await adas())?.status).toBe("active");
  });

  test("of a leaver whom a person reactivated", async () => {
    await claimed(async () => {
      await full("corp", bob);
      await place.run("users", "reactivate", "ada@example.org");
    });
    expect((await adas())?.status).toBe("active");
  });

  test("of a user whose link was cut with the status kept", async () => {
    await claimed(() => place.run("users", "unlink", "ada@example.org", "corp", "--keep-status"));
    expect((await adas())?.status).toBe("active");
  });

  test("by taking the place of her entry in the phone book, which she goes on with", async () => {
    configure(EMAIL);
    await full("corp", ada + bob);
    await full("phones", ada);
    const [entry] = await unmatched();
    await place.run("imports", "confirm", "phones", entry?.externalId ?? "", "ada@example.org");
    await full("corp", bob);
    await full("phones", taken + bob);
    expect((await adas())?.profile["lastName"]).not.toBe("Mallory");
    expect((await adas())?.status).toBe("deprovisioned");
  });

  test("the highest source takes back whom it had, while the phone book has an entry, too", async () => {
    configure(EMAIL.replace("email", "login"));
    rewrite("  phones:", "    matching: [{ user: login, app: appuser.mail }]\n  phones:");
    await full("corp", ada + bob);
    await full("phones", ada);
    const [entry] = await unmatched();
    await place.run("imports", "confirm", "phones", entry?.externalId ?? "", "ada@example.org");
    await full("corp", bob);
    const anew = ada.replace("entryUUID: ada", "entryUUID: ada2");
    expect(await full("corp", anew + bob)).toMatchObject({ counts: { failed: 0 } });
  });

  test("by a held replacement that is approved when she is back", async () => {
    const guarded = (limit: string): void =>
      place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
    importSafeguard: ${limit}
    matching: [{ ${EMAIL} }]
${SIMPLE_MAPPINGS}`);
    guarded("off");
    const others = bob + simplePerson("cyd");
    await full("corp", ada + others + simplePerson("dan"));
    guarded("{ count: 0 }");
    const held = await full("corp", others + taken);
    expect(held.status).toBe("held");
    place.file("corp.ldif", ada + others + taken);
    await place.run("imports", "approve", held.run);
    expect((await adas())?.profile["lastName"]).toBe("Test");
  });

  test.each([
    ["has none that can be read", ""],
    ["has two", "entryUUID: ada\nentryUUID: other\n"],
  ])("while her entry is there and its identifier cannot be told: it %s", async (_, ids) => {
    place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
    importSafeguard: off
    matching: [{ ${EMAIL} }]
${SIMPLE_MAPPINGS}`);
    await full("corp", ada + bob);
    const elsewhere = ada.replace("ou=people", "ou=moved").replace("entryUUID: ada\n", ids);
    await full("corp", elsewhere + taken + bob);
    expect(await adas()).toMatchObject({ status: "active", profile: { lastName: "Test" } });
  });
});
