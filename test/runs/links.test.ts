/** Links that people cut and make, and what imports, plans and reverts make of them. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { query } from "../imports/faults/world.ts";
import { PROGRAM } from "../support/program.ts";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, somethingWaits } from "../support/locks.ts";
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

describe("links by hand", () => {
  test("a confirmation that fails leaves the entry set aside", async () => {
    await start(
      { corp: "    matching: [{ user: login, app: appuser.mail, onMatch: link }]\n" },
      inCorp("ada") + inCorp("bob"),
      "",
    );
    await place.run("users", "unlink", "ada@example.org", "corp");
    expect((await place.run("imports", "confirm", "corp", "ada")).status).toBe(1);
    await full("corp");
    expect((await show("ada")).status).toBe("deprovisioned");
    expect((await place.run("imports", "unmatched", "--ignored")).out).toContain("uid=ada");
  });

  test("putting an unlinking back does not take the entry from somebody else, nor back from the gone", async () => {
    await start({}, inCorp("ada") + inCorp("bob"), inHr("ada", { title: "Dr" }));
    const cut = await place.json<RunDocument>("users", "unlink", "ada@example.org", "hr");
    await place.run("users", "link", "bob@example.org", "hr", "ada");
    const back = await place.json<RunDocument>("imports", "revert", cut.run);
    expect(back.counts).toMatchObject({ updated: 0, skipped: 1 });
    expect((await show("bob")).appUsers.map((one) => one.directory)).toEqual(["corp", "hr"]);
    const last = await place.json<RunDocument>("users", "unlink", "ada@example.org", "corp");
    place.file("corp.ldif", inCorp("bob"));
    await full("corp");
    await place.run("imports", "revert", last.run);
    expect((await show("ada")).status).toBe("deprovisioned");
  });

  test("an entry that was set aside is left out of a held plan that would create it", async () => {
    await start({}, inCorp("ada"), "");
    const text = readFileSync(place.config, "utf8");
    writeFileSync(
      place.config,
      text.replace("importSafeguard: off", "importSafeguard: { count: 0 }"),
    );
    // The entry is kept without a user first, so that somebody can set it aside.
    writeFileSync(
      place.config,
      readFileSync(place.config, "utf8").replace(
        `${place.folder}/corp.ldif\n`,
        `${place.folder}/corp.ldif\n    onNoMatch: ignore\n`,
      ),
    );
    place.file("corp.ldif", inCorp("ada") + inCorp("eve"));
    await full("corp");
    writeFileSync(
      place.config,
      readFileSync(place.config, "utf8").replace("    onNoMatch: ignore\n", ""),
    );
    place.file("corp.ldif", inCorp("eve"));
    const held = await full("corp");
    expect(held.status).toBe("held");
    await place.run("imports", "ignore", "corp", "eve");
    const approved = await place.json<RunDocument>("imports", "approve", held.run);
    expect(approved.counts).toMatchObject({ removed: 1, created: 0, skipped: 1 });
    expect((await place.users()).has("eve@example.org")).toBe(false);
  });

  test("cutting the last link shows that access is lost", async () => {
    await start({}, inCorp("ada"), "");
    const { out } = await place.run("users", "unlink", "ada@example.org", "corp", "--dry-run");
    expect(out).toContain("status: active → deprovisioned");
    expect((await show("ada")).status).toBe("active");
    await place.run("users", "unlink", "ada@example.org", "corp");
    // A person can make what an import took away a decision of their own.
    expect((await place.run("users", "deactivate", "ada@example.org")).status).toBe(0);
    await place.run("users", "link", "ada@example.org", "corp", "ada");
    expect((await show("ada")).status).toBe("deprovisioned");
  });
});

test("a link that somebody wants cut is kept until that is decided", async () => {
  await start({ guard: "{ count: 0 }" }, inCorp("ada") + inCorp("bob"));
  const cut = await place.json<RunDocument>("users", "unlink", "ada@example.org", "corp");
  expect(cut.status).toBe("held");
  await full("corp");
  expect(await place.json("imports", "show", cut.run)).toMatchObject({ status: "held" });
});

test("an interrupted import is finished before somebody is ignored", async () => {
  await start({ corp: "    onNoMatch: ignore\n" }, inCorp("eve"));
  both.configure({});
  const client = await connect(place);
  await client.query("begin");
  await client.query(
    "insert into users (id, login, login_key, status, profile, sources, version) values (gen_random_uuid(), 'eve@example.org', 'eve@example.org', 'active', '{}', '{}', 1)",
  );
  const child = spawn(
    process.execPath,
    [PROGRAM, "import", "corp", "--full", "--config", place.config],
    { stdio: "ignore" },
  );
  await somethingWaits(place);
  child.kill("SIGKILL");
  await once(child, "close");
  await client.query("rollback");
  await client.end();
  const ignored = await place.run("imports", "ignore", "corp", "eve");
  expect(ignored).toMatchObject({
    status: 1,
    err: expect.stringContaining("users unlink") as string,
  });
  expect(await query(place, "select link->>'how' as how from app_users")).toEqual([
    { how: "created" },
  ]);
});

test("a link that is made again is not set aside, also of somebody from before links had an origin", async () => {
  await start({}, inCorp("ada") + inCorp("bob"));
  await query(place, "update app_users set link = null");
  const cut = await place.json<RunDocument>("users", "unlink", "ada@example.org", "corp");
  await place.run("imports", "revert", cut.run);
  await both.files({ corp: inCorp("bob") });
  await place.run("users", "delete", "ada@example.org");
  await both.files({ corp: inCorp("ada") + inCorp("bob") });
  expect((await show("ada")).status).toBe("active");
});
