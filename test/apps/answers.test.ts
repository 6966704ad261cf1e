/** What apps answer that is no success, or only looks like one: nobody is made twice, and nothing is lost. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppPlace, type PushDocument } from "../support/app-place.ts";
import { refusal, type Hook, type Scripted, type ScimRequest } from "../support/scripted-scim.ts";

let place: AppPlace;
beforeEach(async () => {
  place = await AppPlace.create("postgres");
});
afterEach(async () => {
  await place.remove();
});

interface Task {
  readonly id: string;
  readonly login: string | null;
  readonly what: string;
  readonly error: { readonly code: string; readonly appSaid: string | null };
}

/** The first request that fits is answered so, all others as always. */
function once(fits: (request: ScimRequest) => boolean, answer: Scripted): Hook {
  let done = false;
  return (request) => {
    if (done || !fits(request)) return undefined;
    done = true;
    return answer;
  };
}
const isPost = ({ method, path }: ScimRequest): boolean => method === "POST" && path === "/Users";
const isSearch = ({ filter }: ScimRequest): boolean => filter !== null;
const posts = (): number => place.scim.requests.filter(isPost).length;

describe("a creation of which nothing certain was heard is looked for, never sent again", () => {
  test.each<[string, Scripted]>([
    ["the connection is cut after it had its effect", { cut: "after" }],
    ["the connection is cut before", { cut: "before" }],
    ["a gateway gives up", { status: 502, body: "<html><title>Bad Gateway</title></html>" }],
    ["a success without an account", { status: 201, body: "" }],
    ["a success with another document", { status: 200, body: {} }],
  ])("%s", async (_, answer) => {
    await place.start({ people: ["ada"] });
    place.scim.hook = once(isPost, answer);
    await place.push();
    expect(place.scim.users.size).toBeLessThan(2);
    place.scim.hook = () => undefined;
    await place.run("tasks", "retry", "--app", "dx");
    expect(place.scim.users.size).toBe(1);
    expect((await place.assignments()).get("ada@example.org")).toMatchObject({
      syncState: "SYNCHRONIZED",
    });
    expect(await place.json("tasks")).toEqual([]);
    // What the search found was not made again.
    expect(posts()).toBeLessThanOrEqual(answer.cut === "after" ? 1 : 2);
  });
});

describe("an answer that is no list of SCIM resources is a failure of the app, never nobody found", () => {
  test.each<[string, Scripted, string]>([
    ["a web page", { body: "<!doctype html><title>Sign in</title>" }, "app.notScim"],
    ["an empty object", { body: {} }, "app.notScim"],
    ["nothing", { body: "" }, "app.notScim"],
    ["404", refusal(404, "no such path"), "app.notScim"],
    ["a redirect", { status: 302, headers: { location: "http://127.0.0.1:1/" } }, "app.redirect"],
    ["more than a megabyte", { body: `{"x":"${"y".repeat(1_100_000)}"}` }, "app.tooLarge"],
  ])("%s", async (_, answer, code) => {
    await place.start({ people: ["ada"] });
    place.scim.hook = ({ method }) => (method === "GET" ? answer : undefined);
    const push = await place.push();
    expect(push).toMatchObject({ status: "failed", error: { code } });
    expect(place.scim.writes).toEqual([]);
    const check = await place.run("apps", "check", "dx", "--json");
    expect(check.status).toBe(1);
    expect(JSON.parse(check.out)).toMatchObject({ ok: false, code });
  });

  test("only at the search", async () => {
    await place.start({ people: ["ada"] });
    place.scim.hook = (request) => (isSearch(request) ? { body: {} } : undefined);
    await place.push();
    expect(place.scim.writes).toEqual([]);
  });
});

