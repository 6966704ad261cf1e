/** Incremental imports from a real OpenLDAP. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../support/process.ts";
import { importUntil } from "../support/import-until.ts";
import { seeded } from "../support/people.ts";
import {
  expectConformance,
  expectSetBackIsNoticed,
  expectListening,
  Conformance,
  type ReadDocument,
  slapdServer,
} from "./conformance.ts";
import { startSlapd, type Slapd } from "../support/slapd.ts";

const SUFFIX = "dc=example,dc=org";
const ROOT = `dn: ${SUFFIX}\nobjectClass: domain\ndc: example\n\n`;

let synced: Slapd;
let plain: Slapd;

beforeAll(async () => {
  synced = await startSlapd({
    ldif: ROOT,
    global: "moduleload syncprov",
    database: "index entryCSN eq\noverlay syncprov\nsyncprov-sessionlog 1000",
  });
  plain = await startSlapd({ ldif: ROOT });
});
afterAll(async () => {
  await synced.stop();
  await plain.stop();
});

test("content synchronisation sees everything that a full read sees", async () => {
  await expectConformance(slapdServer(synced), "sync", { way: "contentSync" });
});

test("modification times, with identifiers compared each time, too", async () => {
  const more = ["incremental: { compare: 0 }"];
  await expectConformance(slapdServer(plain), "times", { way: "timestamp", more });
});

test("modification times notice, too, that a server was set back to before their overlap", async () => {
  const more = ["incremental: { compare: 0, overlap: 0 }"];
  const story = await Conformance.create(slapdServer(plain), "setback", { way: "timestamp", more });
  story.fill();
  await story.import();
  // Modification times are whole seconds.
  await sleep(2000);
  await expectSetBackIsNoticed(story);
  story.place.remove();
});

test.each(["contentSync", "timestamp"])(
  "failover to a replica that lags behind, and back, ends as a full read of whoever answered: %s",
  async (way) => {
    const options = {
      ldif: ROOT,
      global: "moduleload syncprov",
      database: "index entryCSN eq\noverlay syncprov\nsyncprov-sessionlog 1000",
    };
    const [first, second] = [await startSlapd(options), await startSlapd(options)];
    const story = await Conformance.create(slapdServer(first), `failover${way}`, {
      way,
      more: [`incremental: { way: ${way}, compare: 0, overlap: 0 }`, "importSafeguard: off"],
    });
    story.reconfigure(`url: ${first.url}`, `url: [${first.url}, ${second.url}]`);
    story.fill();
    // What has been replicated until now.
    await second.kill();
    run("cp", ["-a", join(first.folder, "db", "data.mdb"), join(second.folder, "db", "data.mdb")]);
    await second.start();
    await story.import();
    // Modification times are whole seconds.
    await sleep(1100);
    first.modify(`dn: ${story.dn(1)}\nchangetype: delete\n`);
    story.change(story.dn(2), "replace: employeeType\nemployeeType: guest");
    first.modify(story.person(40));
    await story.import("--incremental");
    await story.expectWhole();
    await first.kill();
    const behind = await story.import();
    expect(behind.server).toContain(second.url);
    await story.expectWhole();
    await first.start();
    story.change(story.dn(3), "replace: title\ntitle: Since then");
    const back = await story.import();
    expect(back.server).toContain(first.url);
    await story.expectWhole();
    await story.step({});
    story.place.remove();
    await first.stop();
    await second.stop();
  },
);

test("serve with watch applies changes without a schedule, also after the server was away", async () => {
  await expectListening(slapdServer(synced), "watched");
});

test("an incremental import that is cut off loses nothing, and its position moves with its last change", async () => {
  const story = await Conformance.create(slapdServer(synced), "cut", { way: "contentSync" });
  const { place, root } = story;
  story.fill();
  await story.import();
  const random = seeded(31);
  let whole = 0;
  for (let round = 0; round < 7; round++) {
    for (let i = 0; i < 30; i++)
      if (i % 10 !== 7) story.change(story.dn(i), `replace: title\ntitle: Round ${round}`);
    const [add, drop] = round % 2 === 0 ? ["add", "delete"] : ["delete", "add"];
    story.change(
      `cn=inner,${root}`,
      `${add}: member\nmember: ${story.dn(2)}`,
      `${drop}: member\nmember: ${story.dn(0)}`,
    );
    if (round < 3) synced.modify(`dn: ${story.dn(10 * round + 7)}\nchangetype: delete\n`);
    // The first one goes through, and tells how much there is to be sent.
    const bytes =
      round === 0 ? Number.POSITIVE_INFINITY : Math.round(whole * (0.3 + 0.65 * random()));
    const cut = await importUntil(place, bytes, round % 2 === 0, "--incremental");
    if (round === 0) whole = cut.sent;
    expect(cut.status === 0, `round ${round}`).toBe(round === 0);
    const next = await story.import("--incremental");
    expect(next).toMatchObject({ status: "done", type: "incremental", converted: null });
    await story.expectWhole();
  }
  place.remove();
});

test("a directory that cannot be listened to says so, and goes on by its schedule", async () => {
  const story = await Conformance.create(slapdServer(plain), "unheard", {
    way: "timestamp",
    more: ["watch: true", 'schedule: { full: "* * * * * *" }'],
  });
  story.fill();
  const stop = new AbortController();
  const serving = story.place.runWith(stop.signal, "serve");
  await expect.poll(async () => (await story.place.users()).size, { timeout: 30_000 }).toBe(30);
  stop.abort();
  const { err } = await serving;
  expect(err).toContain("ldap.watchUnavailable");
  story.place.remove();
});

test("changes that would leave nobody are held; approved, they and the groups are applied, and the position moves", async () => {
  const story = await Conformance.create(slapdServer(synced), "held", { way: "contentSync" });
  const { place, root } = story;
  story.fill();
  await story.import();
  const position = (): Promise<unknown[]> => story.sql("select mark from checkpoints");
  const before = await position();
  for (let i = 0; i < 30; i++)
    story.change(story.dn(i), "replace: employeeType\nemployeeType: guest");
  story.change(`cn=inner,${root}`, `delete: member\nmember: ${story.dn(0)}`);
  const dry = await story.import("--incremental", "--dry-run");
  expect(dry).toMatchObject({ status: "done", type: "incremental", counts: { removed: 30 } });
  expect(await position()).toEqual(before);
  const held = await story.import("--incremental");
  expect(held).toMatchObject({ status: "held", type: "incremental", counts: { removed: 30 } });
  expect(await position()).toEqual(before);
  expect(new Set([...(await place.users()).values()].map((user) => user.status))).toEqual(
    new Set(["active"]),
  );
  expect(
    await story.sql("select 1 from group_members where member like 'dn:uid=p0,%'"),
  ).toHaveLength(1);

  const approved = await place.json<ReadDocument>("imports", "approve", held.run);
  expect(approved).toMatchObject({ status: "done", counts: { removed: 30 } });
  expect(await story.sql("select 1 from group_members where member like 'dn:uid=p0,%'")).toEqual(
    [],
  );
  expect(await position()).not.toEqual(before);
  await story.expectWhole();
  expect(await story.sql("select 1 from object_plan")).toEqual([]);
  await story.step({});
  place.remove();
});

test("people who failed are tried again although nothing of theirs changed", async () => {
  const story = await Conformance.create(slapdServer(synced), "failing", { way: "contentSync" });
  const { place } = story;
  story.fill();
  story.change(story.dn(4), "replace: mail\nmail: p6.failing@example.org");
  expect((await story.import()).counts).toMatchObject({ created: 29, failed: 1 });
  expect((await story.import("--incremental")).counts).toMatchObject({ failed: 1, updated: 0 });
  // The cause lies with somebody else, who gives the login up.
  story.change(story.dn(4), "replace: mail\nmail: other.failing@example.org");
  const run = await story.import("--incremental");
  expect(run).toMatchObject({ type: "incremental", counts: { created: 1, updated: 1, failed: 0 } });
  place.remove();
});

test("a part of the tree in a database of its own that synchronisation does not watch: another way is taken, and who is deleted there loses access", async () => {
  const below = mkdtempSync(join(tmpdir(), "rollcall-lower-"));
  const lower = [
    "moduleload syncprov",
    "database mdb",
    `suffix "ou=b,ou=glued,${SUFFIX}"`,
    "subordinate",
    `rootdn "cn=admin,${SUFFIX}"`,
    `directory ${below}`,
    "maxsize 1073741824",
  ];
  const slapd = await startSlapd({
    ldif: ROOT,
    global: lower.join("\n"),
    database: "index entryCSN eq\noverlay syncprov\nsyncprov-sessionlog 1000",
  });
  const more = ["incremental: { compare: 0 }"];
  const story = await Conformance.create(slapdServer(slapd), "glued", { way: "timestamp", more });
  story.fill();
  expect(await story.import()).toMatchObject({ status: "done", way: "timestamp" });
  const { out } = await story.place.run("check");
  expect(out).toContain("content synchronisation (RFC 4533) is not used: A part of the tree");
  // The upper database changes, too, so that its own word of changes is not empty.
  story.change(story.dn(2), "replace: title\ntitle: Upper");
  slapd.modify(`dn: ${story.dn(1)}\nchangetype: delete\n`);
  await story.step({ updated: 1, removed: 1 });
  story.place.remove();
  await slapd.stop();
  rmSync(below, { recursive: true, force: true });
});

test.each([
  [
    "entryCSN everywhere",
    "contentSync",
    "access to attrs=entryCSN by * none\naccess to * by * read",
  ],
  [
    "modification times of a part of the tree",
    "timestamp",
    `access to dn.subtree="ou=b,ou=hidden-timestamp,${SUFFIX}" attrs=modifyTimestamp by * none\naccess to * by * read`,
  ],
])(
  "%s cannot be read: changes are not read by %s, and nobody is missed",
  async (_, way, access) => {
    const slapd = await startSlapd({
      ldif: ROOT,
      global: "moduleload syncprov",
      database: `${access}\nindex entryCSN eq\noverlay syncprov\nsyncprov-sessionlog 1000`,
    });
    const reader = { ...slapdServer(slapd), settings: ["type: ldap", `url: ${slapd.url}`] };
    const more = [`incremental: { way: ${way}, compare: 0, overlap: 0 }`, "importSafeguard: off"];
    const story = await Conformance.create(reader, `hidden-${way}`, { way, more });
    story.fill();
    expect(await story.import()).toMatchObject({ status: "done", way: null });
    story.change(story.dn(1), "replace: employeeType\nemployeeType: guest");
    const run = await story.import("--incremental");
    expect(run).toMatchObject({ status: "done", type: "full", counts: { removed: 1 } });
    story.place.remove();
    await slapd.stop();
  },
);
