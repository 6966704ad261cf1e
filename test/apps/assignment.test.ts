/** Who is assigned, by what, and what becomes of accounts of people who are not any more. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { SYSTEM_ACTOR } from "../../src/model/event.ts";
import { openService } from "../../src/service.ts";
import { AppPlace } from "../support/app-place.ts";

const BY = {
  actor: SYSTEM_ACTOR,
  signal: new AbortController().signal,
  progress: () => undefined,
  note: () => undefined,
};

let place: AppPlace;
beforeEach(async () => {
  place = await AppPlace.create("postgres");
});
afterEach(async () => {
  await place.remove();
});

const ON = "provisioning: { create: true, update: true, deactivate: true }";

function group(name: string, members: readonly string[]): string {
  const lines = members.map((one) => `member: uid=${one},ou=people,dc=example,dc=org`);
  const head = [`dn: cn=${name},ou=groups,dc=example,dc=org`, "objectClass: groupOfNames"];
  return `\n${[...head, `cn: ${name}`, ...lines].join("\n")}\n`;
}

test("a person who is assigned by hand gets an account, and loses it when the assignment ends", async () => {
  place.configure(`
    ${ON}
    assign: []`);
  await place.import({ people: ["ada", "bob"] });
  expect((await place.push()).counts).toMatchObject({ assigned: 0, created: 0 });
  expect((await place.run("push", "dx")).out).toContain("Nobody is assigned to the app.");
  expect((await place.run("apps", "assign", "dx", "ada@example.org")).status).toBe(0);
  expect((await place.run("apps", "assign", "dx", "nobody@example.org")).status).toBe(1);
  expect((await place.push()).counts).toMatchObject({ assigned: 1, created: 1 });
  expect((await place.assignments()).get("ada@example.org")).toMatchObject({
    by: { kind: "person" },
    syncState: "SYNCHRONIZED",
  });
  const state = async (): Promise<string | undefined> =>
    (await place.assignments()).get("ada@example.org")?.syncState;
  const explained = async (): Promise<unknown> =>
    (await place.json("explain", "ada@example.org", "--app", "dx"))["syncState"];
  await place.run("apps", "unassign", "dx", "ada@example.org");
  expect([await state(), await explained()]).toEqual(["OUT_OF_SYNC", "OUT_OF_SYNC"]);
  expect((await place.push()).counts).toMatchObject({ deactivated: 1 });
  expect(place.scim.userNamed("ada@example.org")?.["active"]).toBe(false);
  expect(await state()).toBe("SYNCHRONIZED");
  await place.run("apps", "assign", "dx", "ada@example.org");
  expect(await state()).toBe("OUT_OF_SYNC");
  expect((await place.push()).counts).toMatchObject({ updated: 1, created: 0 });
  expect(await state()).toBe("SYNCHRONIZED");
  expect(place.scim.users.size).toBe(1);
  expect(place.scim.userNamed("ada@example.org")?.["active"]).toBe(true);
});

test("a group of a file assigns its members, nested ones too, and gives them values", async () => {
  place.configure(`
    ${ON}
    attributes:
      role: { externalName: role, externalNamespace: "urn:ietf:params:scim:schemas:core:2.0:User" }
    assign:
      - { group: { directory: corp, name: Engineering }, values: { role: developer } }
      - { when: 'user.department == "Sales"', values: { role: seller } }`);
  const groups = [
    group("Engineering", ["ada"]) +
      "member: cn=Compilers,ou=groups,dc=example,dc=org\n" +
      group("Compilers", ["bob"]),
  ];
  await place.import({
    people: ["ada", "bob", "cyd", "dan"],
    cyd: { departmentNumber: "Sales" },
    groups,
  });
  expect((await place.push()).counts).toMatchObject({ assigned: 3, created: 3 });
  const roles = [...place.scim.users.values()].map((user) => [user["userName"], user["role"]]);
  expect(Object.fromEntries(roles)).toEqual({
    "ada@example.org": "developer",
    "bob@example.org": "developer",
    "cyd@example.org": "seller",
  });
  // Ada leaves the group, and nothing else about her changes.
  await place.import({
    people: ["ada", "bob", "cyd", "dan"],
    cyd: { departmentNumber: "Sales" },
    groups: [
      group("Engineering", []) +
        "member: cn=Compilers,ou=groups,dc=example,dc=org\n" +
        group("Compilers", ["bob"]),
    ],
  });
  expect((await place.push()).counts).toMatchObject({ deactivated: 1 });
  expect(place.scim.userNamed("ada@example.org")?.["active"]).toBe(false);
});

test("a group that is not there any more takes nothing from anybody, and is told", async () => {
  place.configure(`
    ${ON}
    assign:
      - group: { directory: corp, name: Engineering }`);
  await place.import({ people: ["ada"], groups: [group("Engineering", ["ada"])] });
  await place.push();
  await place.import({ people: ["ada"], groups: [group("Engineers", ["ada"])] });
  place.scim.forget();
  const push = await place.push();
  expect(push.counts).toMatchObject({ deactivated: 0, failed: 1 });
  expect(place.scim.writes).toEqual([]);
  expect(await place.json("tasks")).toMatchObject([{ error: { code: "app.assignmentUnknown" } }]);
  await place.import({ people: ["ada"], groups: [group("Engineering", ["ada"])] });
  expect((await place.push()).counts).toMatchObject({ unchanged: 1, failed: 0 });
  expect(await place.json("tasks")).toEqual([]);
});

test("a condition that cannot be evaluated for somebody leaves the account as it is", async () => {
  place.configure(`
    ${ON}
    assign:
      - when: 'Convert.toInt(user.costCenter) > 10'`);
  await place.import({
    people: ["ada", "bob"],
    ada: { carLicense: "20" },
    bob: { carLicense: "5" },
  });
  expect((await place.push()).counts).toMatchObject({ created: 1 });
  await place.import({
    people: ["ada", "bob"],
    ada: { carLicense: "twenty" },
    bob: { carLicense: "5" },
  });
  const { counts } = await place.push();
  expect(counts["deactivated"]).toBe(0);
  expect(place.scim.userNamed("ada@example.org")?.["active"]).toBe(true);
});

test.each([
  ["deactivate", { active: false }],
  ["delete", undefined],
  ["keep", { active: true }],
] as const)("onUnassign: %s", async (onUnassign, becomes) => {
  place.configure(`
    ${ON}
    onUnassign: ${onUnassign}
    assign: [{ when: 'user.department == "Sales"' }]`);
  await place.import({ people: ["ada"], ada: { departmentNumber: "Sales" } });
  await place.push();
  await place.import({ people: ["ada"] });
  await place.push();
  const user = place.scim.userNamed("ada@example.org");
  if (becomes === undefined) expect(user).toBeUndefined();
  else expect(user).toMatchObject(becomes);
  place.scim.forget();
  await place.push();
  expect(place.scim.writes).toEqual([]);
});

test("whoever is deactivated here is deactivated there, and never deleted, whatever unassigning does", async () => {
  place.configure(`
    ${ON}
    onUnassign: delete
    assign: [everyone]`);
  await place.import({ people: ["ada", "bob"] });
  await place.push();
  await place.import({ people: ["bob"] });
  await place.run("users", "suspend", "bob@example.org");
  expect((await place.push()).counts).toMatchObject({ deactivated: 2 });
  expect([...place.scim.users.values()].map((user) => user["active"])).toEqual([false, false]);
});

test("a user who is erased here loses the account that outlives the user", async () => {
  await place.start({ people: ["ada", "bob"] });
  await place.push();
  await place.run("users", "deactivate", "ada@example.org");
  await place.import({ people: ["bob"] });
  const deleted = await place.run("users", "delete", "ada@example.org");
  expect(deleted.status, deleted.err).toBe(0);
  await place.push();
  expect(place.scim.userNamed("ada@example.org")?.["active"]).toBe(false);
});

test("while a source is held or failing, nothing is taken away that it could explain", async () => {
  await place.start({ people: ["ada", "bob", "cyd"] });
  await place.push();
  await place.import({ people: ["bob", "cyd"] });
  // The file breaks before anybody could push that Ada left.
  place.place.file("people.ldif", "this is no LDIF");
  expect((await place.run("import", "corp", "--full")).status).toBe(1);
  const { counts } = await place.push();
  expect(counts).toMatchObject({ deactivated: 0, held: 1 });
  expect(place.scim.userNamed("ada@example.org")?.["active"]).toBe(true);
  expect((await place.assignments()).get("ada@example.org")).toMatchObject({
    reason: "sourceUnsettled",
  });
  // By hand is nobody's explanation.
  await place.run("users", "deactivate", "bob@example.org");
  expect((await place.push()).counts).toMatchObject({ deactivated: 1, held: 1 });
  await place.import({ people: ["cyd"] });
  expect((await place.push()).counts).toMatchObject({ deactivated: 1, held: 0 });
});

test("toggles that are off change nothing, and catch up when they are on again", async () => {
  place.configure(`
    provisioning: { create: true }
    assign: [everyone]`);
  await place.import({ people: ["ada", "bob"] });
  await place.push();
  await place.import({ people: ["ada"], ada: { sn: "Lovelace" } });
  place.scim.forget();
  await place.push();
  expect(place.scim.writes).toEqual([]);
  place.configure(`
    ${ON}
    assign: [everyone]`);
  expect((await place.push()).counts).toMatchObject({ updated: 1, deactivated: 1 });
});

test("with Create Users off, accounts that are there are taken over, and nobody gets a new one", async () => {
  place.scim.addUser({
    userName: "ADA@example.org",
    name: { familyName: "Old" },
    emails: [{ value: "ada@example.org", type: "home", primary: true }],
    nickName: "the countess",
  });
  place.configure(`
    provisioning: { update: true, deactivate: true }
    assign: [everyone]`);
  await place.import({ people: ["ada", "bob"] });
  expect((await place.push()).counts).toMatchObject({ created: 0, adopted: 1 });
  expect(place.scim.users.size).toBe(1);
  expect([...place.scim.users.values()][0]).toMatchObject({
    name: { familyName: "Test", givenName: "ada" },
    nickName: "the countess",
  });
  expect((await place.assignments()).get("bob@example.org")).toMatchObject({
    reason: "createOff",
    syncState: "OUT_OF_SYNC",
  });
  place.scim.forget();
  await place.push();
  expect(place.scim.writes).toEqual([]);
});

test("a value that an assignment gave goes with it, also where the rule leaves the configuration", async () => {
  const withRules = (rules: string): void => {
    place.configure(`
    ${ON}
    attributes:
      role: { externalName: role, externalNamespace: "urn:ietf:params:scim:schemas:core:2.0:User" }
    assign: [${rules}everyone]`);
  };
  withRules("{ group: { directory: corp, name: Admins }, values: { role: admin } }, ");
  await place.import({ people: ["ada", "bob"], groups: [group("Admins", ["ada"])] });
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ role: "admin" });
  withRules("");
  place.scim.hook = ({ method }) => (method === "PUT" ? { cut: "before" } : undefined);
  await place.push();
  place.scim.hook = () => undefined;
  await place.run("tasks", "retry", "--app", "dx");
  expect(place.scim.userNamed("ada@example.org")).not.toHaveProperty("role");
});

test("who is not assigned by hand any more is on no page of those who are, and no page ends before its time", async () => {
  place.configure(`
    ${ON}
    assign: []`);
  const names = ["ada", "bob", "cyd", "dee"];
  await place.import({ people: names });
  await place.run("apps", "assign", "dx", ...names.map((name) => `${name}@example.org`));
  expect((await place.push()).counts).toMatchObject({ created: names.length });
  const settings = loadSettings(place.place.config, {});
  await using service = await openService(settings);
  const page = async (after: string | null): Promise<readonly string[]> => {
    const found = await service.apps.assigned("dx", { after, prefix: null, limit: 2 });
    return found.map(({ userId }) => userId);
  };
  const [first = "", second = ""] = await page(null);
  await service.apps.unassign("dx", [first], BY);
  // No push has looked at it since.
  const pages = [await page(null), await page(second)];
  expect(pages.map((ids) => ids.length)).toEqual([2, 2]);
  expect(pages.flat()).not.toContain(first);
});
