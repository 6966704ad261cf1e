/** Groups that are pushed: one creation, then what differs, in chunks; nothing of others is touched. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppPlace } from "../support/app-place.ts";
import { refusal, type ScimRequest } from "../support/scripted-scim.ts";

let place: AppPlace;
beforeEach(async () => {
  place = await AppPlace.create("postgres");
});
afterEach(async () => {
  await place.remove();
});

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: readonly { readonly value: string }[];
}

function group(name: string, members: readonly string[], id = name): string {
  const lines = members.map((one) => `member: uid=${one},ou=people,dc=example,dc=org`);
  const head = [`dn: cn=${name},ou=groups,dc=example,dc=org`, "objectClass: groupOfNames"];
  return `\n${[...head, `entryUUID: group-${id}`, `cn: ${name}`, ...lines].join("\n")}\n`;
}
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `p${i}`);
const operationsOf = ({ body }: ScimRequest): Operation[] => body["Operations"] as Operation[];
const patches = (): ScimRequest[] =>
  place.scim.writes.filter(({ method, path }) => method === "PATCH" && path.startsWith("/Groups"));

function configure(more = ""): void {
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]
    safeguard: off
    pushGroups: [{ directory: corp, name: Eng, as: eng }]
    ${more}`);
}

function members(): number {
  return [...place.scim.groups.values()].flatMap((one) => one["members"] as unknown[]).length;
}

test("a group is one POST, then its members in chunks, then only what differs", async () => {
  configure();
  await place.import({ people: many(250), groups: [group("Eng", many(230))] });
  await place.push();
  const posts = place.scim.writes.filter(
    ({ path, method }) => path === "/Groups" && method === "POST",
  );
  expect(posts.map(({ body }) => [body["displayName"], body["members"]])).toEqual([["eng", []]]);
  const sizes = patches().map((one) => operationsOf(one)[0]?.value?.length);
  expect(sizes).toEqual([100, 100, 30]);
  expect(members()).toBe(230);
  place.scim.forget();
  await place.push();
  expect(place.scim.requests).toEqual([]);
  await place.import({ people: many(250), groups: [group("Eng", [...many(229), "p240"])] });
  await place.push();
  expect(
    patches()
      .flatMap(operationsOf)
      .map(({ op }) => op),
  ).toEqual(["add", "remove"]);
  expect(members()).toBe(230);
});

test("members are told in full requests, however many people and groups there are", async () => {
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]
    safeguard: off
    pushGroups: [{ directory: corp, name: All }, { directory: corp, name: Odd }]`);
  const people = many(1150);
  const odd = people.filter((_, i) => i % 2 === 1);
  await place.import({ people, groups: [group("All", people), group("Odd", odd)] });
  await place.push();
  const sizes = new Map<string, number[]>();
  for (const patch of patches())
    for (const { value = [] } of operationsOf(patch))
      sizes.set(patch.path, [...(sizes.get(patch.path) ?? []), value.length]);
  const full = (count: number): number[] => Array.from({ length: count }, () => 100);
  const [all, some] = [...sizes.values()].toSorted((a, b) => b.length - a.length);
  expect(all).toEqual([...full(11), 50]);
  expect(some).toEqual([...full(5), 75]);
  expect(members()).toBe(1150 + 575);
  // Whoever has no account any more leaves their groups, also over several pages.
  place.configure(place.app.replace("[everyone]", "[]"));
  await place.push();
  expect([...place.scim.users.values()].filter((user) => user["active"] !== false)).toEqual([]);
  expect(members()).toBe(0);
});

test("a group that is renamed is renamed, and one that is no longer pushed stays there", async () => {
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]
    pushGroups: [{ directory: corp, name: Eng }]`);
  await place.import({ people: ["ada"], groups: [group("Eng", ["ada"], "1")] });
  await place.push();
  await place.import({ people: ["ada"], groups: [group("Engineering", ["ada"], "1")] });
  await place.push();
  expect([...place.scim.groups.values()]).toMatchObject([{ displayName: "Engineering" }]);
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]`);
  place.scim.forget();
  await place.push();
  expect(place.scim.writes).toEqual([]);
  expect(members()).toBe(1);
});

test("a group of this name that Rollcall did not make is not touched", async () => {
  place.scim.groups.set("g", { id: "g", displayName: "eng", members: [] });
  configure();
  await place.import({ people: ["ada"], groups: [group("Eng", ["ada"])] });
  await place.push();
  expect(patches()).toEqual([]);
  expect(await place.json("tasks")).toMatchObject([
    { what: "group", error: { code: "app.groupTaken" } },
  ]);
});

test("a group that is gone, or a directory that fails, takes no membership away", async () => {
  configure();
  await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["ada", "bob"])] });
  await place.push();
  await place.import({ people: ["ada", "bob"] });
  await place.push();
  expect(members()).toBe(2);
  expect(await place.json("tasks")).toMatchObject([{ error: { code: "app.groupUnreadable" } }]);
  await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["ada"])] });
  place.place.file("people.ldif", "broken");
  await place.run("import", "corp", "--full");
  await place.push();
  expect(members()).toBe(2);
  await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["ada"])] });
  await place.push();
  expect(members()).toBe(1);
  expect(await place.json("tasks")).toEqual([]);
});

test("one member whom the app refuses keeps nobody else out", async () => {
  configure();
  await place.import({ people: many(8), groups: [group("Eng", many(8))] });
  let bad = "";
  place.scim.hook = (request) => {
    if (request.method !== "PATCH" || !request.path.startsWith("/Groups")) return undefined;
    bad = place.scim.userNamed("p5@example.org")?.id ?? "";
    const isRefused = operationsOf(request).some((one) =>
      one.value?.some(({ value }) => value === bad),
    );
    return isRefused ? refusal(400, "members are invalid") : undefined;
  };
  await place.push();
  expect(members()).toBe(7);
  expect(await place.json("tasks")).toMatchObject([{ error: { code: "app.groupMembers" } }]);
});

test("mass removals of members are held", async () => {
  const app = (safeguard: string): void =>
    place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]
    safeguard: ${safeguard}
    pushGroups: [{ directory: corp, name: Eng }]`);
  app("{ minimum: 10 }");
  await place.import({ people: many(20), groups: [group("Eng", many(20))] });
  await place.push();
  await place.import({ people: many(20), groups: [group("Eng", many(5))] });
  const held = await place.push();
  expect(held).toMatchObject({ status: "held", held: { of: "memberships", removals: 15 } });
  expect(members()).toBe(20);
  expect((await place.json("pushes", "approve", held.run))["status"]).toBe("done");
  expect(members()).toBe(5);
});

test("a membership of which no answer was heard is taken away from whoever left meanwhile", async () => {
  configure();
  await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["ada", "bob"])] });
  const lost = (request: ScimRequest): { cut: "after" } | undefined =>
    request.method === "PATCH" ? { cut: "after" } : undefined;
  place.scim.hook = lost;
  await place.push();
  expect(members()).toBe(2);
  place.scim.hook = () => undefined;
  await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["ada"])] });
  await place.push();
  expect(members()).toBe(1);
  // And the other way: a removal that had its effect, of somebody who is back.
  place.scim.hook = lost;
  await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["bob"])] });
  await place.push();
  place.scim.hook = () => undefined;
  await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["ada", "bob"])] });
  await place.push();
  const values = [...place.scim.groups.values()].flatMap((one) =>
    (one["members"] as { value: string }[]).map(({ value }) => value),
  );
  expect(new Set(values).size).toBe(2);
});

test("whose account was made anew is told as a member again, and one that left is no trouble", async () => {
  configure();
  await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["ada", "bob"])] });
  await place.push();
  place.scim.users.clear();
  const [eng] = [...place.scim.groups.values()];
  if (eng !== undefined) place.scim.groups.set(eng.id, { ...eng, members: [] });
  const title = { title: "Countess" };
  await place.import({
    people: ["ada", "bob"],
    ada: title,
    bob: title,
    groups: [group("Eng", ["ada"])],
  });
  place.scim.forget();
  expect(await place.push()).toMatchObject({ status: "done" });
  expect(await place.push()).toMatchObject({ status: "done" });
  const ada = place.scim.userNamed("ada@example.org")?.id;
  expect([...place.scim.groups.values()].map((one) => one["members"])).toEqual([[{ value: ada }]]);
  expect(await place.json("tasks")).toEqual([]);
});

test.each([
  ["404", refusal(404, "no such path")],
  ["a page", { status: 200, body: "<html>maintenance</html>" }],
])(
  "a group that something in between calls absent (%s) keeps who is to leave it",
  async (_, said) => {
    configure();
    await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["ada", "bob"])] });
    await place.push();
    place.scim.hook = ({ path, method }) => {
      if (!/^\/Groups\/./.test(path)) return undefined;
      return method === "PATCH" ? refusal(404, "no such path") : said;
    };
    await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["ada"])] });
    await place.push();
    place.scim.hook = () => undefined;
    await place.push();
    expect(members()).toBe(1);
    expect(await place.json("tasks")).toEqual([]);
  },
);

test("a group may take the name of one that was pushed, and nothing is pushed twice", async () => {
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]
    pushGroups: [{ directory: corp, name: Eng }, { directory: corp, name: Ops }]`);
  await place.import({
    people: ["ada", "bob"],
    groups: [group("Eng", ["ada"], "1"), group("Ops", ["bob"], "2")],
  });
  await place.push();
  await place.import({ people: ["ada", "bob"], groups: [group("Eng", ["bob"], "2")] });
  expect(await place.push()).toMatchObject({ status: "done" });
  expect(await place.json("tasks")).toMatchObject([{ error: { code: "app.groupUnreadable" } }]);
});

/** Who is a member in the app, by login. */
function memberLogins(name: string): string[] {
  const found = [...place.scim.groups.values()].find((one) => one["displayName"] === name);
  const ids = ((found?.["members"] ?? []) as { value: string }[]).map(({ value }) => value);
  return ids
    .map((id) => String(place.scim.users.get(id)?.["userName"]).replace(/@.*/, ""))
    .toSorted();
}

