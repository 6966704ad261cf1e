/**
 * Entries that do not say for certain whose they are: nobody's account goes to somebody else, and
 * nobody who may be there is taken for gone.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Workplace, type RunDocument } from "../support/rollcall.ts";

let place: Workplace;
beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

interface Person {
  readonly name: string;
  /** Lines of the entry besides the names. */
  readonly lines?: readonly string[];
  readonly ou?: string;
  /** Before the @; default: the name. */
  readonly mail?: string;
}

const number = (...ids: readonly (string | number)[]): string[] =>
  ids.map((id) => `employeeNumber: ${id}`);

async function imported(
  people: readonly Person[],
  { users = "", more = "", extra = "" } = {},
): Promise<RunDocument> {
  const entries = people.map(({ name, lines = [], ou = "people", mail = name }) =>
    [
      `dn: uid=${name},ou=${ou},dc=example,dc=org`,
      "objectClass: inetOrgPerson",
      `mail: ${mail}@example.org`,
      `givenName: ${name}`,
      "sn: Test",
      ...lines,
      "",
      "",
    ].join("\n"),
  );
  place.configure(`directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", entries.join("") + extra)}
    users: { id: employeeNumber${users} }
${more}    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn, title: appuser.title }
`);
  return await place.json<RunDocument>("import", "corp", "--full");
}

async function statuses(): Promise<Record<string, string>> {
  const users = await place.users();
  return Object.fromEntries([...users].map(([login, { status }]) => [login.split("@")[0], status]));
}

describe("an identifier that one entry has, and another among several", () => {
  const alice = { name: "alice", lines: [...number(1), "title: Head"] };
  const both = { name: "alice", lines: [...number(1, 9), "title: Head"] };
  const mallory = { name: "mallory", lines: [...number(1), "title: Thief"] };
  const bob = { name: "bob", lines: number(2) };

  test.each([
    ["behind it", [both, bob, mallory]],
    ["before it", [mallory, both, bob]],
  ])("is neither's: whoever had it keeps everything, also %s", async (_, people) => {
    await imported([alice, bob]);
    const run = await imported(people);
    expect(run).toMatchObject({
      status: "done",
      counts: { read: 3, created: 0, updated: 0, unchanged: 1, removed: 0 },
    });
    const users = await place.users();
    expect([...users.keys()].toSorted()).toEqual(["alice@example.org", "bob@example.org"]);
    expect(users.get("alice@example.org")).toMatchObject({
      status: "active",
      profile: { title: "Head" },
    });
    const { out } = await place.run("users", "failing");
    expect(out).toContain("entry.duplicateId");
    // Corrected, everybody is who they are.
    const last = await imported([alice, bob, { ...mallory, lines: number(3) }]);
    expect(last).toMatchObject({ counts: { created: 1, failed: 0 } });
  });
});

test.each([
  ["last", ["ada", "bob"]],
  ["first", ["bob", "ada"]],
])(
  "whoever gets a colleague's number by mistake is nobody who is gone, read %s",
  async (_, names) => {
    const right = [
      { name: "ada", lines: number(1) },
      { name: "bob", lines: number(2) },
    ];
    await imported([...right, { name: "cy", lines: number(3) }]);
    const wrong = names.map((name) => ({ name, lines: number(1) }));
    const run = await imported([...wrong, { name: "cy", lines: number(3) }]);
    expect(run).toMatchObject({ status: "done", counts: { removed: 0, unchanged: 1 } });
    expect(await statuses()).toEqual({ ada: "active", bob: "active", cy: "active" });
    const explained = await place.run("explain", "bob@example.org");
    expect(explained.out).toContain("entry.duplicateId");
    expect(await imported([...right, { name: "cy", lines: number(3) }])).toMatchObject({
      counts: { failed: 0, removed: 0 },
    });
  },
);

