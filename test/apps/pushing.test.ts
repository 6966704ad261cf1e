/** What a push sends and when: places, managers, what is given once, what is held, what is shown first. */
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { openStore } from "../../src/store/database.ts";
import { AppPlace, type PushDocument } from "../support/app-place.ts";
import type { Hook } from "../support/scripted-scim.ts";

let place: AppPlace;
beforeEach(async () => {
  place = await AppPlace.create("postgres");
});
afterEach(async () => {
  await place.remove();
});

const ON = "provisioning: { create: true, update: true, deactivate: true }";
const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const dn = (name: string): string => `uid=${name},ou=people,dc=example,dc=org`;
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `p${i}`);

test("managers go out as the app's own ids, in a second pass where they came later", async () => {
  await place.start({
    people: ["ada", "bob", "cyd"],
    ada: { manager: dn("bob") },
    bob: { manager: dn("cyd") },
    cyd: { manager: dn("nobody") },
  });
  await place.push();
  const managerOf = (name: string): unknown => {
    const user = place.scim.userNamed(`${name}@example.org`);
    return (user?.[ENTERPRISE] as { manager?: { value: string } } | undefined)?.manager?.value;
  };
  expect(managerOf("ada")).toBe(place.scim.userNamed("bob@example.org")?.id);
  expect(managerOf("bob")).toBe(place.scim.userNamed("cyd@example.org")?.id);
  expect(managerOf("cyd")).toBeUndefined();
  place.scim.forget();
  await place.push();
  expect(place.scim.writes).toEqual([]);
});

test("custom attributes go where their external name and namespace say, named in schemas", async () => {
  place.configure(`
    ${ON}
    assign: [everyone]
    attributes:
      badge: { externalName: badge.number, externalNamespace: "urn:example:badges:1.0" }
      team: { externalName: team, externalNamespace: "urn:ietf:params:scim:schemas:core:2.0:User" }
      pager: { externalName: "phoneNumbers.^[type==pager].value", externalNamespace: "urn:ietf:params:scim:schemas:core:2.0:User" }
    toApp:
      badge: user.costCenter
      team: { expression: user.department, apply: create }
      pager: '"555"'
      title:`);
  await place.import({
    people: ["ada"],
    ada: { carLicense: "B-7", departmentNumber: "Sales", title: "Countess" },
  });
  await place.push();
  const user = place.scim.userNamed("ada@example.org");
  expect(user).toMatchObject({
    "urn:example:badges:1.0": { badge: { number: "B-7" } },
    team: "Sales",
    phoneNumbers: [{ type: "pager", value: "555" }],
  });
  expect(user?.["schemas"]).toContain("urn:example:badges:1.0");
  expect(user).not.toHaveProperty("title");
  // Given on creation only.
  await place.import({ people: ["ada"], ada: { carLicense: "B-8", departmentNumber: "Legal" } });
  expect((await place.push()).counts).toMatchObject({ updated: 1 });
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({
    "urn:example:badges:1.0": { badge: { number: "B-8" } },
    team: "Sales",
  });
});

test("after an attribute goes somewhere else, everybody who has it is sent once", async () => {
  const configure = (namespace: string): void =>
    place.configure(`
    ${ON}
    assign: [everyone]
    attributes:
      cost: { externalName: costCode, externalNamespace: "${namespace}" }
    toApp: { cost: user.costCenter }`);
  configure("urn:wrong");
  await place.import({ people: ["ada", "bob"], ada: { carLicense: "7" } });
  await place.push();
  configure("urn:ietf:params:scim:schemas:core:2.0:User");
  const synced = await place.json<PushDocument>("force-sync", "dx");
  expect(synced).toMatchObject({ kind: "push", app: "dx", counts: { updated: 1, unchanged: 1 } });
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ costCode: "7" });
  place.scim.forget();
  await place.json("force-sync", "dx");
  expect(place.scim.writes).toEqual([]);
});

test("a value that is gone is taken away only where it was ours", async () => {
  place.scim.addUser({ userName: "ada@example.org", title: "Their own" });
  await place.start({ people: ["ada", "bob"], bob: { title: "Ours" } });
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ title: "Their own" });
  await place.import({ people: ["ada", "bob"] });
  await place.push();
  expect(place.scim.userNamed("bob@example.org")).not.toHaveProperty("title");
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ title: "Their own" });
});

