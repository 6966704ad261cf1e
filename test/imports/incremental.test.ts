/** Corners of incremental imports: what a server tells in an odd way must not lose anybody. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Workplace } from "../support/rollcall.ts";
import { Conformance, type ConformanceOptions, slapdServer } from "../directories/conformance.ts";
import { startScriptedLdap } from "../support/scripted-ldap.ts";
import { startSlapd, type Slapd } from "../support/slapd.ts";

const SUFFIX = "dc=example,dc=org";
const ROOT = `dn: ${SUFFIX}\nobjectClass: domain\ndc: example\n\n`;
const OTHER = "dc=other,dc=org";

let synced: Slapd;
let plain: Slapd;

beforeAll(async () => {
  synced = await startSlapd({
    ldif: ROOT,
    global: "moduleload syncprov\nmoduleload refint",
    database:
      "index entryCSN eq\noverlay syncprov\nsyncprov-sessionlog 1000\noverlay refint\nrefint_attributes member\nrefint_nothing cn=nobody",
  });
  plain = await startSlapd({ ldif: ROOT });
});
afterAll(async () => {
  await synced.stop();
  await plain.stop();
});

async function story(
  slapd: Slapd,
  name: string,
  options: Partial<ConformanceOptions> = {},
): Promise<Conformance> {
  const way = slapd === synced ? "contentSync" : "timestamp";
  const made = await Conformance.create(slapdServer(slapd), name, { way, ...options });
  made.fill();
  return made;
}

const twoBases = (root: string): string => `{ base: ["ou=b,${root}", "ou=a,${root}"] }`;

test("somebody who moves from one base to another stays, whichever is read first", async () => {
  const moving = await story(synced, "moving", { users: twoBases, groups: twoBases });
  const { place, root } = moving;
  await moving.import();
  moving.rename(moving.dn(1), "uid=p1", `ou=a,${root}`);
  moving.rename(moving.dn(2), "uid=p2", `ou=b,${root}`);
  expect((await moving.step({ updated: 2 })).counts).toMatchObject({ removed: 0 });
  place.remove();
});

test("an entry that lost its identifier is not taken for gone when identifiers are compared", async () => {
  const users = (root: string): string => `{ base: "${root}", id: employeeNumber }`;
  const lost = await story(plain, "lost", { users, more: ["incremental: { compare: 0 }"] });
  for (let i = 0; i < 30; i++) lost.change(lost.dn(i), `add: employeeNumber\nemployeeNumber: ${i}`);
  await lost.import();
  lost.change(lost.dn(3), "delete: employeeNumber");
  const run = await lost.import("--incremental");
  expect(run).toMatchObject({ status: "done", type: "full", counts: { removed: 0, failed: 1 } });
  expect((await lost.place.users()).get("p3.lost@example.org")?.status).toBe("active");
  lost.place.remove();
});

test("with people identified by an attribute of one's choice, changes of groups are seen, too", async () => {
  const users = (root: string): string => `{ base: "${root}", id: uid }`;
  const chosen = await story(plain, "chosen", { users, more: ["incremental: { overlap: 0 }"] });
  await chosen.import();
  chosen.change(`cn=inner,${chosen.root}`, `add: member\nmember: ${chosen.dn(2)}`);
  chosen.change(chosen.dn(5), "replace: title\ntitle: Director");
  expect((await chosen.step({ updated: 1 })).groups).toMatchObject({ changed: 1 });
  // With no person among what changed, there is nobody to try the search by identifier with.
  chosen.change(`cn=outer,${chosen.root}`, `add: member\nmember: ${chosen.dn(4)}`);
  expect((await chosen.step({})).groups).toMatchObject({ changed: 1 });
  chosen.place.remove();
});

test("a time in the future does not blind the next import", async () => {
  const slapd = await startSlapd({
    ldif: `${ROOT}dn: ou=odd,${SUFFIX}\nobjectClass: organizationalUnit\nmodifyTimestamp: 20360101000000Z\n\n`,
  });
  const users = (): string => `{ base: "${SUFFIX}" }`;
  const groups = users;
  const future = await story(slapd, "future", { way: "timestamp", users, groups });
  await future.import();
  future.change(future.dn(1), "replace: title\ntitle: Director");
  expect((await future.step({ updated: 1 })).counts["read"]).toBeGreaterThanOrEqual(1);
  future.place.remove();
  await slapd.stop();
});

test("bases in two databases: when one forgot its changes, everybody is read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-slapd-second-"));
  const slapd = await startSlapd({
    ldif: ROOT,
    global: "moduleload syncprov",
    database: `overlay syncprov\nsyncprov-sessionlog 1000\n${secondDatabase(folder)}`,
  });
  slapd.modifyAs(`cn=admin,${OTHER}`, `dn: ${OTHER}\nobjectClass: domain\ndc: other\n`);
  const users = (root: string): string => `{ base: ["${root}", "${OTHER}"] }`;
  const two = await story(slapd, "two", { way: "contentSync", users });
  await two.import();
  await two.step({});
  slapd.modify(`dn: ${two.dn(1)}\nchangetype: delete\n`);
  await slapd.restart();
  const run = await two.import("--incremental");
  expect(run).toMatchObject({
    type: "full",
    counts: { removed: 1 },
    converted: { code: "history_lost" },
  });
  await two.expectWhole();
  two.place.remove();
  await slapd.stop();
  rmSync(folder, { recursive: true, force: true });
});

function secondDatabase(folder: string): string {
  return `database mdb\nsuffix "${OTHER}"\nrootdn "cn=admin,${OTHER}"\nrootpw secret\ndirectory ${folder}\nmaxsize 104857600\noverlay syncprov\nsyncprov-sessionlog 1000`;
}

test("a container that takes the place of another is noticed", async () => {
  // So many of thirty people leave the base that the safeguard would have them looked at.
  const swapped = await story(synced, "swapped", { more: ["importSafeguard: off"] });
  const { root } = swapped;
  await swapped.import();
  swapped.rename(`ou=a,${root}`, "ou=elsewhere", SUFFIX);
  swapped.server.modify(`dn: ou=a,${root}\nobjectClass: organizationalUnit\n`);
  await swapped.stepConverted("ou_change_detected");
  expect((await swapped.place.users()).get("p2.swapped@example.org")?.status).toBe("deprovisioned");
  swapped.place.remove();
});

test.each([
  ["told", "contentSync", []],
  ["missing where identifiers are compared", "timestamp", ["incremental: { compare: 0 }"]],
] as const)(
  "a place that loses all its people at once is held, also where they are %s",
  async (_, way, more) => {
    const emptied = await story(way === "contentSync" ? synced : plain, `emptied-${way}`, { more });
    const { root, server } = emptied;
    const people = [1, 2, 3, 4, 5, 6].map((number) => `uid=small${number}-${way},ou=small,${root}`);
    server.modify(`dn: ou=small,${root}\nobjectClass: organizationalUnit\n`);
    for (const [i, dn] of people.entries())
      server.modify(
        `dn: ${dn}\nobjectClass: inetOrgPerson\ncn: Small\nsn: Small\nemployeeType: staff\ngivenName: ${i}\nmail: small${i}-${way}@example.org\n`,
      );
    await emptied.import();
    server.modify(`dn: ${people[0] ?? ""}\nchangetype: delete\n`);
    expect(await emptied.import("--incremental")).toMatchObject({
      status: "done",
      counts: { removed: 1 },
    });
    for (const dn of people.slice(1)) server.modify(`dn: ${dn}\nchangetype: delete\n`);
    const run = await emptied.import("--incremental");
    expect(run).toMatchObject({ status: "held", type: "incremental", counts: { removed: 5 } });
    expect(JSON.stringify(run)).toContain(`ou=small,${root}`);
    emptied.place.remove();
  },
);

test("groups whose members are rewritten by the server itself are read again", async () => {
  const rewritten = await story(synced, "rewritten");
  const { root } = rewritten;
  await rewritten.import();
  rewritten.rename(`cn=inner,${root}`, "cn=innermost");
  rewritten.rename(rewritten.dn(0), "uid=zero");
  rewritten.server.modify(`dn: ${rewritten.dn(1)}\nchangetype: delete\n`);
  // refint works in the background.
  await expect
    .poll(() => synced.search(root, "(cn=outer)", "member"), { timeout: 10_000 })
    .toContain("cn=innermost");
  await expect
    .poll(() => synced.search(root, "(cn=innermost)", "member"), { timeout: 10_000 })
    .toMatch(/^(?!.*uid=p1,)(?=.*uid=zero).*$/s);
  await rewritten.step({ updated: 1, removed: 1 });
  rewritten.place.remove();
});

test("an entry that is a container and a group is a group, at every import", async () => {
  const groups = (root: string): string => `{ base: "${root}", filter: "(description=team)" }`;
  const both = await story(plain, "both", { groups });
  both.change(`ou=a,${both.root}`, "add: description\ndescription: team");
  await both.import();
  expect(await both.import("--full")).toMatchObject({ groups: { changed: 0, removed: 0 } });
  expect(await both.sql("select 1 from directory_objects where kind = 'group'")).toHaveLength(1);
  both.place.remove();
});

test("changed mappings take effect at the next import, not at the next full one", async () => {
  const mapped = await story(synced, "mapped");
  await mapped.import();
  mapped.reconfigure("title: appuser.title", "title: appuser.employeeType");
  await mapped.stepConverted("configuration_changed");
  expect((await mapped.place.users()).get("p1.mapped@example.org")?.profile["title"]).toBe("staff");
  mapped.place.remove();
});

test("a held run is not replaced by what is heard; once it is decided, listening goes on", async () => {
  const waiting = await story(synced, "waiting", {
    more: ["watch: true", "importSafeguard: { count: 0 }"],
  });
  const { place } = waiting;
  await waiting.import();
  synced.modify(`dn: ${waiting.dn(1)}\nchangetype: delete\n`);
  const held = await waiting.import();
  expect(held.status).toBe("held");
  const stop = new AbortController();
  const serving = place.runWith(stop.signal, "serve");
  for (let i = 0; i < 5; i++) waiting.change(waiting.dn(3), `replace: title\ntitle: Heard ${i}`);
  // Long enough to have replaced it: the daemon has heard, and looked at the held run.
  await sleep(1500);
  stop.abort();
  expect((await serving).err).toContain("listening for changes");
  const runs = await place.json<{ run: string; status: string }[]>("imports");
  expect(runs.map((run) => run.status)).toEqual(["held", "done"]);
  expect(await place.json("imports", "approve", held.run)).toMatchObject({ status: "done" });
  place.remove();
});

test("a changelog is not read on from another server's number", async () => {
  const PAGED = "1.2.840.113556.1.4.319";
  const entry = {
    dn: `uid=ada,${SUFFIX}`,
    attributes: {
      objectClass: "inetOrgPerson",
      nsUniqueId: "11111111-22222222-33333333-44444444",
      mail: "ada@example.org",
      givenName: "Ada",
      sn: "Lovelace",
    },
  };
  const change = (number: number) => ({
    dn: `changeNumber=${number},cn=changelog`,
    attributes: {
      changeNumber: String(number),
      changeType: "modify",
      targetDn: "cn=x",
      targetUniqueId: "x",
    },
  });
  const start = (last: number) =>
    startScriptedLdap(
      (call) => ({
        entries:
          call.base === "cn=changelog"
            ? [change(last)]
            : call.attributes.includes("*") || call.scope === 0
              ? [entry]
              : [],
      }),
      {
        objectClass: "top",
        vendorName: "389 Project",
        supportedControl: PAGED,
        firstChangeNumber: "1",
        lastChangeNumber: String(last),
      },
    );
  await using first = await start(1000);
  await using second = await start(1200);
  const place = await Workplace.create("postgres");
  const configure = (...urls: string[]): void =>
    place.configure(
      `directories:\n  corp:\n    type: ldap\n    url: [${urls.join(", ")}]\n    users: { base: "${SUFFIX}" }\n    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn }\n`,
    );
  configure(first.url, second.url);
  expect(await place.json("import", "corp")).toMatchObject({
    way: "changelog",
    counts: { created: 1 },
  });
  expect(await place.json("import", "corp")).toMatchObject({ type: "incremental" });
  await first[Symbol.asyncDispose]();
  expect(await place.json("import", "corp", "--incremental")).toMatchObject({
    type: "full",
    converted: { code: "server_changed" },
  });
  place.remove();
});

test("a deletion that goes on in slices is held like one at once, until somebody approves", async () => {
  const sliced = await story(synced, "sliced", {
    more: ["importSafeguard: { percent: 20, minimum: 10 }"],
  });
  const { place } = sliced;
  await sliced.import();
  const drop = (...numbers: number[]): void => {
    for (const i of numbers) synced.modify(`dn: ${sliced.dn(i)}\nchangetype: delete\n`);
  };
  drop(2, 3, 4);
  await sliced.step({ removed: 3 });
  drop(5, 6, 7);
  await sliced.step({ removed: 3 });
  drop(8);
  const held = await sliced.import("--incremental");
  expect(held).toMatchObject({ status: "held", held: { removals: 7, total: 30, percent: 23.3 } });
  expect(held.held?.["reason"]).toContain("6 of them were removed by imports just before");
  await place.json("imports", "approve", held.run);
  drop(9);
  await sliced.step({ removed: 1 });
  place.remove();
});

test("disabled people in slices count together, and so does a small directory", async () => {
  const way = { more: ["importSafeguard: { percent: 20, minimum: 10, drop: off }"] };
  const slow = await story(synced, "disabledslices", {
    ...way,
    users: (root) => `{ base: "${root}", disabled: { attribute: description, values: [gone] } }`,
  });
  await slow.import();
  const disable = (...numbers: number[]): void => {
    for (const i of numbers) slow.change(slow.dn(i), "replace: description\ndescription: gone");
  };
  disable(2, 3, 4);
  expect(await slow.import("--incremental")).toMatchObject({ status: "done" });
  disable(5, 6, 7, 8);
  expect(await slow.import("--incremental")).toMatchObject({ held: { removals: 7, total: 30 } });
  slow.place.remove();

  // Disabled first and deleted later is one loss, and whoever is enabled again is none.
  const leaving = await story(synced, "leaving", {
    ...way,
    users: (root) => `{ base: "${root}", disabled: { attribute: description, values: [gone] } }`,
  });
  await leaving.import();
  for (const i of [2, 3, 4, 5])
    leaving.change(leaving.dn(i), "replace: description\ndescription: gone");
  expect(await leaving.import("--incremental")).toMatchObject({ status: "done" });
  for (const i of [2, 3, 4]) synced.modify(`dn: ${leaving.dn(i)}\nchangetype: delete\n`);
  leaving.change(leaving.dn(5), "replace: description\ndescription: here");
  expect(await leaving.import("--incremental")).toMatchObject({
    status: "done",
    counts: { removed: 3 },
  });
  for (const i of [6, 7, 8])
    leaving.change(leaving.dn(i), "replace: description\ndescription: gone");
  expect(await leaving.import("--incremental")).toMatchObject({ status: "done" });
  leaving.place.remove();

  const small = await story(synced, "smallslices");
  await small.import();
  const drop = (...numbers: number[]): void => {
    for (const i of numbers) synced.modify(`dn: ${small.dn(i)}\nchangetype: delete\n`);
  };
  drop(2, 3, 4, 5, 6, 7, 8);
  await small.step({ removed: 7 });
  drop(9, 10, 11, 12, 13, 14);
  const held = await small.import("--incremental");
  expect(held).toMatchObject({ status: "held", held: { of: "people read", percent: 43.3 } });
  small.place.remove();
});

test("check tells what will not work as it is configured", async () => {
  const told = async (slapd: Slapd, name: string, options: Partial<ConformanceOptions>) => {
    const made = await story(slapd, name, options);
    const { status, out } = await made.place.run("check");
    made.place.remove();
    return `${status}: ${out}`;
  };
  expect(await told(plain, "c1", { more: ["incremental: { way: contentSync }"] })).toMatch(
    /^1:.*ldap\.wayUnavailable/s,
  );
  const deaf = await told(plain, "c2", { more: ["watch: true"] });
  expect(deaf).toMatch(/^0:.*watch: true has no effect/s);
  expect(deaf).toContain(
    "content synchronisation (RFC 4533) is not used: the server does not offer it",
  );
  expect(await told(synced, "c3", { more: ["incremental: off"] })).toContain("switched off");
  const none = (root: string): string => `{ base: "${root}", filter: "(cn=nothing)" }`;
  expect(await told(synced, "c4", { groups: none })).toContain("no group fits groups.filter");
  const nowhere = (root: string): string => `{ base: "ou=nowhere,${root}" }`;
  expect(await told(synced, "c5", { groups: nowhere })).toMatch(/^1:.*groups\.base ou=nowhere/s);
  const broken = (root: string): string => `{ base: "${root}", filter: "(cn=" }`;
  expect(await told(synced, "c6", { groups: broken })).toMatch(/^1:.*groups\.filter: /s);
  const byUid = (root: string): string => `{ base: "${root}", id: uid }`;
  expect(await told(synced, "c7", { users: byUid })).toContain("people are identified by uid");
});