describe("an entry of which something cannot be used, and which says that the account is disabled", () => {
  const RULE = { users: ", disabled: { attribute: userAccountControl, bit: 2 }" };
  const enabled = (name: string, id: number): Person => ({
    name,
    lines: [...number(id), "userAccountControl: 512"],
  });
  const CUT = "memberOf;range=0-0: cn=a,dc=example,dc=org";

  test("takes the access, and nothing else", async () => {
    await imported([enabled("ada", 1), enabled("bob", 2)], RULE);
    const off = [...number(1), "userAccountControl: 514", "title: Other", CUT];
    const run = await imported([{ name: "ada", lines: off }, enabled("bob", 2)], RULE);
    expect(run).toMatchObject({ status: "done", counts: { failed: 1, removed: 0 } });
    expect(await statuses()).toEqual({ ada: "deprovisioned", bob: "active" });
    const user = (await place.users()).get("ada@example.org");
    expect(user?.profile["title"]).toBeUndefined();
    // Enabled again, and whole.
    await imported([enabled("ada", 1), enabled("bob", 2)], RULE);
    expect(await statuses()).toEqual({ ada: "active", bob: "active" });
  });

  test("is counted by the safeguard like any other loss", async () => {
    const names = Array.from({ length: 10 }, (_, at) => ({ name: `p${at}`, id: at + 1 }));
    const strict = { ...RULE, more: "    importSafeguard: { minimum: 1 }\n" };
    await imported(
      names.map(({ name, id }) => enabled(name, id)),
      strict,
    );
    const off = names.map(({ name, id }) => ({
      name,
      lines: [...number(id), id < 4 ? "userAccountControl: 514" : "userAccountControl: 512", CUT],
    }));
    expect(await imported(off, strict)).toMatchObject({
      status: "held",
      held: { of: "removals", removals: 3 },
    });
  });

  test("leaves access alone where it may be two people's, or nobody knows whose it is", async () => {
    await imported([enabled("ada", 1), enabled("bob", 2)], RULE);
    const twoIds = [...number(1, 7), "userAccountControl: 514"];
    await imported([{ name: "ada", lines: twoIds }, enabled("bob", 2)], RULE);
    expect(await statuses()).toEqual({ ada: "active", bob: "active" });
    const off = [...number(1), "userAccountControl: 514", CUT];
    const twin = { name: "twin", lines: off };
    await imported([{ name: "ada", lines: off }, twin, enabled("bob", 2)], RULE);
    expect(await statuses()).toEqual({ ada: "active", bob: "active" });
  });
});

describe("an entry without a number", () => {
  const bob = { name: "bob", lines: number(2) };
  const alice = { name: "alice", lines: number(1) };

  test("keeps whoever is missing and has the same address or name, until somebody has decided", async () => {
    await imported([alice, bob]);
    const renamed = { name: "alice2", mail: "alice" };
    for (const unchanged of [1, 1]) {
      const run = await imported([renamed, bob]);
      expect(run).toMatchObject({ status: "done", counts: { removed: 0, unchanged } });
      expect(await statuses()).toEqual({ alice: "active", bob: "active" });
    }
    const { out } = await place.run("users", "failing");
    expect(out).toContain("entry.unnumbered");
    // Somebody knows that it is another person.
    await place.run("users", "deactivate", "alice@example.org");
    expect(await imported([renamed, bob])).toMatchObject({ counts: { removed: 1 } });
  });

  test("stands in nobody's way who leaves and does not look like it", async () => {
    await imported([alice, bob]);
    const run = await imported([{ name: "newcomer" }, bob]);
    expect(run).toMatchObject({ status: "done", counts: { removed: 1, failed: 1 } });
    expect(await statuses()).toEqual({ alice: "deprovisioned", bob: "active" });
  });
});

test("whoever moves while the number's capitals are corrected is not gone, however often it is read, and is told of", async () => {
  const bob = { name: "bob", lines: number("b2") };
  await imported([{ name: "alice", lines: number("A1") }, bob]);
  for (let read = 0; read < 3; read++) {
    const run = await imported([{ name: "alice", ou: "staff", lines: number("a1") }, bob]);
    expect(run).toMatchObject({ status: "done", counts: { removed: 0, unchanged: 1 } });
    expect(await statuses()).toEqual({ alice: "active", bob: "active" });
  }
  const { out } = await place.run("users", "failing");
  expect(out).toContain("entry.idRespelled");
});

test.each([["before"], ["behind"]])(
  "an identifier among several, spelled otherwise, is no other entry's either, %s it",
  async (where) => {
    const bob = { name: "bob", lines: number("b2") };
    await imported([{ name: "alice", lines: [...number("A1"), "title: Head"] }, bob]);
    const both = { name: "alice", lines: [...number("a1", "9"), "title: Head"] };
    const mallory = { name: "mallory", lines: [...number("A1"), "title: Thief"] };
    const people = where === "before" ? [mallory, both] : [both, mallory];
    await imported([...people, bob]);
    const users = await place.users();
    expect([...users.keys()].toSorted()).toEqual(["alice@example.org", "bob@example.org"]);
    expect(users.get("alice@example.org")?.profile["title"]).toBe("Head");
  },
);

