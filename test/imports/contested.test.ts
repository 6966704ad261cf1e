/** Whom two entries of one read claim: nobody is chosen by the order in which they come. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Workplace, type RunDocument } from "../support/rollcall.ts";

let place: Workplace;
beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

interface Person {
  readonly name: string;
  readonly id?: string;
  readonly number?: string;
  readonly mail?: string;
  readonly title?: string;
}

const entry = ({
  name,
  id = name,
  number = name,
  mail = `${name}@example.org`,
  title = "Clerk",
}: Person) =>
  `dn: uid=${name},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nentryUUID: ${id}\nmail: ${mail}\ngivenName: ${name}\nsn: Test\nemployeeNumber: ${number}\ntitle: ${title}\n\n`;

const MAPPINGS =
  "{ login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn, title: appuser.title, employeeNumber: appuser.employeeNumber }";

function directory(name: string, people: readonly Person[], more = ""): string {
  return `  ${name}:
    type: ldif
    path: ${place.file(`${name}.ldif`, people.map(entry).join(""))}
    importSafeguard: off
${more}    toOkta: ${MAPPINGS}
`;
}

const corp = (...people: readonly Person[]): void =>
  place.configure(`directories:\n${directory("corp", people)}`);
const imported = async (name = "corp"): Promise<RunDocument> =>
  await place.json<RunDocument>("import", name, "--full");

const ADA: Person = { name: "ada" };
const MALLORY: Person = { name: "mallory", id: "ada", title: "Owner" };

/** In every order. */
const orders = <T>(a: T, b: T): [string, T, T][] => [
  ["before", a, b],
  ["behind", b, a],
];

describe("an identifier that comes twice identifies nobody", () => {
  test.each(orders(MALLORY, ADA))(
    "who had it keeps everything, with the other entry %s it",
    async (_, first, second) => {
      corp(ADA, { name: "bob" });
      await imported();
      corp(first, second, { name: "bob" });
      const run = await imported();
      expect(run).toMatchObject({ status: "done", counts: { removed: 0, created: 0, failed: 2 } });
      const users = await place.users();
      expect([...users.keys()].toSorted()).toEqual(["ada@example.org", "bob@example.org"]);
      expect(users.get("ada@example.org")).toMatchObject({
        status: "active",
        profile: { firstName: "ada", title: "Clerk" },
      });
      expect((await place.run("users", "failing")).out).toContain("entry.duplicateId");
      corp({ ...ADA, title: "Countess" }, { name: "bob" });
      expect(await imported()).toMatchObject({ status: "done", counts: { failed: 0 } });
      expect((await place.users()).get("ada@example.org")?.profile["title"]).toBe("Countess");
    },
  );

  test.each(orders(MALLORY, { ...ADA, title: "Countess" }))(
    "also where the entry %s it is as it was, or both are others",
    async (_, first, second) => {
      corp(ADA);
      await imported();
      corp(first, second);
      expect(await imported()).toMatchObject({ counts: { failed: 2, updated: 0 } });
      const users = await place.users();
      expect(users.get("ada@example.org")?.profile["title"]).toBe("Clerk");
      expect(users.size).toBe(1);
    },
  );

  test("nobody new is made of it", async () => {
    corp(ADA, MALLORY, { name: "bob" });
    expect(await imported()).toMatchObject({ counts: { created: 1, failed: 2 } });
    expect([...(await place.users()).keys()]).toEqual(["bob@example.org"]);
  });

  test("a dry run shows the same, and changes nothing", async () => {
    corp(ADA);
    await imported();
    corp(MALLORY, ADA);
    const run = await place.json<RunDocument>("import", "corp", "--full", "--dry-run");
    expect(run).toMatchObject({ counts: { failed: 2, removed: 0 } });
    expect((await place.run("users", "failing")).out).toBe("Nobody fails.\n");
  });
});