test("a dry run shows everything and writes nothing, here or there", async () => {
  await place.start({ people: ["ada", "bob"] });
  const dry = await place.push("--dry-run");
  expect(dry).toMatchObject({ dryRun: true, status: "done", counts: { created: 2, assigned: 2 } });
  expect(place.scim.writes).toEqual([]);
  expect(await place.assignments()).toEqual(new Map());
  const shown = await place.json<PushDocument>("pushes", "show", dry.run);
  const rows = (shown.changes ?? []).map(({ action, login, applied }) => ({
    action,
    login,
    applied,
  }));
  expect(new Set(rows)).toEqual(
    new Set([
      { action: "created", login: "ada@example.org", applied: false },
      { action: "created", login: "bob@example.org", applied: false },
    ]),
  );
  expect((await place.push()).counts).toMatchObject({ created: 2 });
});

test("mass deprovisioning is held with the people, sent when it is approved, dropped when it is cancelled", async () => {
  await place.start({ people: many(120) });
  await place.push();
  await place.import({ people: many(60) });
  place.scim.forget();
  const held = await place.run("push", "dx", "--json");
  expect(held.status).toBe(3);
  const document = JSON.parse(held.out) as PushDocument;
  expect(document).toMatchObject({
    status: "held",
    held: { level: "app", of: "deactivations", removals: 60, total: 120 },
  });
  expect(place.scim.writes).toEqual([]);
  const { run } = document;
  const counted = await place.json<PushDocument>(
    "pushes",
    "show",
    run,
    "--counted",
    "--limit",
    "100",
  );
  expect(counted.changes?.length).toBe(60);
  const cancelled = await place.json<PushDocument>("pushes", "cancel", run);
  expect(cancelled.status).toBe("cancelled");
  expect((await place.run("pushes", "approve", run)).status).toBe(1);
  const again = await place.push();
  expect(again.status).toBe("held");
  // One of them comes back before anybody decides.
  await place.import({ people: many(61) });
  const approved = await place.json<PushDocument>("pushes", "approve", again.run);
  expect(approved).toMatchObject({ status: "done", counts: { deactivated: 59, skipped: 1 } });
  const active = [...place.scim.users.values()].filter((user) => user["active"] === true);
  expect(active.length).toBe(61);
});

test("mass deprovisioning in slices is held as one", async () => {
  await place.start({ people: many(120) });
  await place.push();
  let left = 120;
  let held = false;
  for (let i = 0; i < 8 && !held; i++) {
    await place.import({ people: many((left -= 5)) });
    held = (await place.push()).status === "held";
  }
  expect(held).toBe(true);
  // Also one by one.
  const alone: string[] = [];
  for (let i = 0; i < 5; i++)
    alone.push((await place.push("--user", `p${left + i}@example.org`)).status);
  expect(alone).toEqual(["done", "done", "done", "done", "held"]);
  const active = [...place.scim.users.values()].filter((user) => user["active"] === true);
  expect(active.length).toBeGreaterThanOrEqual(96);
});

test("a mass change is held, creations are not", async () => {
  place.configure(`
    ${ON}
    assign: [everyone]
    safeguard: { minimum: 10 }`);
  await place.import({ people: many(20) });
  expect((await place.push()).counts).toMatchObject({ created: 20 });
  place.configure(`
    ${ON}
    assign: [everyone]
    safeguard: { minimum: 10 }
    toApp: { nickName: user.lastName }`);
  expect(await place.push()).toMatchObject({ status: "held", held: { of: "updates" } });
  place.configure(`
    ${ON}
    assign: [everyone]
    safeguard: off
    toApp: { nickName: user.lastName }`);
  expect((await place.push()).counts).toMatchObject({ updated: 20 });
});

test("one person can be pushed alone", async () => {
  await place.start({ people: ["ada", "bob"] });
  expect((await place.push("--user", "bob@example.org")).counts).toMatchObject({ created: 1 });
  expect([...place.scim.users.values()].map((user) => user["userName"])).toEqual([
    "bob@example.org",
  ]);
});

test("a push that is put back leaves the accounts as they were before, and the app paused", async () => {
  await place.start({ people: ["ada", "bob"], ada: { title: "Countess" } });
  await place.push();
  await place.import({ people: ["ada", "cyd"], ada: { title: "Engineer", sn: "Lovelace" } });
  const { run } = await place.push();
  place.scim.forget();
  const dry = await place.json<PushDocument>("pushes", "revert", run, "--dry-run");
  expect(dry.counts).toMatchObject({ updated: 2, deactivated: 1 });
  expect(place.scim.writes).toEqual([]);
  const reverted = await place.json<PushDocument>("pushes", "revert", run);
  expect(reverted).toMatchObject({ kind: "revert", status: "done" });
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({
    title: "Countess",
    name: { familyName: "Test" },
  });
  expect(place.scim.userNamed("bob@example.org")?.["active"]).toBe(true);
  expect(place.scim.userNamed("cyd@example.org")?.["active"]).toBe(false);
  expect(await place.json("apps", "show", "dx")).toMatchObject({
    paused: { code: "push.reverted" },
  });
});