describe("whoever was there beside somebody is nobody else, once that one has left", () => {
  const alice = { name: "alice", lines: number(1) };
  const MATCHING = { more: '    matching: [{ user: login, app: "appuser.mail" }]\n' };

  test("an entry without a number", async () => {
    const mailbox = { name: "adm-alice", mail: "alice", lines: [] };
    await imported([alice, mailbox, { name: "bob", lines: number(2) }]);
    const run = await imported([mailbox, { name: "bob", lines: number(2) }]);
    expect(run).toMatchObject({ status: "done", counts: { removed: 1 } });
    expect((await statuses())["alice"]).toBe("deprovisioned");
  });

  test("further accounts of the same person", async () => {
    const others = ["adm-alice", "test-alice"].map((name, at) => ({
      name,
      mail: "alice",
      lines: number(8 + at),
    }));
    await imported([alice], MATCHING);
    await imported([alice, ...others], MATCHING);
    expect(await imported(others, MATCHING)).toMatchObject({ counts: { removed: 1 } });
    expect((await statuses())["alice"]).toBe("deprovisioned");
  });

  test("people of one surname, whose names have a comma in them", async () => {
    const lines = (name: string, id: number | null): string =>
      `dn: cn=Smith\\, ${name},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nmail: ${name}@example.org\ngivenName: ${name}\nsn: Smith\nuid:\n${id === null ? "" : `employeeNumber: ${id}\n`}\n`;
    await imported([], { extra: lines("ann", 1) + lines("ben", 2) });
    await imported([], { extra: lines("ben", 2) + lines("scanner", null) });
    expect(await statuses()).toEqual({ ann: "deprovisioned", ben: "active" });
  });
});

test("a newcomer without a number makes nobody lose access whose further account could go on", async () => {
  const MATCHING = { more: '    matching: [{ user: login, app: "appuser.mail" }]\n' };
  const [alice, second] = [
    { name: "alice", lines: number(1) },
    { name: "adm", mail: "alice", lines: number(2) },
  ];
  await imported([alice], MATCHING);
  await imported([alice, second], MATCHING);
  await imported([second, { name: "printer", lines: [] }], MATCHING);
  expect(await statuses()).toEqual({ alice: "active" });
  // Next time the newcomer was there before, and the further account goes on with the user.
  await imported([second, { name: "printer", lines: [] }], MATCHING);
  expect(await statuses()).toEqual({ alice: "active" });
});

test("several who would take somebody's place are told, and the day ends access all the same", async () => {
  const at = (moment: number): string =>
    `accountExpires: ${BigInt(moment) * 10_000n + 116_444_736_000_000_000n}`;
  const options = {
    users: ", disabled: { attribute: accountExpires, expires: true }",
    more: '    matching: [{ user: login, app: "appuser.mail" }]\n',
  };
  await imported([{ name: "alice", lines: [...number(1), at(Date.now() + 3000)] }], options);
  const heirs = ["a", "b"].map((name, id) => ({
    name,
    mail: "alice",
    lines: [...number(7 + id), "accountExpires: 0"],
  }));
  await imported(heirs, options);
  expect(await statuses()).toEqual({ alice: "active" });
  expect((await place.run("users", "failing")).out).toContain("entry.contended");
  await new Promise((resolve) => setTimeout(resolve, 3500));
  await imported(heirs, options);
  expect(await statuses()).toEqual({ alice: "deprovisioned" });
});

test("whoever has two people's numbers is either of them, however often it is read", async () => {
  const all = ["alice", "bob", "cy"].map((name, at) => ({ name, lines: number(at + 1) }));
  await imported(all);
  const both = [
    { name: "cy", lines: number(3) },
    { name: "new", lines: number(1, 2) },
  ];
  for (const removed of [0, 0]) {
    expect(await imported(both)).toMatchObject({ status: "done", counts: { removed } });
    expect(await statuses()).toEqual({ alice: "active", bob: "active", cy: "active" });
  }
});

test("whoever was kept for another spelling is gone when that one is gone, too", async () => {
  const bob = { name: "bob", lines: number("b2") };
  await imported([{ name: "alice", lines: number("A1") }, bob]);
  await imported([{ name: "alice", ou: "staff", lines: number("a1") }, bob]);
  expect(await statuses()).toEqual({ alice: "active", bob: "active" });
  await imported([bob]);
  expect(await statuses()).toEqual({ alice: "deprovisioned", bob: "active" });
});

test("a part that vanishes is held although somebody moved out of it", async () => {
  const staff = Array.from({ length: 100 }, (_, at) => ({ name: `s${at}`, lines: number(at) }));
  const north = Array.from({ length: 12 }, (_, at) => ({
    name: `n${at}`,
    ou: "north",
    lines: number(`n${at}`),
  }));
  await imported([...staff, ...north]);
  const moved = { name: "n0", lines: number("n0") };
  expect(await imported([...staff, moved])).toMatchObject({ status: "held" });
});

