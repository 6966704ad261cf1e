/** Accounts that expire: access ends on the day, without a change of the entry. */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SIMPLE_MAPPINGS, simplePerson, Workplace, type RunDocument } from "../support/rollcall.ts";
import { startSlapd } from "../support/slapd.ts";
import { Conformance, slapdServer } from "../directories/conformance.ts";

let place: Workplace;
beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

const FILETIME_1970 = 116_444_736_000_000_000n;
const fileTime = (at: number): string => String(BigInt(at) * 10_000n + FILETIME_1970);
const generalized = (at: number): string =>
  `${new Date(at).toISOString().replaceAll(/\D/g, "").slice(0, 14)}Z`;

const RULES =
  "disabled: [{ attribute: accountExpires, expires: true }, { attribute: l, values: [gone] }]";

function configure(more = ""): void {
  place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
    importSafeguard: off
    users: { ${RULES} }
${more}${SIMPLE_MAPPINGS}
`);
}

const person = (name: string, accountExpires: string, more = {}): string =>
  simplePerson(name, { accountExpires, ...more });
const full = (): Promise<RunDocument> => place.json<RunDocument>("import", "corp", "--full");
const statuses = async (): Promise<Record<string, string | undefined>> => {
  const users = await place.users();
  return Object.fromEntries(
    [...users].map(([login, { status }]) => [login.replace("@example.org", ""), status]),
  );
};

test("whoever expires between two imports of the same file loses access with the second, and gets it back with a later date", async () => {
  const soon = Date.now() + 15_000;
  const others = person("never", "0") + person("gone", "0", { l: "gone" });
  place.file("corp.ldif", person("ada", fileTime(soon)) + others);
  configure();
  await full();
  expect(await statuses()).toEqual({ ada: "active", never: "active", gone: "deprovisioned" });
  await sleep(soon - Date.now() + 100);
  expect(await full()).toMatchObject({ counts: { updated: 1, unchanged: 2, failed: 0 } });
  expect(await statuses()).toEqual({
    ada: "deprovisioned",
    never: "active",
    gone: "deprovisioned",
  });
  expect(await full()).toMatchObject({ counts: { updated: 0, unchanged: 3 } });
  place.file("corp.ldif", person("ada", fileTime(Date.now() + 3_600_000)) + others);
  await full();
  expect((await statuses())["ada"]).toBe("active");
});

test("a date that cannot be seen, or be made out, is no end and no access", async () => {
  place.file("corp.ldif", person("ada", "0") + person("bob", fileTime(Date.now() - 1000)));
  configure();
  await full();
  place.file("corp.ldif", simplePerson("ada") + person("bob", "soon") + person("eve", "soon"));
  expect(await full()).toMatchObject({ counts: { failed: 3 } });
  expect(await statuses()).toEqual({ ada: "active", bob: "deprovisioned" });
});

test("serve imports at the moment at which the next account expires, with no schedule at all", async () => {
  const soon = Date.now() + 12_000;
  place.file("corp.ldif", person("ada", fileTime(soon)) + person("bob", "0"));
  configure();
  await full();
  const stop = new AbortController();
  const serving = place.runWith(stop.signal, "serve");
  await expect
    .poll(async () => (await statuses())["ada"], { timeout: 90_000 })
    .toBe("deprovisioned");
  expect(Date.now()).toBeGreaterThan(soon);
  stop.abort();
  const { err } = await serving;
  expect(err).toContain("an account expires");
  expect((await statuses())["bob"]).toBe("active");
});

test("an import of changes looks at whoever expired, though nothing is told of them", async () => {
  const slapd = await startSlapd({
    ldif: "dn: dc=example,dc=org\nobjectClass: domain\ndc: example\n\n",
    global: "moduleload syncprov",
    database: "index entryCSN eq\noverlay syncprov\nsyncprov-sessionlog 1000",
  });
  const story = await Conformance.create(slapdServer(slapd), "expiring", {
    way: "contentSync",
    more: ["importSafeguard: off"],
    users: (root) => `{ base: "${root}", disabled: { attribute: description, expires: true } }`,
  });
  story.fill();
  const soon = Date.now() + 12_000;
  story.change(story.dn(1), `replace: description\ndescription: ${generalized(soon)}`);
  story.change(story.dn(2), "replace: description\ndescription: 20990101000000Z");
  await story.import();
  expect((await story.import("--incremental")).counts).toMatchObject({ read: 0 });
  await sleep(soon - Date.now() + 200);
  const run = await story.step({ updated: 1 });
  expect(run.counts).toMatchObject({ read: 1 });
  expect((await story.place.users()).get("p1.expiring@example.org")?.status).toBe("deprovisioned");
  expect((await story.import("--incremental")).counts).toMatchObject({ read: 0 });
  story.place.remove();
  await slapd.stop();
});

test("a run that was held until after the day gives no access to whoever has expired since", async () => {
  const soon = Date.now() + 15_000;
  const people = person("bob", "0") + person("cyd", "0") + person("dan", "0");
  place.file("corp.ldif", people);
  configure();
  await full();
  const yaml = readFileSync(place.config, "utf8");
  writeFileSync(
    place.config,
    yaml.replaceAll("importSafeguard: off", "importSafeguard: { count: 0 }"),
  );
  place.file("corp.ldif", person("ada", fileTime(soon)) + person("bob", "0"));
  const held = await full();
  expect(held.status).toBe("held");
  await sleep(soon - Date.now() + 100);
  await place.run("imports", "approve", held.run);
  expect((await statuses())["ada"]).toBeUndefined();
});

test("while a run is held, serve ends the access of whoever expires by what is stored, and the run stays held", async () => {
  const soon = Date.now() + 12_000;
  const [ada, others] = [person("ada", fileTime(soon)), person("bob", "0") + person("cyd", "0")];
  place.file("corp.ldif", ada + others);
  configure();
  await full();
  const yaml = readFileSync(place.config, "utf8");
  const guarded = "importSafeguard: { count: 1 }";
  writeFileSync(place.config, yaml.replaceAll("importSafeguard: off", guarded));
  place.file("corp.ldif", ada);
  const held = await full();
  expect(held.status).toBe("held");
  const stop = new AbortController();
  const serving = place.runWith(stop.signal, "serve");
  await expect
    .poll(async () => (await statuses())["ada"], { timeout: 90_000 })
    .toBe("deprovisioned");
  stop.abort();
  await serving;
  expect(await place.json("imports", "list", "--status", "held")).toMatchObject([
    { run: held.run },
  ]);
  expect(await statuses()).toMatchObject({ bob: "active", cyd: "active" });
});

test("a force sync ends the access of whoever has expired, too", async () => {
  const soon = Date.now() + 8_000;
  place.file("corp.ldif", person("ada", fileTime(soon)) + person("bob", "0"));
  configure();
  await full();
  await sleep(soon - Date.now() + 100);
  expect(await place.json("force-sync", "corp")).toMatchObject({ counts: { updated: 1 } });
  expect(await statuses()).toEqual({ ada: "deprovisioned", bob: "active" });
  expect(await full()).toMatchObject({ counts: { updated: 0 } });
});

test("rules that contradict themselves are refused with their place", async () => {
  configure();
  place.file("corp.ldif", "");
  const yaml = (rule: string): string =>
    `directories:\n  corp:\n    type: ldif\n    path: x.ldif\n    users: { disabled: ${rule} }\n${SIMPLE_MAPPINGS}`;
  place.configure(yaml("[{ attribute: l, values: [x] }, { attribute: m, bit: 2, expires: true }]"));
  const { status, err } = await place.run("check");
  expect(status).toBe(2);
  expect(err).toContain("directories.corp.users.disabled[1]");
  expect(err).toContain("give one of values, bit and expires");
});
