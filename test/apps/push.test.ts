/** Pushes by commands, against a scripted server: who gets an account, with which values, and what stays. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppPlace, type PushDocument } from "../support/app-place.ts";
import { DATABASES } from "../support/rollcall.ts";
import { refusal } from "../support/scripted-scim.ts";

describe.each(DATABASES)("a push, %s", (kind) => {
  let place: AppPlace;
  beforeEach(async () => {
    place = await AppPlace.create(kind);
  });
  afterEach(async () => {
    await place.remove();
  });

  test("creates an account for everybody who is assigned, once, and then asks for nothing", async () => {
    await place.start({ people: ["ada", "bob", "cyd"] });
    const push = await place.push();
    expect(push).toMatchObject({
      kind: "push",
      app: "dx",
      status: "done",
      counts: { assigned: 3, created: 3, updated: 0, unchanged: 0, failed: 0 },
    });
    const { users } = place.scim;
    expect(users.size).toBe(3);
    expect(place.scim.userNamed("ada@example.org")).toMatchObject({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
      name: { givenName: "ada", familyName: "Test" },
      emails: [{ type: "work", primary: true, value: "ada@example.org" }],
      active: true,
    });
    place.scim.forget();
    expect((await place.push()).counts).toMatchObject({ created: 0, unchanged: 3 });
    expect(place.scim.requests).toEqual([]);
  });

  test("sends what changed, and switches off who left", async () => {
    await place.start({ people: ["ada", "bob"] });
    await place.push();
    await place.import({ people: ["ada"], ada: { sn: "Lovelace" } });
    const push = await place.push();
    expect(push.counts).toMatchObject({ updated: 1, deactivated: 1, created: 0 });
    expect(place.scim.userNamed("ada@example.org")).toMatchObject({
      name: { familyName: "Lovelace" },
    });
    expect(place.scim.userNamed("bob@example.org")?.["active"]).toBe(false);
    const assignments = await place.assignments();
    expect(assignments.get("ada@example.org")).toMatchObject({
      by: { kind: "everyone" },
      syncState: "SYNCHRONIZED",
      status: "active",
    });
  });

  test("one account that is refused is one task, with the app's own words; others go on", async () => {
    await place.start({ people: ["ada", "bob"] });
    place.scim.hook = ({ method, body }) =>
      method === "POST" && body["userName"] === "ada@example.org"
        ? refusal(400, "family names of four letters are not allowed")
        : undefined;
    expect((await place.push()).counts).toMatchObject({ created: 1, failed: 1 });
    const [task, ...others] = await place.json<Task[]>("tasks");
    expect(others).toEqual([]);
    expect(task).toMatchObject({
      app: "dx",
      login: "ada@example.org",
      error: {
        code: "app.refused",
        appSaid: "family names of four letters are not allowed",
      },
    });
    place.scim.forget();
    await place.push();
    expect(place.scim.writes).toEqual([]);
    place.scim.hook = () => undefined;
    const retried = await place.json<PushDocument>("tasks", "retry", task?.id ?? "");
    expect(retried.counts).toMatchObject({ created: 1 });
    expect(await place.json<Task[]>("tasks")).toEqual([]);
    expect(place.scim.users.size).toBe(2);
  });
});

interface Task {
  readonly id: string;
}
