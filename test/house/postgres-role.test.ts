/** A role that owns one database and has no other right is enough for everything. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { query } from "../support/postgres.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

let owner: Workplace;
const role = `rollcall_${process.pid}`;

beforeAll(async () => {
  owner = await Workplace.create("postgres");
});
afterAll(() => owner.remove());

test("as the compose file makes it: no superuser, no right to make roles or databases", async () => {
  const admin = owner.databaseUrl ?? "";
  await query(admin, `create role ${role} login nosuperuser nocreatedb nocreaterole password 'x'`);
  await query(admin, `create database ${role} owner ${role}`);
  await query(admin, `revoke all on database ${role} from public`);
  const url = new URL(admin);
  Object.assign(url, { username: role, password: "x", pathname: `/${role}` });
  const place = Workplace.at(url.href);
  try {
    const people = ["ada", "bob"].map((name) => simplePerson(name)).join("");
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    importSafeguard: off\n    path: ${place.file("p.ldif", people)}\n    matching: [{ user: email, app: appuser.mail }]${SIMPLE_MAPPINGS}`,
    );
    expect(await place.json("import", "corp")).toMatchObject({ counts: { created: 2 } });
    place.file("p.ldif", simplePerson("ada"));
    const run = await place.json<{ run: string }>("import", "corp");
    for (const command of [
      ["imports", "revert", run.run],
      ["force-sync"],
      ["check"],
      ["doctor"],
      ["migrate"],
      ["logs"],
    ])
      expect(await place.run(...command), command.join(" ")).toMatchObject({ status: 0 });
  } finally {
    place.remove();
    await query(admin, `drop database ${role} with (force)`);
    await query(admin, `drop role ${role}`);
  }
});
