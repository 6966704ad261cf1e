/** What is known of an app is never more than it said: a doubt stays one until the app ends it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppPlace, type PushDocument } from "../support/app-place.ts";
import { refusal, type ScimRequest } from "../support/scripted-scim.ts";

let place: AppPlace;
beforeEach(async () => {
  place = await AppPlace.create("postgres");
});
afterEach(async () => {
  await place.remove();
});

/** Bob stays, so that the directory is never empty. */
const both = { people: ["ada", "bob"] };
const withoutAda = { people: ["bob"] };
const ADA = "ada@example.org";

/** An app that does not keep whose its accounts are. */
function forgetsOwnIds({ body }: ScimRequest): void {
  delete body["externalId"];
}

function forgetting(request: ScimRequest): undefined {
  forgetsOwnIds(request);
  return undefined;
}

function without(safeguard: string): void {
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]
    ${safeguard}`);
}

test("a deactivation that was acknowledged and could not be looked at is in doubt", async () => {
  without("safeguard: off");
  await place.import(both);
  await place.push();
  let isDone = false;
  place.scim.hook = ({ method, path }) => {
    const id = path.split("/")[2] ?? "";
    if (method === "GET") return isDone ? { cut: "before" } : undefined;
    const user = place.scim.users.get(id);
    if (user === undefined) return undefined;
    isDone = true;
    place.scim.users.set(id, { ...user, active: false });
    return { status: 204 };
  };
  await place.import(withoutAda);
  await place.push();
  expect(place.scim.userNamed(ADA)).toMatchObject({ active: false });
  place.scim.hook = () => undefined;
  await place.import(both);
  await place.push();
  expect(place.scim.userNamed(ADA)).toMatchObject({ active: true });
});

test("a rename that was acknowledged without the account is looked at under its new name", async () => {
  place.scim.hook = (request) => {
    forgetsOwnIds(request);
    if (request.method !== "PUT") return undefined;
    const id = request.path.split("/")[2] ?? "";
    place.scim.users.set(id, { ...request.body, id });
    return { status: 200, body: "" };
  };
  await place.start({ people: ["ada"] });
  await place.push();
  await place.import({ people: ["ada"], ada: { mail: "lovelace@example.org" } });
  expect(await place.push()).toMatchObject({ status: "done", counts: { updated: 1, failed: 0 } });
  expect(place.scim.userNamed("lovelace@example.org")).toBeDefined();
  without("safeguard: off");
  await place.import({ people: ["bob"] });
  await place.push();
  expect(place.scim.userNamed("lovelace@example.org")).toMatchObject({ active: false });
});

describe("a leaver whom something in between calls absent is not taken for switched off", () => {
  test.each<[string, (request: ScimRequest) => boolean]>([
    ["at the change", ({ method, path }) => method !== "GET" && path.startsWith("/Users/")],
    ["at every look", ({ path }) => path.startsWith("/Users/")],
  ])("%s", async (_, isAnswered) => {
    without("safeguard: off");
    place.scim.hook = forgetting;
    await place.import(both);
    await place.push();
    place.scim.hook = (request) => {
      forgetsOwnIds(request);
      return isAnswered(request) ? refusal(404, "no such path") : undefined;
    };
    await place.import(withoutAda);
    const push = await place.push();
    expect(push.counts).toMatchObject({ deactivated: 0 });
    place.scim.hook = forgetting;
    await place.run("tasks", "retry", "--app", "dx");
    expect(place.scim.userNamed(ADA)).toMatchObject({ active: false });
  });
});

test("whose count begins anew later is no app that asks to be left alone", async () => {
  without("");
  place.scim.hook = ({ method, body }) =>
    method === "POST" && body["userName"] === ADA
      ? {
          ...refusal(400, "title is too long"),
          headers: { "ratelimit-remaining": "998", "ratelimit-reset": "870" },
        }
      : undefined;
  await place.import({ people: ["ada", "bob", "carl"] });
  expect(await place.push()).toMatchObject({
    status: "done",
    counts: { created: 2, failed: 1 },
  });
});

test("a push that was shown for another address is not carried out at this one", async () => {
  const people = Array.from({ length: 120 }, (_, i) => `p${i}`);
  await place.start({ people });
  await place.push();
  await place.import({ people: people.slice(0, 60) });
  const held = await place.run("push", "dx", "--json");
  const { run, status } = JSON.parse(held.out) as PushDocument;
  expect(status).toBe("held");
  place.target = { url: place.scim.url.replace("127.0.0.1", "localhost"), token: "x" };
  place.configure();
  place.scim.forget();
  const approved = await place.run("pushes", "approve", run);
  expect(approved.status).toBe(1);
  expect(approved.err).toMatch(/app\.moved/);
  expect(place.scim.requests).toEqual([]);
  expect(await place.json("pushes", "show", run)).toMatchObject({ status: "held" });
});

test("whoever was made and changed by one push is off after it was put back, and known to be", async () => {
  const manager = { manager: "uid=bob,ou=people,dc=example,dc=org" };
  await place.start({ people: ["ada", "bob"], ada: manager });
  const { run } = await place.push();
  await place.json<PushDocument>("pushes", "revert", run);
  expect([...place.scim.users.values()].map((one) => one["active"])).toEqual([false, false]);
  await place.run("tasks", "retry", "--app", "dx");
  expect([...place.scim.users.values()].map((one) => one["active"])).toEqual([true, true]);
});