/** Twelve accounts are made by a push, in an app that more than two may not be taken from at once. */
async function twelvePushed() {
  const people = Array.from({ length: 12 }, (_, i) => `p${i}`);
  place.app = `
    ${ON}
    assign: [everyone]
    safeguard: { percent: 20, minimum: 5 }`;
  await place.start({ people });
  const { run } = await place.push();
  return { people, run };
}

test("putting back that would take much away waits for a decision, and then does what was shown", async () => {
  const { people, run } = await twelvePushed();
  place.scim.forget();
  const dry = await place.json<PushDocument>("pushes", "revert", run, "--dry-run");
  expect(dry).toMatchObject({ counts: { deactivated: 12 }, held: { of: "deactivations" } });
  const held = await place.json<PushDocument>("pushes", "revert", run);
  expect(held).toMatchObject({ kind: "revert", status: "held", counts: { deactivated: 12 } });
  expect(held.held).toMatchObject({ of: "deactivations", removals: 12, total: 12 });
  const shown = await place.json<PushDocument>("pushes", "show", held.run, "--counted");
  expect(shown.changes).toHaveLength(12);
  expect(place.scim.writes).toEqual([]);
  // While it waits, nothing is pushed by itself, and no paused app was made of it.
  expect((await place.json<{ paused: unknown }>("apps", "show", "dx")).paused).toBeNull();
  const approved = await place.json<PushDocument>("pushes", "approve", held.run);
  expect(approved).toMatchObject({ status: "done", counts: { deactivated: 12, failed: 0 } });
  for (const name of people)
    expect(place.scim.userNamed(`${name}@example.org`)).toMatchObject({ active: false });
  expect(await place.json("apps", "show", "dx")).toMatchObject({
    paused: { code: "push.reverted" },
  });
  const again = await place.run("pushes", "approve", held.run);
  expect(again.err).toContain("run.notHeld");
});

test("putting back does what its dry run says, also of whoever was made and then changed", async () => {
  await place.start({ people: ["ada", "bob"], ada: { manager: dn("bob") } });
  const { run } = await place.push();
  const { changes = [] } = await place.json<PushDocument>("pushes", "show", run);
  expect(changes.map(({ action }) => action)).toEqual(["created", "created", "updated"]);
  const dry = await place.json<PushDocument>("pushes", "revert", run, "--dry-run");
  const real = await place.json<PushDocument>("pushes", "revert", run);
  expect(real.counts).toEqual(dry.counts);
  expect(real.counts).toMatchObject({ deactivated: 2, updated: 0 });
});

test("what putting back could not switch off is switched off when it is repeated", async () => {
  await place.start({ people: ["ada", "bob"] });
  const { run } = await place.push();
  const ada = place.scim.userNamed("ada@example.org");
  place.scim.hook = ({ method, path }) =>
    method !== "GET" && path.endsWith(`/${ada?.id}`)
      ? { status: 503, body: { detail: "not now" } }
      : undefined;
  const first = await place.json<PushDocument>("pushes", "revert", run);
  expect(first.counts).toMatchObject({ deactivated: 1, failed: 1 });
  place.scim.hook = () => undefined;
  const second = await place.json<PushDocument>("pushes", "revert", run);
  expect(second.counts).toMatchObject({ deactivated: 1, failed: 0 });
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: false });
});

test("a held putting back can be dropped, and a later one takes its place", async () => {
  const { people, run } = await twelvePushed();
  const first = await place.json<PushDocument>("pushes", "revert", run);
  const second = await place.json<PushDocument>("pushes", "revert", run);
  const statusOf = async (id: string) =>
    (await place.json<PushDocument>("pushes", "show", id)).status;
  expect([await statusOf(first.run), await statusOf(second.run)]).toEqual(["cancelled", "held"]);
  await place.run("pushes", "cancel", second.run);
  expect(await statusOf(second.run)).toBe("cancelled");
  for (const name of people)
    expect(place.scim.userNamed(`${name}@example.org`)).toMatchObject({ active: true });
});

