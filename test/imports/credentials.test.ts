/** What lets people in elsewhere is not kept here. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CorpAndHr } from "../support/corp-and-hr.ts";
import { ldifPerson } from "../support/rollcall.ts";

test("credentials of people are not kept, unless they are asked for by name", async () => {
  const secret = "{SSHA}dGhlIGhhc2g=";
  const both = await CorpAndHr.start(
    {},
    ldifPerson("ada", {
      mail: "ada@example.org",
      givenName: "Ada",
      sn: "L",
      userPassword: secret,
      "unicodePwd;binary": "x",
    }),
  );
  const { place } = both;
  for (const command of [
    ["users", "show", "ada@example.org", "--json"],
    ["users", "export", "--app-profiles"],
  ]) {
    const { out } = await place.run(...command);
    expect(out.toLowerCase()).not.toContain("userpassword");
    expect(out).not.toContain("unicodePwd");
  }
  const asked = readFileSync(place.config, "utf8").replace(
    "importSafeguard: off",
    'importSafeguard: off\n    users: { attributes: ["*", userPassword] }',
  );
  writeFileSync(place.config, asked);
  await both.full("corp");
  expect((await place.run("users", "show", "ada@example.org")).out).toContain("userPassword");
  place.remove();
});
