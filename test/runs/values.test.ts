/** Which source gives a value where not every directory maps, fills or has it. */
import { afterEach, expect, test } from "vitest";
import {
  CorpAndHr,
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

test("an attribute with an order of its own is not filled by whoever creates the user", async () => {
  await start(
    { profile: "sources: [corp, hr], overrides: { title: [hr], email: [hr] }" },
    inCorp("ada", { title: "Countess" }),
    "",
  );
  const { profile } = await show("ada");
  expect(profile).not.toHaveProperty("title");
  // Nobody could be created without an address.
  expect(profile["email"]).toBe("ada@example.org");
});

test("a force sync of one source judges the values of another by the rules of now", async () => {
  const tier = (rules: string): CorpAndHrOptions => {
    return {
      profile: `sources: [hr, corp], attributes: { tier: { ${rules} } }`,
      mappings: "      tier: appuser.ou\n",
    };
  };
  await start(
    tier("enum: [good, better]"),
    inCorp("ada", { ou: "good" }),
    inHr("ada", { ou: "good" }),
  );
  both.configure(tier(""));
  place.file("hr.ldif", inHr("ada", { ou: "bad" }));
  await full("hr");
  both.configure(tier("enum: [good, better]"));
  const run = await place.json<RunDocument>("force-sync", "corp");
  expect(run.counts).toMatchObject({ failed: 1, unchanged: 0 });
});

test("a force sync does not take an entry that cannot be used for a good one", async () => {
  await start({}, inCorp("ada", { title: "Countess" }), "");
  place.file("corp.ldif", inCorp("ada", { title: "Dr" }).replace("entryUUID: ada\n", ""));
  await full("corp");
  const before = await place.json("users", "failing");
  const run = await place.json<RunDocument>("force-sync", "corp");
  expect(run.counts).toMatchObject({ read: 1, failed: 1, updated: 0 });
  expect(await place.json("users", "failing")).toEqual(before);
});

test.each([false, true])(
  "a source that fills in new users only leaves a lost source's value, fallback %s",
  async (fallback) => {
    const once = "      nickName: { expression: appuser.title, apply: create }\n";
    await start(
      { mappings: once, profile: `sources: [corp, hr], fallback: ${String(fallback)}` },
      inCorp("ada", { title: "Countess" }) + inCorp("bob"),
      inHr("ada", { title: "Dr" }),
    );
    await both.files({ corp: inCorp("bob") });
    const { profile, sources } = await show("ada");
    expect([profile["nickName"], sources["nickName"]]).toEqual(["Countess", "okta"]);
  },
);