test("a credential that is refused pauses the app with one task, and burns nothing", async () => {
  await place.start({ people: ["ada", "bob", "cyd"] });
  place.scim.hook = () => ({ status: 401, body: "Unauthorized: secret-token-of-dx" });
  const first = await place.run("push", "dx", "--json");
  expect(first.status).toBe(1);
  expect(JSON.parse(first.out)).toMatchObject({
    status: "failed",
    error: { code: "app.credentials" },
  });
  expect(place.scim.requests.length).toBeLessThanOrEqual(2);
  const tasks = await place.json<Task[]>("tasks");
  expect(tasks).toMatchObject([{ what: "app", error: { code: "app.credentials" } }]);
  expect(JSON.stringify(tasks)).not.toContain("secret-token-of-dx");
  place.scim.forget();
  await place.push();
  expect(place.scim.requests.length).toBeLessThanOrEqual(2);
  expect(place.scim.writes).toEqual([]);
  expect((await place.json<Task[]>("tasks")).length).toBe(1);
  expect(await place.json("apps", "show", "dx")).toMatchObject({
    paused: { code: "app.credentials" },
  });
  place.scim.hook = () => undefined;
  const retried = await place.json<PushDocument>("tasks", "retry", "--app", "dx");
  expect(retried.counts).toMatchObject({ created: 3 });
  expect(await place.json("apps", "show", "dx")).toMatchObject({ paused: null, tasks: 0 });
});

test("a credential that is refused in the middle stops the push after at most two more requests", async () => {
  await place.start({ people: Array.from({ length: 30 }, (_, i) => `p${i}`) });
  let refused = 0;
  place.scim.hook = () => {
    if (place.scim.users.size < 3) return undefined;
    refused++;
    return refusal(401, "expired");
  };
  expect((await place.push()).error?.code).toBe("app.credentials");
  expect(refused).toBeLessThanOrEqual(3);
  place.scim.hook = () => undefined;
  await place.run("tasks", "retry", "--app", "dx");
  expect(place.scim.users.size).toBe(30);
});

test("two accounts that match are one task, and nobody is chosen", async () => {
  for (const userName of ["ada", "ada.two"])
    place.scim.addUser({ userName, emails: [{ value: "ada@example.org", primary: true }] });
  await place.start({ people: ["ada"] });
  expect((await place.push()).counts).toMatchObject({ failed: 1, created: 0 });
  expect(place.scim.writes).toEqual([]);
  expect(await place.json("tasks")).toMatchObject([{ error: { code: "app.ambiguous" } }]);
  place.scim.forget();
  await place.push();
  expect(place.scim.writes).toEqual([]);
});

test("an account is adopted by the second person who matches it neither in this push nor in the next", async () => {
  place.scim.addUser({
    userName: "shared",
    emails: [{ value: "ada@example.org" }, { value: "bob@example.org" }],
  });
  await place.start({ people: ["ada", "bob"] });
  const { counts } = await place.push();
  expect(counts).toMatchObject({ adopted: 1, failed: 1 });
  expect(await place.json("tasks")).toMatchObject([{ error: { code: "app.ambiguous" } }]);
});

test("a name that is taken although the search shows nobody is a task, and no loop", async () => {
  await place.start({ people: ["ada"] });
  place.scim.hook = (request) =>
    isPost(request) ? refusal(409, "userName already exists", "uniqueness") : undefined;
  expect((await place.push()).counts).toMatchObject({ failed: 1 });
  expect(posts()).toBe(1);
  expect(await place.json("tasks")).toMatchObject([
    { error: { code: "app.taken", appSaid: "userName already exists" } },
  ]);
});