describe("an account that was made anew, while somebody else has its new number by mistake", () => {
  const MATCHING = { more: '    matching: [{ user: login, app: "appuser.mail" }]\n' };
  const cy = { name: "cy", lines: number(3) };

  test.each([
    [
      "a colleague",
      [
        { name: "alice", lines: number(7) },
        { name: "cy", lines: number(7) },
      ],
    ],
    [
      "two who would be heirs",
      [
        { name: "alice", lines: number(7) },
        { name: "alice2", mail: "alice", lines: number(8) },
        cy,
      ],
    ],
  ])("takes nobody's access: %s", async (_, people) => {
    await imported([{ name: "alice", lines: number(1) }, cy], MATCHING);
    const run = await imported(people, MATCHING);
    expect(run).toMatchObject({ status: "done", counts: { removed: 0 } });
    expect(await statuses()).toEqual({ alice: "active", cy: "active" });
    for (const count of Object.values(run.counts)) expect(count).toBeGreaterThanOrEqual(0);
  });
});

test("whoever's day has come loses access also where a twin has the number", async () => {
  const rule = { users: ", disabled: { attribute: accountExpires, expires: true }" };
  const at = (moment: number): string =>
    `accountExpires: ${BigInt(moment) * 10_000n + 116_444_736_000_000_000n}`;
  const bob = { name: "bob", lines: [...number(2), "accountExpires: 0"] };
  const ada = { name: "ada", lines: [...number(1), at(Date.now() + 4000)] };
  await imported([ada, bob], rule);
  await new Promise((resolve) => setTimeout(resolve, 4500));
  const twin = { name: "twin", lines: [...number(1), "accountExpires: 0"] };
  await imported([ada, twin, bob], rule);
  expect(await statuses()).toEqual({ ada: "deprovisioned", bob: "active" });
});

test("a renamed part of the tree is no part that vanished, though some left with it", async () => {
  const staff = Array.from({ length: 60 }, (_, at) => ({
    name: `s${at}`,
    ou: "sales",
    lines: number(at),
  }));
  await imported([...staff, { name: "boss", lines: number("b") }]);
  const renamed = staff.slice(5).map((one) => ({ ...one, ou: "vertrieb" }));
  const run = await imported([...renamed, { name: "boss", lines: number("b") }]);
  expect(run).toMatchObject({ status: "done", counts: { removed: 5 } });
});

describe("a part of the tree that vanishes with its people, spread over parts of it", () => {
  const staff = Array.from({ length: 100 }, (_, at) => ({ name: `s${at}`, lines: number(at) }));
  const inParts = (people: number, parts: number): Person[] =>
    Array.from({ length: people }, (_, at) => ({
      name: `n${at}`,
      ou: `u${at % parts},ou=north`,
      lines: number(`n${at}`),
    }));

  test.each([
    ["one person each", 16, 16],
    ["four each", 8, 2],
  ])("is held as one part: %s", async (_, people, parts) => {
    await imported([...staff, ...inParts(people, parts)]);
    const run = await imported(staff);
    expect(run).toMatchObject({ status: "held", held: { of: "people read", removals: people } });
    expect(run.held?.["reason"]).toContain("ou=north,dc=example,dc=org");
  });
});

test.each([
  ["a comment", "# refldap://elsewhere.example.org/ou=north,dc=example,dc=org??sub\n\n", ""],
  ["a count", "", "# numReferences: 1\n"],
])("an export that was referred elsewhere takes nobody away: %s", async (_, comment, count) => {
  const bob = { name: "bob", lines: number(2) };
  await imported([{ name: "alice", lines: number(1) }, bob]);
  const extra = `${comment}# search result\nsearch: 2\nresult: 0 Success\n\n${count}`;
  const run = await imported([bob], { extra });
  expect(run).toMatchObject({ status: "held" });
  expect(run.held?.["reason"]).toContain("referred to another server");
});

test("whatever stands where a version belongs is not repeated", async () => {
  place.configure(`directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", `version: 1\u001b]0;x\u0007${"z".repeat(5000)}\n\n`)}
    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn }
`);
  const { error } = await place.json<RunDocument>("import", "corp");
  expect(error).toMatchObject({ code: "ldif.invalid" });
  expect(error?.message).toMatch(/line 1: the version is no number; LDIF is version 1\.$/);
});
