/** Against the receiver of SAML Jackson, which is like WorkOS's: it answers 200 to nearly everything. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppPlace } from "../support/app-place.ts";
import { JacksonScim } from "../support/jackson-scim.ts";

/** Where it is installed; `npm run test:jackson` does that. */
const FOLDER = process.env["ROLLCALL_JACKSON"];
const APP = `
    preset: workos
    provisioning: { create: true, update: true, deactivate: true }
    safeguard: off
    assign: [everyone]`;

describe.runIf(FOLDER !== undefined)("SAML Jackson", () => {
  let place: AppPlace;
  let jackson: JacksonScim;
  beforeEach(async () => {
    place = await AppPlace.create("postgres");
    jackson = await JacksonScim.start(FOLDER ?? "");
    place.target = { url: jackson.url, token: jackson.token };
    place.configure(APP);
  });
  afterEach(async () => {
    await place.remove();
    await jackson[Symbol.asyncDispose]();
  });

  const told = (): string[] =>
    jackson.events.map(({ event, data }) => `${event} ${data.email ?? data.name}`);

  test("check finds a list, although it declares nothing", async () => {
    const { status, out, err } = await place.run("apps", "check", "dx");
    expect(status, out + err).toBe(0);
  });

  test("everybody is made once, changed, switched off and on again, and the product is told of each", async () => {
    await place.import({ people: ["ada", "bob"] });
    expect((await place.push()).counts).toMatchObject({ created: 2, failed: 0 });
    expect(told().toSorted()).toEqual([
      "user.created ada@example.org",
      "user.created bob@example.org",
    ]);
    await place.import({ people: ["ada", "bob"], ada: { sn: "Lovelace" } });
    expect((await place.push()).counts).toMatchObject({ updated: 1, failed: 0 });
    expect(jackson.userNamed("ada@example.org")).toMatchObject({
      last_name: "Lovelace",
      active: true,
    });
    await place.import({ people: ["ada"] });
    expect((await place.push()).counts).toMatchObject({ deactivated: 1, failed: 0 });
    expect(jackson.userNamed("bob@example.org")).toMatchObject({ active: false });
    await place.import({ people: ["ada", "bob"] });
    expect((await place.push()).counts).toMatchObject({ failed: 0, deactivated: 0 });
    expect(jackson.userNamed("bob@example.org")).toMatchObject({ active: true });
    expect(told().filter((one) => one.startsWith("user.created"))).toHaveLength(2);
  });

  test("a push that finds nothing new writes nothing", async () => {
    await place.import({ people: ["ada"] });
    await place.push();
    jackson.requests.length = 0;
    expect((await place.push()).counts).toMatchObject({ unchanged: 1 });
    const forced = await place.json<{ counts: Record<string, number> }>("force-sync", "dx");
    expect(forced.counts).toMatchObject({ updated: 0, failed: 0 });
    expect(jackson.requests.filter((one) => !one.startsWith("GET"))).toEqual([]);
  });

  test("whoever is there already is taken over, and not made a second time", async () => {
    await place.import({ people: ["ada"] });
    await place.push();
    // Another Rollcall, which knows nothing of the first one.
    const other = await AppPlace.create("postgres");
    other.target = place.target;
    other.configure(APP);
    await other.import({ people: ["ada"], ada: { title: "Countess" } });
    expect((await other.push()).counts).toMatchObject({ adopted: 1, created: 0, failed: 0 });
    await other.remove();
    expect(told().filter((one) => one.startsWith("user.created"))).toHaveLength(1);
  });

  test("groups are pushed with their members, of which it shows none", async () => {
    const group = `dn: cn=Staff,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: Staff
entryUUID: g-staff
member: uid=ada,ou=people,dc=example,dc=org
`;
    place.configure(`${APP}
    pushGroups: [{ directory: corp, name: Staff }]`);
    await place.import({ people: ["ada"], groups: [group] });
    expect((await place.push()).counts).toMatchObject({ created: 1, failed: 0 });
    expect(told()).toContain("group.created Staff");
    expect(told()).toContain("group.user_added ada@example.org");
    jackson.events.length = 0;
    await place.push();
    expect(told()).toEqual([]);
  });
});