test("an account that was taken over gets what it had before, and is off again if it was off", async () => {
  const active = false;
  place.scim.addUser({ userName: "ada@example.org", title: "Owner", nickName: "own", active });
  place.scim.addUser({ userName: "bob@example.org", title: "Clerk" });
  await place.start({
    people: ["ada", "bob"],
    ada: { title: "Countess" },
    bob: { title: "Baker" },
  });
  const { run, counts } = await place.push();
  expect(counts).toMatchObject({ adopted: 2, created: 0, unchanged: 0 });
  const { changes } = await place.json<PushDocument>("pushes", "show", run);
  const bob = changes?.find((one) => one["login"] === "bob@example.org");
  expect(bob).toMatchObject({ action: "adopted" });
  expect(bob?.["changes"]).toContainEqual({
    attribute: "title",
    from: "Clerk",
    to: "Baker",
    wasTheirs: true,
  });
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({
    active: true,
    title: "Countess",
  });
  const reverted = await place.json<PushDocument>("pushes", "revert", run);
  expect(reverted.counts).toMatchObject({ updated: 1, deactivated: 1, failed: 0 });
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({
    active: false,
    title: "Owner",
    nickName: "own",
  });
  expect(place.scim.userNamed("bob@example.org")).toMatchObject({ active: true, title: "Clerk" });
  expect(place.scim.userNamed("bob@example.org")?.["displayName"]).toBeUndefined();
});

/** Refuses every change of a title to this one. */
const refusing =
  (title: string, status: number): Hook =>
  ({ method, body }) =>
    method === "PUT" && body["title"] === title
      ? { status, body: { detail: "not now" } }
      : undefined;

test("what a push did until it failed is put back, too, and values that a later one changed are the app's", async () => {
  place.scim.addUser({ userName: "ada@example.org", title: "Owner", active: false });
  await place.start({ people: ["ada"], ada: { title: "Countess" } });
  place.scim.hook = refusing("Countess", 400);
  const first = await place.push();
  expect(first.counts).toMatchObject({ failed: 1 });
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: true, title: "Owner" });
  const back = await place.json<PushDocument>("pushes", "revert", first.run);
  expect(back.counts).toMatchObject({ deactivated: 1, failed: 0 });
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: false, title: "Owner" });
  place.scim.hook = () => undefined;
  await place.run("tasks", "retry", "--app", "dx");
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({
    active: true,
    title: "Countess",
  });
  const pushes = await place.json<PushDocument[]>("pushes", "list");
  const last = pushes.find(({ kind, status }) => kind === "push" && status === "done");
  await place.json<PushDocument>("pushes", "revert", last?.run ?? "");
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: false, title: "Owner" });
});

test("what a push failed to do is not done by putting it back", async () => {
  await place.start({ people: ["ada", "bob"], ada: { title: "Countess" } });
  await place.push();
  place.app = `
    ${ON}
    assign: [{ when: 'user.login == "nobody@example.org"' }]
    safeguard: off`;
  place.configure();
  const ada = place.scim.userNamed("ada@example.org");
  place.scim.hook = ({ method, path }) =>
    method === "PUT" && path.endsWith(`/${ada?.id}`)
      ? { status: 400, body: { detail: "not now" } }
      : undefined;
  const { run, counts } = await place.push();
  expect(counts).toMatchObject({ deactivated: 1, failed: 1 });
  place.scim.hook = () => undefined;
  const back = await place.json<PushDocument>("pushes", "revert", run);
  expect(back.counts).toMatchObject({ updated: 1, deactivated: 0, failed: 0 });
  for (const name of ["ada", "bob"])
    expect(place.scim.userNamed(`${name}@example.org`)).toMatchObject({ active: true });
});

test("what was taken away by a later push is not given back by putting back an earlier one", async () => {
  await place.start({ people: ["ada"], ada: { title: "Clerk" } });
  await place.push();
  await place.import({ people: ["ada"], ada: { title: "Baker" } });
  const { run } = await place.push();
  await place.import({ people: ["ada"] });
  await place.push();
  expect(place.scim.userNamed("ada@example.org")?.["title"]).toBeUndefined();
  const back = await place.json<PushDocument>("pushes", "revert", run);
  expect(back.counts).toMatchObject({ updated: 0, skipped: 1 });
  expect(place.scim.userNamed("ada@example.org")?.["title"]).toBeUndefined();
});