function pushing(safeguard: string, ...names: readonly string[]): void {
  const groups = names.map((name) => `{ directory: corp, name: ${name} }`).join(", ");
  place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]
    safeguard: ${safeguard}
    pushGroups: [${groups}]`);
}

/** Refuses changes of members of one group. */
function refuseMembers(name: string, status: number): void {
  place.scim.hook = ({ method, path }) => {
    const meant = place.scim.groups.get(path.split("/")[2] ?? "")?.["displayName"] === name;
    return method === "PATCH" && meant ? refusal(status, "not today") : undefined;
  };
}

test("a group that has another identifier in the directory loses who was shown, and nobody is told twice", async () => {
  pushing("{ minimum: 10 }", "Eng");
  await place.import({ people: many(20), groups: [group("Eng", many(20), "1")] });
  await place.push();
  await place.import({ people: many(20), groups: [group("Eng", many(5), "2")] });
  const held = await place.push();
  expect(held).toMatchObject({ status: "held", held: { of: "memberships", removals: 15 } });
  place.scim.forget();
  expect((await place.json("pushes", "approve", held.run))["status"]).toBe("done");
  expect(memberLogins("Eng")).toEqual(many(5).toSorted());
  const told = new Set(
    patches()
      .flatMap(operationsOf)
      .map(({ op }) => op),
  );
  expect([...told]).toEqual(["remove"]);
});

test("what ends a push leaves nothing open of the groups before: their events are there, their tasks end", async () => {
  pushing("off", "A", "B");
  await place.import({ people: many(3), groups: [group("A", many(3)), group("B", many(3))] });
  refuseMembers("A", 403);
  await place.push();
  expect(await place.json("tasks")).toMatchObject([{ what: "group" }]);
  refuseMembers("B", 401);
  await place.import({ people: many(3), groups: [group("A", many(3)), group("B", many(2))] });
  expect((await place.push()).status).toBe("failed");
  expect(memberLogins("A")).toEqual(many(3));
  const filter = 'eventType eq "application.provision.group_push.push_memberships"';
  expect((await place.run("logs", "--filter", filter, "--json")).out).toContain('"A"');
  place.scim.hook = () => undefined;
  await place.push();
  expect(await place.json("tasks")).toEqual([]);
});

test("Ctrl-C while members are told is no success, and the next push goes on", async () => {
  pushing("off", "Eng");
  place.configure(`${place.app}\n    capabilities: { groupChunk: 2 }`);
  await place.import({ people: many(10), groups: [group("Eng", many(10))] });
  const stopping = new AbortController();
  place.scim.hook = ({ method, path }) => {
    if (method === "PATCH" && path.startsWith("/Groups") && members() >= 4) stopping.abort();
    return undefined;
  };
  const { status, out } = await place.place.runWith(stopping.signal, "push", "dx");
  expect(status, out).toBe(1);
  expect(out).toContain("push.interrupted");
  expect(members()).toBeLessThan(10);
  place.scim.hook = () => undefined;
  await place.push();
  expect(members()).toBe(10);
});

test("a task about a group ends when the group is as it should be, however that came", async () => {
  pushing("off", "A");
  const people = many(3);
  const tasks = async (): Promise<number> => (await place.json<unknown[]>("tasks")).length;
  await place.import({ people, groups: [group("A", people)] });
  await place.push();
  // Not there, and there again with the same members.
  await place.import({ people });
  await place.push();
  expect(await tasks()).toBe(1);
  await place.import({ people, groups: [group("A", people)] });
  await place.push();
  expect(await tasks()).toBe(0);
  // Somebody is refused, and leaves.
  await place.import({ people: [...people, "bad"], groups: [group("A", [...people, "bad"])] });
  refuseMembers("A", 400);
  await place.push();
  expect(await tasks()).toBe(1);
  await place.import({ people: [...people, "bad"], groups: [group("A", people)] });
  await place.push();
  expect(await tasks()).toBe(0);
  // It is not to be pushed any more.
  await place.import({ people });
  await place.push();
  expect(await tasks()).toBe(1);
  pushing("off");
  await place.push();
  expect(await tasks()).toBe(0);
});

test("one group under two names is refused, and two names that come to mean one are told", async () => {
  place.configure(`
    assign: [everyone]
    pushGroups: [{ directory: corp, name: A, as: x }, { directory: corp, name: A, as: y }]`);
  const { err } = await place.run("push", "dx");
  expect(err).toContain("the group A of corp is pushed already");
  pushing("off", "A", "B");
  await place.import({ people: many(2), groups: [group("A", many(2), "1")] });
  await place.push();
  // A is called B by now.
  await place.import({ people: many(2), groups: [group("B", many(2), "1")] });
  await place.push();
  place.scim.forget();
  await place.push();
  expect(place.scim.writes).toEqual([]);
  const [task] = await place.json<{ error: { message: string } }[]>("tasks");
  expect(task?.error.message).toContain("B is the group that is pushed as A already");
});

test("a task about who is to go stays while nothing can be said of the group", async () => {
  pushing("off", "A");
  const people = many(3);
  await place.import({ people, groups: [group("A", people)] });
  await place.push();
  refuseMembers("A", 400);
  await place.import({ people, groups: [group("A", people.slice(1))] });
  await place.push();
  const before = await place.json("tasks");
  expect(before).toMatchObject([{ error: { code: "app.groupMembers" } }]);
  place.place.file("people.ldif", "broken");
  await place.run("import", "corp", "--full");
  await place.push();
  expect(await place.json("tasks")).toEqual(before);
});
