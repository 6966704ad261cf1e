/** Against SCIMMY's schemas: custom extensions with types, and what a server drops without a word. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppPlace } from "../support/app-place.ts";
import { BADGES, ScimmyScim } from "../support/scimmy-scim.ts";

let place: AppPlace;
let scimmy: ScimmyScim;
beforeEach(async () => {
  place = await AppPlace.create("postgres");
  scimmy = await ScimmyScim.start();
  place.target = { url: scimmy.url, token: scimmy.token };
});
afterEach(async () => {
  await place.remove();
  await scimmy[Symbol.asyncDispose]();
});

const APP = `
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]
    attributes:
      badge: { externalName: number, externalNamespace: "${BADGES}" }
      floor: { type: integer, externalName: floor, externalNamespace: "${BADGES}" }
      nowhere: { externalName: colour, externalNamespace: "urn:example:unknown:1.0" }
    toApp:
      badge: user.costCenter
      floor: '"7" == "7" ? 7 : 0'`;
const people = ["ada", "bob"];
const userNamed = (name: string): Record<string, unknown> | undefined =>
  [...scimmy.users.values()].find((user) => user["userName"] === name);

test("values of an extension are made, changed and taken away, with their types", async () => {
  place.configure(APP);
  await place.import({ people, ada: { carLicense: "B-7", departmentNumber: "Sales" } });
  expect((await place.push()).counts).toMatchObject({ created: 2, failed: 0 });
  expect(userNamed("ada@example.org")).toMatchObject({
    [BADGES]: { number: "B-7", floor: 7 },
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { department: "Sales" },
  });
  await place.import({ people, ada: { departmentNumber: "Legal" } });
  expect((await place.push()).counts).toMatchObject({ updated: 1, failed: 0 });
  const ada = userNamed("ada@example.org");
  expect(ada?.[BADGES]).not.toHaveProperty("number");
  expect(ada?.[BADGES]).toMatchObject({ floor: 7 });
  scimmy.requests.length = 0;
  expect((await place.push()).counts).toMatchObject({ unchanged: 2 });
  expect(scimmy.requests.filter((method) => method !== "GET")).toEqual([]);
});

test("what the server drops without a word is told, and not sent again and again", async () => {
  place.configure(`${APP}
      nowhere: user.title`);
  await place.import({ people: ["ada"], ada: { title: "Countess" } });
  expect((await place.push()).counts).toMatchObject({ created: 1, failed: 0 });
  const { out } = await place.run("explain", "ada@example.org", "nowhere", "--app", "dx");
  expect(out).toMatch(/did not keep|dropped|not kept/i);
  scimmy.requests.length = 0;
  expect((await place.push()).counts).toMatchObject({ updated: 0, unchanged: 1 });
  expect(scimmy.requests.filter((method) => method !== "GET")).toEqual([]);
});

test("whoever leaves is switched off, returns, and is found again by a filter", async () => {
  place.configure(APP);
  await place.import({ people });
  await place.push();
  await place.import({ people: ["bob"] });
  expect((await place.push()).counts).toMatchObject({ deactivated: 1, failed: 0 });
  expect(userNamed("ada@example.org")).toMatchObject({ active: false });
  await place.import({ people });
  expect((await place.push()).counts).toMatchObject({ updated: 1, failed: 0 });
  expect(userNamed("ada@example.org")).toMatchObject({ active: true });
  expect(scimmy.users.size).toBe(2);
});