describe("two new entries that match one user are linked to nobody, whichever comes first", () => {
  const ONE: Person = { name: "ada1", number: "7", title: "One" };
  const TWO: Person = { name: "ada2", number: "7", title: "Two" };
  const both = (hr: readonly Person[]): void => {
    const matching = "    matching: [{ user: employeeNumber, app: appuser.employeeNumber }]\n";
    place.configure(
      `directories:\n${directory("corp", [{ name: "ada", number: "7" }])}${directory("hr", hr, matching)}profile: { sources: [corp, hr], overrides: { title: [hr] } }\n`,
    );
  };

  test.each(orders(ONE, TWO))("one %s the other", async (_, first, second) => {
    both([first, second, { name: "eve", number: "9" }]);
    await imported("corp");
    expect(await imported("hr")).toMatchObject({ counts: { failed: 2, created: 1 } });
    expect((await place.users()).get("ada@example.org")?.profile["title"]).toBeUndefined();
    const failing = (await place.run("users", "failing")).out;
    expect(failing).toContain("ada1");
    expect(failing).toContain("ada2");
    both([first]);
    expect(await imported("hr")).toMatchObject({ counts: { failed: 0 } });
    expect((await place.users()).get("ada@example.org")?.profile["title"]).toBe(first.title);
  });

  test("nor does a force sync choose one", async () => {
    both([ONE, TWO]);
    await imported("corp");
    await imported("hr");
    const run = await place.json<RunDocument>("force-sync", "hr");
    expect(run).toMatchObject({ status: "done", counts: { failed: 2, updated: 0, created: 0 } });
    expect((await place.users()).get("ada@example.org")?.profile["title"]).toBeUndefined();
  });

  test.each(orders(ONE, { ...TWO, number: "7" }))(
    "whoever comes back to an own user stays its owner, with a stranger %s",
    async (place1, owner, stranger) => {
      both([owner]);
      await imported("corp");
      await imported("hr");
      both([]);
      await imported("hr");
      both(place1 === "before" ? [owner, stranger] : [stranger, owner]);
      expect(await imported("hr")).toMatchObject({ counts: { failed: 1 } });
      expect((await place.users()).get("ada@example.org")?.profile["title"]).toBe(owner.title);
    },
  );

  test("whoever is linked stays, and the new one is refused", async () => {
    both([ONE]);
    await imported("corp");
    await imported("hr");
    both([TWO, ONE]);
    expect(await imported("hr")).toMatchObject({ counts: { failed: 1, unchanged: 1 } });
    expect((await place.users()).get("ada@example.org")?.profile["title"]).toBe("One");
  });

  test("two that would take the place of an entry that is not shown: neither does, and nothing is taken away", async () => {
    both([{ name: "ada0", number: "7", title: "Zero" }]);
    await imported("corp");
    await imported("hr");
    both([ONE, TWO]);
    expect(await imported("hr")).toMatchObject({ counts: { failed: 3, removed: 0 } });
    const user = (await place.users()).get("ada@example.org");
    expect(user?.status).toBe("active");
    expect(["One", "Two"]).not.toContain(user?.profile["title"]);
  });
});

describe("an identifier of somebody's choice may come back in another spelling", () => {
  const byName = (...people: readonly (Person & { uid: string })[]): void => {
    const text = people.map(
      (one) => `${entry(one).trimEnd()}\nuid:: ${Buffer.from(one.uid).toString("base64")}\n\n`,
    );
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    path: ${place.file("corp.ldif", text.join(""))}\n    users: { id: uid }\n    importSafeguard: off\n    toOkta: ${MAPPINGS}\n`,
    );
  };

  test.each(["Alice", "ALICE", "alice ", " alice"])("%j is alice", async (uid) => {
    byName({ name: "alice", uid: "alice" }, { name: "bob", uid: "bob" });
    await imported();
    byName({ name: "alice", uid, title: "Countess" }, { name: "bob", uid: "bob" });
    expect(await imported()).toMatchObject({
      counts: { updated: 1, removed: 0, created: 0, failed: 0 },
    });
    const user = (await place.users()).get("alice@example.org");
    expect(user).toMatchObject({ status: "active", profile: { title: "Countess" } });
    expect(await imported()).toMatchObject({ counts: { updated: 0, unchanged: 2 } });
  });

  test("at another place it may be somebody else's, and takes nothing from whoever has the other one", async () => {
    byName({ name: "alice", uid: "alice" });
    await imported();
    byName({ name: "mallory", uid: "Alice" }, { name: "alice", uid: "alice" });
    expect(await imported()).toMatchObject({ counts: { unchanged: 1, removed: 0, failed: 0 } });
    byName({ name: "mallory", uid: "ALICE" });
    await imported();
    const users = await place.users();
    expect(users.get("alice@example.org")).toMatchObject({
      status: "deprovisioned",
      profile: { firstName: "alice" },
    });
  });
});
