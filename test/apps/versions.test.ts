/** Versions of resources (ETags, RFC 7644 3.14): nobody's change is written over. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppPlace } from "../support/app-place.ts";

let place: AppPlace;
beforeEach(async () => {
  place = await AppPlace.create("postgres");
  place.scim.hasVersions = true;
});
afterEach(() => place.remove());

const changes = () => place.scim.requests.filter(({ method }) => method === "PUT");

async function pushed(): Promise<void> {
  await place.start({ people: ["ada"], ada: { title: "Countess" } });
  // The check learns what the server declares.
  expect((await place.run("apps", "check", "dx")).status).toBe(0);
  expect((await place.push()).counts).toMatchObject({ created: 1, failed: 0 });
  await place.import({ people: ["ada"], ada: { title: "Engineer" } });
}

test("a change is sent for the version that was read", async () => {
  await pushed();
  expect((await place.push()).counts).toMatchObject({ updated: 1, failed: 0 });
  expect(changes().map(({ headers }) => headers["if-match"])).toEqual([
    expect.stringMatching(/^W\/"[0-9a-f]{40}"$/),
  ]);
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ title: "Engineer" });
});

test("somebody else's change in between is read, and stays", async () => {
  await pushed();
  let isFirst = true;
  place.scim.hook = ({ method }) => {
    if (method === "PUT" && isFirst) {
      isFirst = false;
      const ada = place.scim.userNamed("ada@example.org");
      if (ada !== undefined) place.scim.users.set(ada.id, { ...ada, colour: "red" });
    }
    return undefined;
  };
  expect((await place.push()).counts).toMatchObject({ updated: 1, failed: 0 });
  expect(changes().length).toBe(2);
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({
    title: "Engineer",
    colour: "red",
  });
});

test("one that changes without an end is left for later, as it is", async () => {
  await pushed();
  let colour = 0;
  place.scim.hook = ({ method }) => {
    const ada = place.scim.userNamed("ada@example.org");
    if (method === "PUT" && ada !== undefined)
      place.scim.users.set(ada.id, { ...ada, colour: colour++ });
    return undefined;
  };
  expect((await place.push()).counts).toMatchObject({ updated: 0, failed: 1 });
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ title: "Countess" });
  place.scim.hook = () => undefined;
  expect((await place.push()).counts).toMatchObject({ updated: 1, failed: 0 });
});
