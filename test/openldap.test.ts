/** Incremental imports from a real OpenLDAP. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunDocument, Workplace } from "./support/rollcall.ts";
import {
  runScenario,
  Scenario,
  type ReadDocument,
  type ScenarioServer,
} from "./support/scenario.ts";
import { startSlapd, type Slapd } from "./support/slapd.ts";

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

function scenarioServer(slapd: Slapd): ScenarioServer {
  return {
    settings: [
      "type: ldap",
      `url: ${slapd.url}`,
      `bind: { dn: "${slapd.adminDn}", password: "${slapd.password}" }`,
    ],
    suffix: SUFFIX,
    flavour: "ldap",
    modify: (ldif) => slapd.modify(ldif),
    restart: () => slapd.restart(),
  };
}

test("content synchronisation sees everything that a full read sees", async () => {
  await runScenario(scenarioServer(synced), "sync", { way: "contentSync" });
});

test("modification times, with identifiers compared each time, too", async () => {
  const more = ["incremental: { compare: 0 }"];
  await runScenario(scenarioServer(plain), "times", { way: "timestamp", more });
});

test("serve with watch applies changes without a schedule, also after the server was away", async () => {
  const story = await Scenario.create(scenarioServer(synced), "watched", {
    way: "contentSync",
    more: ["watch: true"],
  });
  const { place } = story;
  story.fill();
  const stop = new AbortController();
  const serving = place.runWith(stop.signal, "serve");
  await expect.poll(async () => (await place.users()).size, { timeout: 30_000 }).toBe(30);
  const titleOf = async (number: number): Promise<unknown> =>
    (await place.users()).get(`p${number}.watched@example.org`)?.profile["title"];

  // The first import has ended; from here on only the directory's own word starts one.
  await expect.poll(() => running(place), { timeout: 30_000 }).toBe(0);
  story.change(story.dn(1), "replace: title\ntitle: Heard");
  await expect.poll(() => titleOf(1), { timeout: 30_000 }).toBe("Heard");
  synced.modify(`dn: ${story.dn(3)}\nchangetype: delete\n`);
  await expect
    .poll(async () => (await place.users()).get("p3.watched@example.org")?.status, {
      timeout: 30_000,
    })
    .toBe("deprovisioned");

  await synced.restart();
  story.change(story.dn(5), "replace: title\ntitle: Heard again");
  await expect.poll(() => titleOf(5), { timeout: 60_000 }).toBe("Heard again");
  await expect.poll(() => running(place), { timeout: 30_000 }).toBe(0);
  stop.abort();
  const { status, err } = await serving;
  expect(status).toBe(0);
  expect(err).toContain("listening for changes");
  const runs = await place.json<ReadDocument[]>("imports");
  expect(new Set(runs.map((run) => run.trigger))).toEqual(new Set(["watch"]));
  await story.expectWhole();
  place.remove();
});

async function running(place: Workplace): Promise<number> {
  const runs = await place.json<RunDocument[]>("imports");
  return runs.filter((run) => run.status === "running").length;
}

test("a directory that cannot be listened to says so, and goes on by its schedule", async () => {
  const story = await Scenario.create(scenarioServer(plain), "unheard", {
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