test("matching: [] adopts nobody", async () => {
  place.scim.addUser({ userName: "ada@example.org" });
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    matching: []
    assign: [everyone]`);
  await place.import({ people: ["ada"] });
  expect((await place.push()).counts).toMatchObject({ failed: 1, adopted: 0 });
  expect(place.scim.userNamed("ada@example.org")).not.toHaveProperty("displayName");
});

test("Retry-After pauses the whole app, and a push by hand waits out a short one", async () => {
  await place.start({ people: ["ada", "bob"] });
  place.scim.hook = once(isPost, { status: 429, headers: { "retry-after": "1" } });
  const { counts } = await place.push();
  expect(counts).toMatchObject({ created: 2, failed: 0 });
  expect(place.scim.users.size).toBe(2);
});

test("a long pause ends the push, and the next one says until when, without a request", async () => {
  await place.start({ people: ["ada", "bob"] });
  const until = new Date(Date.now() + 3_600_000).toUTCString();
  place.scim.hook = (request) =>
    isPost(request) ? { status: 429, headers: { "x-retry-after": "3600" } } : undefined;
  await place.push();
  place.scim.forget();
  place.scim.hook = () => ({ status: 429, headers: { "retry-after": until } });
  const again = await place.push();
  expect(again).toMatchObject({ status: "failed", error: { code: "app.busy" } });
  expect(place.scim.requests).toEqual([]);
  expect(await place.json("tasks")).toEqual([]);
});

test("a server that is not there fails nobody for good", async () => {
  await place.start({ people: Array.from({ length: 20 }, (_, i) => `p${i}`) });
  place.scim.hook = (request) => (isSearch(request) ? { cut: "before" } : undefined);
  expect(await place.push()).toMatchObject({
    status: "failed",
    error: { code: "app.unreachable" },
  });
  expect(await place.json("tasks")).toEqual([]);
  place.scim.hook = () => undefined;
  expect((await place.push()).status).toBe("done");
  expect(place.scim.users.size).toBe(20);
});

test("an app that refuses everybody stops the push before everybody is a task", async () => {
  await place.start({ people: Array.from({ length: 300 }, (_, i) => `p${i}`) });
  place.scim.hook = (request) => (isPost(request) ? refusal(400, "no") : undefined);
  expect(await place.push()).toMatchObject({
    status: "failed",
    error: { code: "app.circuitOpen" },
  });
  expect(posts()).toBeLessThan(250);
});

test("an account that vanished there is made anew", async () => {
  await place.start({ people: ["ada"] });
  await place.push();
  place.scim.users.clear();
  await place.import({ people: ["ada"], ada: { sn: "Lovelace" } });
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({
    name: { familyName: "Lovelace" },
  });
});

test("a change that somebody else overtook is read again", async () => {
  await place.start({ people: ["ada"] });
  await place.push();
  await place.import({ people: ["ada"], ada: { sn: "Lovelace" } });
  place.scim.hook = once(({ method }) => method === "PUT", refusal(409, "changed concurrently"));
  expect((await place.push()).counts).toMatchObject({ updated: 1, failed: 0 });
});

test.each([
  ["PUT", "update: patch"],
  ["PATCH", ""],
])("where %s is refused, the other way is learned and shown", async (method, configured) => {
  const preset = configured === "" ? "preset: entra" : "";
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    ${preset}
    assign: [everyone]`);
  await place.import({ people: ["ada"] });
  place.scim.hook = (request) => (request.method === method ? refusal(405, "not so") : undefined);
  await place.push();
  await place.import({ people: ["ada"], ada: { sn: "Lovelace" } });
  expect((await place.push()).counts).toMatchObject({ updated: 1 });
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({
    name: { familyName: "Lovelace" },
  });
  const learned = method === "PUT" ? "patch" : "put";
  expect(await place.json("apps", "show", "dx")).toMatchObject({
    capabilities: { update: learned },
    learned: { update: learned },
  });
});

test("a filter that the server does not know is learned, and userName is asked instead", async () => {
  await place.start({ people: ["ada"] });
  place.scim.hook = ({ filter }) =>
    filter?.startsWith("externalId") === true || filter?.startsWith("emails") === true
      ? refusal(400, "unsupported filter", "invalidFilter")
      : undefined;
  expect((await place.push()).counts).toMatchObject({ created: 1 });
  expect(await place.json("apps", "show", "dx")).toMatchObject({
    learned: { filters: ["userName"] },
  });
});

