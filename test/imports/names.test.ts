/** One name is one name, however it is spelled; what only looks like one is refused. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  DATABASES,
  SIMPLE_MAPPINGS,
  simplePerson,
  Workplace,
  type RunDocument,
} from "../support/rollcall.ts";

let place: Workplace;

const base64 = (text: string): string => Buffer.from(text).toString("base64");
/** A person whose mail is any text. */
const withMail = (name: string, mail: string): string =>
  simplePerson(name).replace(/^mail: .*$/m, `mail:: ${base64(mail)}`);

describe.each(DATABASES)("names, %s", (database) => {
  beforeEach(async () => {
    place = await Workplace.create(database);
  });
  afterEach(() => place.remove());

  async function imported(people: string, more = "", profile = ""): Promise<RunDocument> {
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    importSafeguard: off\n    path: ${place.file("p.ldif", people)}\n${more}${SIMPLE_MAPPINGS}${profile}`,
    );
    return await place.json<RunDocument>("import", "corp", "--full");
  }
  const failures = async (): Promise<Map<string, string>> => {
    const { out } = await place.run("users", "failing", "--json");
    return new Map(
      [...out.matchAll(/"code": "([^"]+)"[^]*?"field": "([^"]+)"/g)].map((one) => [
        one[2] ?? "",
        one[1] ?? "",
      ]),
    );
  };

  test("a login in wide letters, decomposed, or with another sigma is the login that is there", async () => {
    const people =
      withMail("one", "amélie@example.org") +
      withMail("two", "ame\u0301lie@example.org") +
      withMail("three", "ＡＭＥ\u0301ＬＩＥ@example.org") +
      withMail("four", "νίκος@example.org") +
      withMail("five", "ΝΊΚΟΣ@example.org");
    expect((await imported(people)).counts).toMatchObject({ created: 2, failed: 3 });
    expect([...(await failures()).values()]).toEqual(["notUniqueWithinOrg"]);
  });

  test("signs that nobody sees make no login and no address", async () => {
    const signs = [
      "\u00ad",
      "\u200b",
      "\u2060",
      "\ufeff",
      "\u202e",
      "\u3164",
      "\u00a0",
      "\u{e0061}",
    ];
    const people = signs.map((sign, i) => withMail(`p${i}`, `ad${sign}min@example.org`)).join("");
    expect((await imported(people + withMail("ok", "admin@example.org"))).counts).toMatchObject({
      created: 1,
      failed: signs.length,
    });
    for (const how of [
      ["users", "create", "ad\u200bmin@x.org", "email=a@b.org", "firstName=a", "lastName=b"],
      ["users", "set", "admin@example.org", "secondEmail=a\u202e@b.org"],
    ])
      expect((await place.run(...how)).status).toBe(1);
  });

  test("matching and unique values go by the same form", async () => {
    const badge = "      badge: appuser.employeeNumber\n";
    const profile = "profile: { attributes: { badge: { unique: true } } }\n";
    const matching = "    matching: [{ user: lastName, app: appuser.sn, onMatch: link }]\n";
    await imported("", matching, `${badge}${profile}`);
    const values = ["email=x@y.org", "firstName=X", "lastName=ﬁsher"];
    expect((await place.run("users", "create", "x@y.org", ...values)).status).toBe(0);
    const ada = simplePerson("ada", { sn: "Other", employeeNumber: "B-1" });
    const bob = simplePerson("bob", { sn: "Another" });
    const wide = bob.replace("\n\n", `\nemployeeNumber:: ${base64("Ｂ－１")}\n\n`);
    const fisher = simplePerson("fisher", { sn: "FISHER" });
    const run = await imported(ada + wide + fisher, matching, `${badge}${profile}`);
    expect(await place.json("users", "show", "fisher@example.org")).toMatchObject({
      appUsers: [{ externalId: "fisher" }],
    });
    expect(run.counts).toMatchObject({ created: 1, updated: 1, failed: 1 });
  });
});
