/** Promises that are about what does *not* happen: checkpoints, other directories' links, secrets. */
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { simplePerson, SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";
import { startScriptedLdap } from "../support/scripted-ldap.ts";

let place: Workplace;
let client: Client;

beforeEach(async () => {
  place = await Workplace.create("postgres");
  client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  place.remove();
});

async function rows(sql: string): Promise<unknown[]> {
  return (await client.query(sql)).rows as unknown[];
}

const many = (count: number): string =>
  Array.from({ length: count }, (_, i) => simplePerson(`p${i}`)).join("");

test("the checkpoint moves with a run that is applied whole, and with no other", async () => {
  const configure = (people: string): void => {
    place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", people)}
${SIMPLE_MAPPINGS}`);
  };
  const checkpoint = async (): Promise<unknown> =>
    (await client.query("select run_id from checkpoints")).rows[0] as unknown;
  configure(many(150));
  const first = await place.json<RunDocument>("import", "corp");
  expect(await checkpoint()).toEqual({ run_id: first.run });
  configure(`${many(140)}broken\n`);
  expect((await place.json<RunDocument>("import", "corp")).status).toBe("failed");
  configure(many(140));
  expect((await place.json<RunDocument>("import", "corp", "--dry-run")).status).toBe("done");
  configure(many(10));
  const held = await place.json<RunDocument>("import", "corp");
  expect(held.status).toBe("held");
  expect(await checkpoint()).toEqual({ run_id: first.run });
  await place.run("imports", "cancel", held.run);
  await place.run("force-sync");
  expect(await checkpoint()).toEqual({ run_id: first.run });
  const again = await place.json<RunDocument>("import", "corp");
  await place.run("imports", "approve", again.run);
  expect(await checkpoint()).toEqual({ run_id: again.run });
});

test("an import writes only links of its own directory", async () => {
  const directory = (name: string, people: string): string => `
  ${name}:
    type: ldif
    path: ${place.file(`${name}.ldif`, people)}
    matching: [{ user: login, app: appuser.mail, onMatch: link }]
${SIMPLE_MAPPINGS}`;
  place.configure(`directories:${directory("corp", many(5))}${directory("hr", many(5))}`);
  await place.run("import", "corp");
  await place.run("import", "hr");
  const links = "select * from app_users where directory = 'corp' order by external_id";
  const before = await rows(links);
  place.configure(
    `directories:${directory("corp", many(5))}${directory("hr", `${many(2)}${simplePerson("new", { title: "x" })}`)}`,
  );
  expect((await place.json<RunDocument>("import", "hr")).counts).toMatchObject({
    created: 1,
    removed: 3,
  });
  expect(await rows(links)).toEqual(before);
  // People whom hr lost are still corp's.
  expect([...(await place.users()).values()].every((user) => user.status === "active")).toBe(true);
});

test("a password appears nowhere: not in output, errors, the log or the database", async () => {
  const needle = "n33dle-in-a-haystack";
  await using server = await startScriptedLdap(() => ({ code: 51 }));
  place.environment["LDAP_PASSWORD"] = needle;
  let seen = "";
  for (const url of [server.url, "ldap://127.0.0.1:1", "ldaps://127.0.0.1:1"]) {
    place.configure(`
directories:
  corp:
    type: ldap
    url: ${url}
    timeout: 2
    bind: { dn: "cn=reader", password: "\${LDAP_PASSWORD}" }
    users: { base: "dc=example,dc=org" }
${SIMPLE_MAPPINGS}`);
    place.environment["ROLLCALL_DEBUG"] = "1";
    for (const args of [
      ["import", "corp"],
      ["import", "corp", "--json"],
      ["check"],
      ["check", "--json"],
      ["logs"],
      ["imports", "--json"],
    ]) {
      const { out, err } = await place.run(...args);
      seen += out + err;
    }
  }
  for (const table of ["runs", "run_changes", "system_log", "checkpoints", "leases"]) {
    seen += JSON.stringify(await rows(`select t::text from ${table} t`));
  }
  expect(seen).toContain("ldap.busy");
  expect(seen).not.toContain(needle);
});

test("an exchange of logins that meets a concurrent change leaves every login whole", async () => {
  const configure = (ada: string, bob: string): void => {
    place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", simplePerson("ada", { mail: ada }) + simplePerson("bob", { mail: bob }) + simplePerson("cyd"))}
${SIMPLE_MAPPINGS}`);
  };
  configure("ada@example.org", "bob@example.org");
  await place.run("import", "corp");
  const logins = "select login, login_key, profile->>'firstName' as name from users order by name";
  const before = await rows(logins);
  // Somebody else changes Ada between the decision and its application.
  await client.query(`
    create function planted() returns trigger language plpgsql as $$ begin
      if new.phase = 'applying' then update users set version = version + 1 where login = 'ada@example.org'; end if;
      return new;
    end $$`);
  await client.query(
    "create trigger planted before update on runs for each row execute function planted()",
  );
  configure("bob@example.org", "ada@example.org");
  const met = await place.json<RunDocument>("import", "corp");
  expect(met).toMatchObject({ status: "done", counts: { updated: 0, failed: 2, unchanged: 1 } });
  expect(await rows(logins)).toEqual(before);
  await client.query("drop trigger planted on runs");
  expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
    updated: 2,
    failed: 0,
  });
  expect(await rows(logins)).toMatchObject([
    { login_key: "bob@example.org", name: "ada" },
    { login_key: "ada@example.org", name: "bob" },
    { login_key: "cyd@example.org", name: "cyd" },
  ]);
});

test("a removal that meets a concurrent change is decided again by the next import", async () => {
  const configure = (people: string): void => {
    place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", people)}
${SIMPLE_MAPPINGS}`);
  };
  configure(many(3));
  await place.run("import", "corp");
  await client.query(`
    create function planted() returns trigger language plpgsql as $$ begin
      if new.phase = 'applying' then update users set version = version + 1; end if;
      return new;
    end $$`);
  await client.query(
    "create trigger planted before update on runs for each row execute function planted()",
  );
  configure(many(2));
  expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
    removed: 0,
    failed: 1,
  });
  await client.query("drop trigger planted on runs");
  expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
    removed: 1,
    failed: 0,
  });
  expect((await place.users()).get("p2@example.org")?.status).toBe("deprovisioned");
});

test("a run that ends takes its plan along, in the same transaction", async () => {
  place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", many(5))}
${SIMPLE_MAPPINGS}`);
  await place.run("migrate");
  // Whoever looks when the run is marked as ended finds no row of its plan any more.
  await client.query("create table seen (left_over int)");
  await client.query(`
    create function planted() returns trigger language plpgsql as $$ begin
      insert into seen select count(*) from plan;
      return null;
    end $$`);
  await client.query(`
    create constraint trigger planted after update on runs deferrable initially deferred
    for each row when (new.status in ('done', 'failed')) execute function planted()`);
  await place.run("import", "corp");
  await place.run("import", "corp", "--dry-run");
  place.file("people.ldif", `${many(4)}broken\n`);
  await place.run("import", "corp");
  expect(await rows("select left_over from seen")).toEqual([
    { left_over: 0 },
    { left_over: 0 },
    { left_over: 0 },
  ]);
});