test("a server that ignores the filter and shows everybody confuses nobody", async () => {
  for (let i = 0; i < 250; i++) place.scim.addUser({ userName: `other${i}` });
  await place.start({ people: ["ada"] });
  const everybody = () => ({
    body: {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
      totalResults: place.scim.users.size,
      Resources: [...place.scim.users.values()],
    },
  });
  place.scim.hook = (request) => (isSearch(request) ? everybody() : undefined);
  expect((await place.push()).counts).toMatchObject({ created: 1, failed: 0 });
  expect((await place.push()).counts).toMatchObject({ created: 0 });
});

test("what the app did not keep is told, and not sent again", async () => {
  await place.start({ people: ["ada"], ada: { title: "Countess" } });
  place.scim.hook = (request) => {
    if (!isPost(request)) return undefined;
    const { title: _, ...kept } = request.body;
    const user = place.scim.addUser(kept);
    return { status: 201, body: user };
  };
  await place.push();
  expect((await place.assignments()).get("ada@example.org")).toMatchObject({
    notKept: ["title"],
    syncState: "SYNCHRONIZED",
  });
  place.scim.forget();
  await place.push();
  expect(place.scim.requests).toEqual([]);
});

test("a switching off that the app acknowledges and does not do is a task", async () => {
  await place.start({ people: ["ada", "bob"] });
  await place.push();
  await place.import({ people: ["bob"] });
  place.scim.hook = ({ method, path }) =>
    method === "PUT" ? { body: place.scim.users.get(path.split("/")[2] ?? "") } : undefined;
  expect((await place.push()).counts).toMatchObject({ deactivated: 0, failed: 1 });
  expect(await place.json("tasks")).toMatchObject([{ error: { code: "app.notKept" } }]);
});

test("switching off changes nothing else, and keeps what the app has of its own", async () => {
  await place.start({ people: ["ada", "bob"] });
  await place.push();
  const [id = ""] = [...place.scim.users.keys()];
  const user = place.scim.users.get(id);
  place.scim.users.set(id, { ...user, id, nickName: "kept", title: "Own", meta: { x: 1 } });
  await place.run("users", "deactivate", String(user?.["userName"]));
  place.scim.forget();
  await place.push();
  const { id: _, ...before } = { ...user, nickName: "kept", title: "Own", active: false };
  const [put] = place.scim.writes;
  expect(put?.body).toEqual({ ...before, id });
});

test("a slow server is a time-out that is tried again, and the account is not made twice", async () => {
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    timeout: 1
    assign: [everyone]`);
  await place.import({ people: ["ada"] });
  place.scim.hook = once(isPost, { silent: true });
  await place.push();
  expect((await place.assignments()).get("ada@example.org")).toMatchObject({
    error: { code: "app.timeout" },
  });
  expect((await place.push()).counts).toMatchObject({ created: 1 });
  expect(place.scim.users.size).toBe(1);
});

test.each([
  ["a credential in the address", "https://u:p@x.org/scim", "credential in the address"],
  ["an address with the resource in it", "https://x.org/scim/Users", "what stands before /Users"],
  ["no address", "x.org", "https://HOST/PATH"],
])("%s is refused by the configuration", async (_, url, words) => {
  place.configure();
  const { readFileSync, writeFileSync } = await import("node:fs");
  const text = readFileSync(place.place.config, "utf8");
  writeFileSync(place.place.config, text.replace(place.scim.url, url));
  const { status, err } = await place.run("check");
  expect(status).toBe(2);
  expect(err).toContain(words);
});

test("an address of the link itself is never asked", async () => {
  place.configure();
  const { readFileSync, writeFileSync } = await import("node:fs");
  const text = readFileSync(place.place.config, "utf8");
  writeFileSync(place.place.config, text.replace(place.scim.url, "http://169.254.169.254/scim"));
  const check = await place.run("apps", "check", "dx", "--json");
  expect(JSON.parse(check.out)).toMatchObject({ ok: false, code: "app.address" });
});
