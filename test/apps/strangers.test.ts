/** Accounts and groups that Rollcall neither made nor linked are never touched, whatever an app answers. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppPlace } from "../support/app-place.ts";
import { refusal, ScriptedScim, type ScimRequest } from "../support/scripted-scim.ts";

let place: AppPlace;
beforeEach(async () => {
  place = await AppPlace.create("postgres");
});
afterEach(async () => {
  await place.remove();
});

const ON = "provisioning: { create: true, update: true, deactivate: true }";
const PEOPLE = ["ada", "bob", "cyd", "dan"];
const isPost = ({ method, path }: ScimRequest): boolean => method === "POST" && path === "/Users";
const assign = (rules: string): void =>
  place.configure(`
    ${ON}
    safeguard: off
    assign: ${rules}`);

test("a search that was stopped makes nobody's account ours", async () => {
  for (const name of PEOPLE) place.scim.addUser({ userName: `${name}@example.org` });
  assign("[everyone]");
  await place.import({ people: PEOPLE });
  place.scim.hook = ({ filter }) =>
    filter === null ? undefined : { status: 429, headers: { "retry-after": "120" } };
  expect(await place.push()).toMatchObject({ status: "failed", error: { code: "app.busy" } });
  place.scim.hook = () => undefined;
  assign("[]");
  await place.run("tasks", "retry", "--app", "dx");
  expect([...place.scim.users.values()].map((user) => user["active"])).toEqual([
    true,
    true,
    true,
    true,
  ]);
});

test("a creation in doubt of somebody who is not to have one finds only our own", async () => {
  assign("[everyone]");
  await place.import({ people: ["ada"] });
  place.scim.hook = (request) => (isPost(request) ? { cut: "before" } : undefined);
  await place.push();
  place.scim.hook = () => undefined;
  place.scim.addUser({ userName: "ada@example.org", externalId: "made by hand" });
  assign("[]");
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: true });
});

test("at another address everybody is looked for again, and a stranger with the same id is left alone", async () => {
  await place.start({ people: ["ada"] });
  await place.push();
  await using other = await ScriptedScim.start();
  // Its own numbers begin behind the stranger's.
  const stranger = other.addUser({ userName: "root", externalId: "theirs" });
  place.target = { url: other.url, token: "secret-token-of-dx" };
  place.configure();
  expect((await place.push()).counts).toMatchObject({ created: 1 });
  await place.import({ people: ["ada"], ada: { title: "Countess" } });
  await place.push();
  expect(other.users.get(stranger.id)).toMatchObject({ userName: "root" });
  expect(other.userNamed("ada@example.org")).toMatchObject({ title: "Countess" });
});

test("an app that was set back has somebody else under the id: nothing of it is changed", async () => {
  await place.start({ people: ["ada"] });
  await place.push();
  const [id = ""] = [...place.scim.users.keys()];
  place.scim.users.set(id, { id, userName: "root", externalId: "theirs", active: true });
  await place.import({ people: ["ada"], ada: { title: "Countess" } });
  await place.push();
  await place.run("users", "deactivate", "ada@example.org");
  await place.push();
  expect(place.scim.users.get(id)).toMatchObject({ userName: "root", active: true });
  expect(await place.json("tasks")).toMatchObject([{ error: { code: "app.notOurs" } }]);
});

test.each([
  ["somebody, and shows nobody", { totalResults: 1, Resources: [] }],
  ["somebody who is nothing", { totalResults: 1, Resources: [null] }],
  ["no number", { totalResults: null, error: "backend down" }],
])("a list that says %s is not taken for nobody", async (_, body) => {
  await place.start({ people: ["ada"] });
  place.scim.hook = ({ filter }) => (filter === null ? undefined : { body });
  await place.push();
  expect(place.scim.writes).toEqual([]);
});

test("one value that the server cannot filter by is one person's failure, and learned for nobody", async () => {
  place.scim.addUser({ userName: "bobby", emails: [{ value: "bob@example.org", primary: true }] });
  await place.start({ people: ["ada"], ada: { mail: "o'ada@example.org" } });
  place.scim.hook = ({ filter }) =>
    filter?.startsWith("emails") === true && filter.includes("'")
      ? refusal(400, "invalid value in filter", "invalidFilter")
      : undefined;
  expect((await place.push()).counts).toMatchObject({ failed: 1 });
  await place.import({ people: ["ada", "bob"], ada: { mail: "o'ada@example.org" } });
  expect((await place.push()).counts).toMatchObject({ adopted: 1 });
});

test("a lost creation is found after the login changed, also where externalId is no filter", async () => {
  await place.start({ people: ["ada"], ada: { entryUUID: "x" } });
  place.scim.hook = (request) => {
    if (request.filter?.startsWith("externalId") === true)
      return refusal(400, "no", "invalidFilter");
    return isPost(request) ? { cut: "after" } : undefined;
  };
  await place.push();
  await place.import({ people: ["ada"], ada: { mail: "ada.lovelace@example.org" } });
  place.scim.hook = ({ filter }) =>
    filter?.startsWith("externalId") === true ? refusal(400, "no", "invalidFilter") : undefined;
  await place.push();
  expect(place.scim.users.size).toBe(1);
});

test("one id for two new accounts is one task, and the others are kept", async () => {
  await place.start({ people: PEOPLE });
  place.scim.hook = (request) => {
    const { userName } = request.body;
    if (!isPost(request) || userName === "ada@example.org" || userName === "bob@example.org")
      return isPost(request) ? { status: 201, body: { ...request.body, id: "same" } } : undefined;
    return undefined;
  };
  const { status, counts } = await place.push();
  expect({ status, counts }).toMatchObject({ status: "done", counts: { created: 3, failed: 1 } });
  expect(await place.json("tasks")).toMatchObject([{ error: { code: "app.ambiguous" } }]);
});

test("a 404 of something in between switches nobody off on paper only", async () => {
  assign("[everyone]");
  await place.import({ people: ["ada"] });
  await place.push();
  assign("[]");
  place.scim.hook = ({ path }) =>
    path.startsWith("/Users/u") ? { status: 404, body: "<title>no backend</title>" } : undefined;
  await place.push();
  place.scim.hook = () => undefined;
  await place.run("tasks", "retry", "--app", "dx");
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: false });
});

test("what is approved is what was shown: neither other values, nor a deletion, nor other memberships", async () => {
  const app = (more: string, when = "true"): void =>
    place.configure(`
    ${ON}
    safeguard: { percent: 20, minimum: 1, updates: 20 }
    assign: [{ when: '${when}' }]
    ${more}`);
  app("");
  await place.import({ people: PEOPLE });
  await place.push();
  const titles = Object.fromEntries(PEOPLE.map((name) => [name, { title: "x" }]));
  await place.import({ people: PEOPLE, ...titles });
  const changes = await place.push();
  expect(changes.status).toBe("held");
  app("toApp: { userName: 'user.login + \".renamed\"' }");
  await place.run("pushes", "approve", changes.run);
  expect(
    [...place.scim.users.values()].filter((user) => String(user["userName"]).endsWith("renamed")),
  ).toEqual([]);
  app("", 'user.login == "ada@example.org"');
  const losses = await place.push();
  expect(losses.status).toBe("held");
  app("onUnassign: delete", 'user.login == "ada@example.org"');
  await place.run("pushes", "approve", losses.run);
  expect(place.scim.users.size).toBe(4);
});

test("an assignment that ends while the account is on its way is not lost", async () => {
  place.configure(`
    ${ON}
    assign: []`);
  await place.import({ people: ["ada"] });
  await place.run("apps", "assign", "dx", "ada@example.org");
  await place.push();
  await place.import({ people: ["ada"], ada: { title: "x" } });
  let ending: Promise<unknown> | null = null;
  place.scim.hook = ({ method }) => {
    if (method !== "PUT" || ending !== null) return undefined;
    ending = place.run("apps", "unassign", "dx", "ada@example.org");
    return { status: 429, headers: { "retry-after": "2" } };
  };
  await place.push();
  await (ending ?? Promise.resolve());
  expect((await place.push()).counts).toMatchObject({ deactivated: 1 });
});

test("conditions and mappings on a directory's own profile take effect although no user changed", async () => {
  place.configure(`
    ${ON}
    assign: [{ when: 'corp.employeeType == "staff"' }]
    toApp: { nickName: corp.initials }`);
  await place.import({ people: ["ada"], ada: { employeeType: "staff", initials: "AL" } });
  await place.push();
  await place.import({ people: ["ada"], ada: { employeeType: "staff", initials: "AKL" } });
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ nickName: "AKL" });
  await place.import({ people: ["ada"], ada: { employeeType: "former" } });
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: false });
});

test("a secret that the app repeats, without its scheme or cut, is nowhere", async () => {
  place.configure();
  const { readFileSync, writeFileSync } = await import("node:fs");
  const text = readFileSync(place.place.config, "utf8");
  const secret = `${"s3cret-".repeat(40)}end`;
  writeFileSync(
    place.place.config,
    text.replace(
      "{ bearer: secret-token-of-dx }",
      `{ header: { name: Authorization, value: "SSWS ${secret}" } }`,
    ),
  );
  await place.import({ people: ["ada"] });
  place.scim.hook = (request) =>
    isPost(request) ? { status: 201, body: `{"echo": "token ${secret} is fine"}` } : undefined;
  const { out, err } = await place.run("push", "dx", "--json");
  const tasks = JSON.stringify(await place.json("tasks"));
  for (const one of [out, err, tasks]) expect(one).not.toContain("s3cret-s3cret");
});

test("a value that is given on creation only stays when it is gone here", async () => {
  place.configure(`
    ${ON}
    assign: [everyone]
    toApp: { title: { expression: user.title, apply: create }, nickName: user.costCenter }`);
  await place.import({ people: ["ada"], ada: { title: "Countess", carLicense: "7" } });
  await place.push();
  await place.import({ people: ["ada"] });
  await place.push();
  const user = place.scim.userNamed("ada@example.org");
  expect(user).toMatchObject({ title: "Countess" });
  expect(user).not.toHaveProperty("nickName");
});