test("what was ours before is ours again when it was put back", async () => {
  await place.start({ people: ["ada"], ada: { title: "Clerk" } });
  await place.push();
  await place.import({ people: ["ada"], ada: { title: "Baker" } });
  const { run } = await place.push();
  await place.json<PushDocument>("pushes", "revert", run);
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ title: "Clerk" });
  await place.import({ people: ["ada"] });
  await place.run("tasks", "retry", "--app", "dx");
  expect(place.scim.userNamed("ada@example.org")?.["title"]).toBeUndefined();
});

test("accounts that belong to nobody are listed, and all of them can be kept before the first push", async () => {
  for (let i = 0; i < 230; i++) place.scim.addUser({ userName: `old${i}`, title: `=cmd(${i})` });
  await place.start({ people: ["ada"] });
  await place.push();
  const lines = (out: string): string[] => out.split("\n").filter(Boolean);
  expect(lines((await place.run("apps", "export", "dx", "--json")).out).length).toBe(231);
  expect(lines((await place.run("apps", "unknown", "dx", "--json")).out).length).toBe(230);
  const csv = (await place.run("apps", "export", "dx")).out;
  expect(csv).toContain("ada@example.org");
  expect(csv.split("\r\n").length).toBe(233);
});

test("what a push would do is shown for one person and for all", async () => {
  await place.start({ people: ["ada", "bob"], ada: { departmentNumber: "Sales" } });
  const person = await place.json("apps", "preview", "dx", "--user", "ada@example.org");
  expect(person).toMatchObject({ decision: "find", assigned: { kind: "everyone" } });
  expect(person["attributes"]).toContainEqual({
    attribute: "department",
    expression: "user.department",
    inputs: [{ name: "user.department", value: "Sales" }],
    value: "Sales",
    externalName: "department",
    externalNamespace: ENTERPRISE,
    acknowledged: null,
  });
  const requests = person["requests"] as { method: string; path: string }[];
  expect(requests.map(({ method }) => method)).toEqual(["GET", "GET", "GET", "POST"]);
  expect(await place.json("apps", "preview", "dx")).toMatchObject({ assigned: 2, created: 2 });
  const tried = await place.json(
    "apps",
    "preview",
    "dx",
    "--user",
    "ada@example.org",
    "--attribute",
    "title",
    "--expression",
    "String.toUpperCase(user.department)",
  );
  expect(tried["attributes"]).toMatchObject([{ attribute: "title", value: "SALES" }]);
  expect(place.scim.requests).toEqual([]);
});

test("events tell of assignment, creation, change and switching off under Okta's names", async () => {
  await place.start({ people: ["ada"] });
  await place.push();
  await place.import({ people: ["ada"], ada: { sn: "Lovelace" } });
  await place.push();
  await place.run("users", "deactivate", "ada@example.org");
  await place.push();
  const events = await place.place.events(
    'target.type eq "User" and target.alternateId eq "ada@example.org"',
  );
  const types = events.map((event) => event.eventType).filter((type) => type.startsWith("app"));
  expect(types.toSorted()).toEqual([
    "app.user_management.push_new_user_success",
    "application.provision.user.deactivate",
    "application.provision.user.push",
    "application.provision.user.push_profile",
    "application.user_membership.add",
  ]);
});

test("behind people whom the database does not let send, nobody is sent; the next push sends all who are left", async () => {
  place.configure(`
    ${ON}
    assign: [everyone]
    safeguard: off`);
  const all = many(1100);
  await place.import({ people: all });
  await using store = await openStore({
    url: new Secret(place.place.databaseUrl ?? ""),
    directory: "",
  });
  const broken: Promise<unknown>[] = [];
  const refuse = async (): Promise<void> => {
    // Of the second five hundred, whose page is prepared while the first ones are sent.
    const { rows } = await sql<{ id: string }>`select user_id as id from push_changes
      order by seq offset 700 limit 1`.execute(store.db);
    await sql
      .raw(
        `create function refuse() returns trigger language plpgsql as $$ begin
          if new.user_id = '${rows[0]?.id}' then raise exception 'not now'; end if; return new; end $$;
        create trigger refuse before insert or update on accounts
          for each row execute function refuse()`,
      )
      .execute(store.db);
  };
  place.scim.hook = () => {
    if (broken.length === 0) broken.push(refuse());
    return undefined;
  };
  expect(await place.place.run("push", "dx")).toMatchObject({ status: 1 });
  await Promise.all(broken);
  expect(place.scim.users.size).toBe(500);
  place.scim.hook = () => undefined;
  await sql`drop trigger refuse on accounts`.execute(store.db);
  expect((await place.push()).counts).toMatchObject({ created: 600 });
  expect(place.scim.users.size).toBe(all.length);
});
