/** Every page of docs/how-to works as it is written; that of Active Directory in `directories/samba.test.ts`. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { HowTo } from "../support/how-to.ts";
import { person, toLdif, treeLdif } from "../support/people.ts";
import { databaseUrl } from "../support/postgres.ts";
import { freePort } from "../support/process.ts";
import { createDatabase } from "../support/rollcall.ts";
import { startSlapd } from "../support/slapd.ts";

let page: HowTo;
let url: string;
beforeEach(async () => {
  url = await createDatabase("template0");
  const fresh = `restored_${Date.now()}`;
  page = new HowTo(
    {
      DATABASE_URL: url,
      NEW_DATABASE: fresh,
      NEW_DATABASE_URL: databaseUrl(url, fresh),
      HTTP_PORT: String(await freePort()),
    },
    inject("servers").onCitus,
  );
});
afterEach(() => page.remove());

/** A file of people, and a configuration that `init` made of it, imported. */
function imported(people: number): void {
  const names = Array.from({ length: people }, (_, at) => (at === 0 ? "ada" : `p${at}`));
  const rows = names.map((name, at) => `${at + 1},${name}@example.org,${name},Test,Engineer`);
  writeFileSync(join(page.folder, "hr.csv"), `id,mail,first,last,title\n${rows.join("\n")}\n`);
  page.environment["ROLLCALL_CONFIG"] = "rollcall.yaml";
  page.run("rollcall init hr.csv --yes && rollcall import hr");
}

test("02-connect-openldap", async () => {
  const suffix = "dc=example,dc=org";
  const people = Array.from({ length: 20 }, (_, at) => toLdif(person(at), suffix, true)).join("");
  const slapd = await startSlapd({ ldif: treeLdif(suffix) + people });
  try {
    expect(
      page.follow("02-connect-openldap", {
        "ldap://ldap.example.org": slapd.url,
        "the password": slapd.password,
      }),
    ).toBeGreaterThan(0);
  } finally {
    await slapd.stop();
  }
});

test("03-add-a-file-from-human-resources", () => {
  expect(page.follow("03-add-a-file-from-human-resources")).toBeGreaterThan(0);
});

test("04-change-mappings-safely", () => {
  imported(2);
  writeFileSync(
    join(page.folder, "hr.csv"),
    "id,mail,first,last\n1,ada@example.org,Ada,Lovelace\n2,bob@example.org,Bob,Byte\n",
  );
  page.run("rm rollcall.yaml && rollcall init hr.csv --yes && rollcall import hr");
  expect(page.follow("04-change-mappings-safely")).toBeGreaterThan(0);
});

test.each(["05-an-import-is-held", "06-a-value-is-wrong", "08-upgrade", "09-distribute-history"])(
  "%s",
  (name) => {
    imported(30);
    expect(page.follow(name)).toBeGreaterThan(0);
  },
);

test("07-run-two-replicas", async () => {
  imported(3);
  const schedule = `    schedule: { incremental: "*/15 * * * *", full: "0 2 * * *", timezone: Europe/Berlin }`;
  page.run(
    `sed -i 's/^    path: hr.csv$/&\\n${schedule.replaceAll("/", "\\/").replaceAll("*", "\\*")}/' rollcall.yaml\nprintf 'http: { port: "\${HTTP_PORT}" }\\n' >> rollcall.yaml`,
  );
  expect(
    page.follow("07-run-two-replicas", {
      "18181": String(await freePort()),
    }),
  ).toBeGreaterThan(0);
});

test("no page is left out", () => {
  const pages = readdirSync("docs/how-to").map((file) => file.replace(/\.md$/, ""));
  expect(pages.toSorted()).toEqual([
    "01-connect-active-directory",
    "02-connect-openldap",
    "03-add-a-file-from-human-resources",
    "04-change-mappings-safely",
    "05-an-import-is-held",
    "06-a-value-is-wrong",
    "07-run-two-replicas",
    "08-upgrade",
    "09-distribute-history",
  ]);
});
