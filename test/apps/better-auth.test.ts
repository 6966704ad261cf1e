/** Pushes to a SCIM server that nobody here wrote: strict, on Postgres. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppPlace } from "../support/app-place.ts";
import { BetterAuthScim } from "../support/better-auth-scim.ts";
import { createDatabase } from "../support/rollcall.ts";

let place: AppPlace;
let receiver: BetterAuthScim;
beforeEach(async () => {
  place = await AppPlace.create("postgres");
  receiver = await BetterAuthScim.start(await createDatabase("template0"));
  place.target = { url: receiver.url, token: receiver.token };
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await place.remove();
});

function group(members: readonly string[]): string {
  const lines = members.map((one) => `member: uid=${one},ou=people,dc=example,dc=org`);
  const head = ["dn: cn=Eng,ou=groups,dc=example,dc=org", "objectClass: groupOfNames", "cn: Eng"];
  return `\n${[...head, ...lines].join("\n")}\n`;
}
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `p${i}`);

test("it is a SCIM server, as apps check says", async () => {
  place.configure();
  expect(await place.json("apps", "check", "dx")).toMatchObject({ ok: true });
});

test("everybody is made once, changed, switched off, and switched on again", async () => {
  await place.start({
    people: ["ada", "bob"],
    ada: { title: "Countess", departmentNumber: "R&D" },
  });
  const first = await place.push();
  expect(first.counts, JSON.stringify(await place.json("tasks"))).toMatchObject({
    created: 2,
    failed: 0,
  });
  await place.import({ people: ["ada"], ada: { sn: "Lovelace", departmentNumber: "R&D" } });
  expect((await place.push()).counts).toMatchObject({ updated: 1, deactivated: 1, failed: 0 });
  const shown = new Map((await receiver.users()).map((user) => [user["userName"], user]));
  expect(shown.get("ada@example.org")).toMatchObject({
    active: true,
    name: { familyName: "Lovelace", givenName: "ada" },
  });
  expect(shown.get("ada@example.org")).not.toHaveProperty("title");
  expect(shown.get("bob@example.org")).toMatchObject({ active: false });
  await place.import({ people: ["ada", "bob"], ada: { sn: "Lovelace", departmentNumber: "R&D" } });
  expect((await place.push()).counts).toMatchObject({ created: 0, failed: 0 });
  expect((await receiver.users()).map((user) => user["active"])).toEqual([true, true]);
  receiver.requests.length = 0;
  await place.push();
  expect(receiver.requests).toEqual([]);
});

test("accounts that were there before the first push are found and taken over", async () => {
  await fetch(`${receiver.url}/Users`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${receiver.token}`,
      "content-type": "application/scim+json",
    },
    body: JSON.stringify({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
      userName: "Ada@Example.org",
      emails: [{ value: "ada@example.org", primary: true }],
      name: { givenName: "A", familyName: "L" },
      active: true,
    }),
  });
  await place.start({ people: ["ada"] });
  expect((await place.push()).counts).toMatchObject({ adopted: 1, created: 0, failed: 0 });
  expect(await receiver.users()).toMatchObject([{ name: { givenName: "ada" } }]);
});

test("a group of more than a hundred is pushed with its members, and follows them", async () => {
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]
    safeguard: off
    pushGroups: [{ directory: corp, name: Eng, as: eng }]`);
  await place.import({ people: many(120), groups: [group(many(110))] });
  const push = await place.push();
  expect(push.counts, JSON.stringify(await place.json("tasks"))).toMatchObject({ created: 120 });
  const membersOf = async (): Promise<unknown[]> =>
    ((await receiver.groups())[0]?.["members"] ?? []) as unknown[];
  expect((await receiver.groups()).map((one) => one["displayName"])).toEqual(["eng"]);
  expect((await membersOf()).length).toBe(110);
  await place.import({ people: many(120), groups: [group(many(3))] });
  await place.push();
  expect((await membersOf()).length).toBe(3);
  expect(await place.json("tasks")).toEqual([]);
});
