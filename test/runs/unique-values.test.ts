/** Unique attributes: who gets a value that several people have, want, exchange or give up. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { foldCase } from "../../src/lib/fold.ts";
import { connect, somethingWaits } from "../support/locks.ts";
import {
  CorpAndHr,
  BADGE_MAPPING,
  inCorp,
  inHr,
  type CorpAndHrOptions,
  type ShownUser,
} from "../support/corp-and-hr.ts";
import type { Workplace, RunDocument } from "../support/rollcall.ts";

let both: CorpAndHr;
let place: Workplace;
afterEach(() => place.remove());

async function start(options: CorpAndHrOptions, corp: string, hr = ""): Promise<void> {
  both = await CorpAndHr.start(options, corp, hr);
  ({ place } = both);
}
const show = (name: string): Promise<ShownUser> => both.show(name);
const full = (name: string): Promise<RunDocument> => both.full(name);

describe("a unique value", () => {
  const options = {
    mappings: BADGE_MAPPING,
    profile: "attributes: { badge: { unique: true } }",
  };
  const badges = (people: Readonly<Record<string, string>>): string =>
    Object.entries(people)
      .map(([name, employeeNumber]) => inCorp(name, { employeeNumber }))
      .join("");

  test("a run that gave a value to somebody new can be put back", async () => {
    await start(options, badges({ ada: "1" }), "");
    place.file("corp.ldif", badges({ ada: "2", bob: "1" }));
    const run = await full("corp");
    expect(run.counts).toMatchObject({ updated: 1, created: 1 });
    const back = await place.json<RunDocument>("imports", "revert", run.run);
    expect(back.counts).toMatchObject({ failed: 0, removed: 1, updated: 1 });
    expect((await show("ada")).profile["badge"]).toBe("1");
  });

  test("two imports at once give one value to one of two people", async () => {
    both = await CorpAndHr.create();
    ({ place } = both);
    both.configure({ ...options, hr: "", profile: "attributes: { badge: { unique: true } }" });
    const text = readFileSync(place.config, "utf8").replace("    onNoMatch: ignore\n", "");
    writeFileSync(place.config, text);
    const many = (from: string): string =>
      Array.from({ length: 300 }, (_, i) =>
        inCorp(`${from}${i}`, { employeeNumber: String(i) }),
      ).join("");
    place.file("corp.ldif", many("c"));
    place.file("hr.ldif", many("h"));
    await Promise.all([place.run("import", "corp", "--full"), place.run("import", "hr", "--full")]);
    await full("corp");
    await full("hr");
    const values = [...(await place.users()).values()].map((user) => user.profile["badge"]);
    expect(new Set(values).size).toBe(values.length);
    expect(values).toHaveLength(300);
  });

  test("all that is not unique about a person is told", async () => {
    await start(options, badges({ ada: "1", bob: "2" }), "");
    place.file(
      "corp.ldif",
      badges({ ada: "1" }) + inCorp("bob", { employeeNumber: "1", mail: "ada@example.org" }),
    );
    await full("corp");
    const { out } = await place.run("users", "failing");
    expect(out).toContain("notUniqueWithinOrg, login");
    expect(out).toContain('and badge "1" is already used');
  });
});

test("a unique value is put back that somebody else gives up", async () => {
  const unique = {
    mappings: BADGE_MAPPING,
    profile: "sources: [hr, corp], attributes: { badge: { unique: true } }",
  };
  await start(
    unique,
    inCorp("ada", { employeeNumber: "1" }) + inCorp("bob", { employeeNumber: "2" }),
    inHr("bob", { employeeNumber: "2" }),
  );
  place.file(
    "hr.ldif",
    inHr("ada", { employeeNumber: "9" }) + inHr("bob", { employeeNumber: "1" }),
  );
  const run = await full("hr");
  const badges = async (): Promise<unknown[]> => [
    (await show("ada")).profile["badge"],
    (await show("bob")).profile["badge"],
  ];
  expect(await badges()).toEqual(["9", "1"]);
  const back = await place.json<RunDocument>("imports", "revert", run.run);
  expect(back.counts).toMatchObject({ updated: 2, failed: 0 });
  expect(await badges()).toEqual(["1", "2"]);
});

test("whoever is disabled and has somebody else's unique value loses access, and the run ends", async () => {
  const gone = "    users: { disabled: { attribute: l, values: [gone] } }\n";
  const badge = { corp: gone, mappings: BADGE_MAPPING };
  const people = (l: string): string =>
    inCorp("ada", { employeeNumber: "7" }) + inCorp("bob", { employeeNumber: "7", l });
  await start({ ...badge, profile: "attributes: { badge: {} }" }, people("here"), "");
  both.configure({ ...badge, profile: "attributes: { badge: { unique: true } }" });
  expect((await place.run("doctor")).out).toContain("2 users have had the same value as another");
  place.file("corp.ldif", people("gone"));
  expect((await full("corp")).status).toBe("done");
  expect((await show("bob")).status).toBe("deprovisioned");
});

test.each(["ABC", "ΟΔΟΣ", "İX"])("of two at once, one gets the unique value %s", async (value) => {
  await start(
    { profile: "sources: [corp, hr], attributes: { badge: { unique: true } }" },
    inCorp("ada") + inCorp("bob"),
  );
  const client = await connect(place);
  await client.query("begin");
  await client.query(
    "update users set profile = profile || jsonb_build_object('badge', $1::text), version = version + 1 where login = 'bob@example.org'",
    [value],
  );
  await client.query(
    "insert into unique_values select 'badge', $1, id from users where login = 'bob@example.org'",
    [foldCase(value)],
  );
  const running = place.run("users", "set", "ada@example.org", `badge=${value}`);
  await somethingWaits(place);
  await client.query("commit");
  await client.end();
  expect((await running).status).toBe(1);
  expect((await show("ada")).profile["badge"]).toBeUndefined();
});
