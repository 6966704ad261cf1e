/** Putting runs back, and how long what runs did is kept. */
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { reidentify } from "../support/reidentify.ts";
import {
  DATABASES,
  simplePerson,
  SIMPLE_MAPPINGS,
  Workplace,
  type ExportedUser,
  type RunDocument,
} from "../support/rollcall.ts";

let place: Workplace;

interface Shown {
  readonly history: readonly { action: string; run: string; kind: string; changes: unknown[] }[];
  readonly createdAt: string;
}

const withoutId = ({ login, status, profile }: ExportedUser): unknown => [login, status, profile];

describe.each(DATABASES)("putting back, %s", (database) => {
  beforeEach(async () => {
    place = await Workplace.create(database);
  });
  afterEach(() => place.remove());

  function setup(people: string, more = "", mappings = SIMPLE_MAPPINGS): void {
    place.configure(
      `${more}\ndirectories:\n  corp:\n    type: ldif\n    importSafeguard: off\n    path: ${place.file("people.ldif", people)}\n${mappings}`,
    );
  }
  const imported = (): Promise<RunDocument> => place.json<RunDocument>("import", "corp");
  const revert = (run: RunDocument, ...options: string[]): Promise<RunDocument> =>
    place.json<RunDocument>("imports", "revert", run.run, ...options);
  /** Without what a write leaves behind. */
  const state = async (): Promise<ExportedUser[]> => [...(await place.users()).values()];
  const appUsers = async (login: string): Promise<unknown> =>
    (
      await place.json<{ appUsers: { lastImported: string }[] }>("users", "show", login)
    ).appUsers.map((one) => ({ ...one, lastImported: null }));

  const before =
    simplePerson("ada", { title: "Countess" }) +
    simplePerson("bob") +
    simplePerson("cyd") +
    simplePerson("dan", { mail: "dan@example.org" });
  const after =
    simplePerson("ada", { title: "Queen" }) +
    simplePerson("cyd", { mail: "dan@example.org" }) +
    simplePerson("dan", { mail: "cyd@example.org" }) +
    simplePerson("eve");

  test("changed, removed, new people and exchanged logins are as before the run", async () => {
    setup(before);
    await imported();
    const [users, ada] = [await state(), await appUsers("ada@example.org")];
    setup(after);
    const run = await imported();
    expect(run.counts).toMatchObject({ created: 1, updated: 3, removed: 1 });
    const dry = await revert(run, "--dry-run");
    expect(dry).toMatchObject({ dryRun: true, counts: { updated: 4, removed: 1, skipped: 0 } });
    expect(await state()).not.toEqual(users);
    const reverted = await revert(run);
    expect(reverted).toMatchObject({
      kind: "revert",
      status: "done",
      reverts: run.run,
      counts: { read: 5, updated: 4, removed: 1, skipped: 0, failed: 0 },
    });
    expect(await state()).toEqual(users);
    expect(await appUsers("ada@example.org")).toEqual(ada);
    const told = await place.events(
      `eventType sw "system.import.revert" and transaction.id eq "${reverted.run}"`,
    );
    expect(told.map((event) => event.eventType)).toEqual([
      "system.import.revert.start",
      "system.import.revert.complete",
    ]);
    expect(await place.events('eventType eq "user.lifecycle.delete.completed"')).toHaveLength(1);
  });

  test("the next import is a full one and decides about everybody again", async () => {
    setup(before);
    await imported();
    setup(after);
    const run = await imported();
    const wanted = (await state()).map(withoutId);
    await revert(run);
    const again = await place.json<RunDocument>("import", "corp", "--incremental");
    expect(again).toMatchObject({
      type: "full",
      converted: { reason: expect.stringContaining(run.run) },
    });
    expect(again.counts).toMatchObject({ created: 1, updated: 3, removed: 1, unchanged: 0 });
    expect((await state()).map(withoutId)).toEqual(wanted);
    expect((await imported()).counts).toMatchObject({ unchanged: 4, updated: 0 });
  });

  test("whoever was changed since is left out and named", async () => {
    setup(before);
    await imported();
    setup(after);
    const run = await imported();
    setup(after.replace("Queen", "Empress"));
    await imported();
    const reverted = await revert(run);
    expect(reverted).toMatchObject({
      status: "done",
      counts: { skipped: 1, updated: 3, removed: 1 },
    });
    const { changes = [] } = await place.json<RunDocument>(
      "imports",
      "show",
      reverted.run,
      "--action",
      "skipped",
    );
    expect(changes).toMatchObject([{ login: "ada@example.org", reason: "changedSince" }]);
    expect((await place.users()).get("ada@example.org")?.profile).toMatchObject({
      title: "Empress",
    });
  });

  test("a login that somebody else has by now stays with that one", async () => {
    setup(simplePerson("ada", { mail: "first@example.org" }));
    await imported();
    setup(simplePerson("ada", { mail: "second@example.org" }));
    const run = await imported();
    setup(
      simplePerson("ada", { mail: "second@example.org" }) +
        simplePerson("bob", { mail: "first@example.org" }),
    );
    await imported();
    const reverted = await revert(run);
    expect(reverted).toMatchObject({ status: "done", counts: { failed: 1, updated: 0 } });
    expect([...(await place.users()).keys()]).toEqual(["first@example.org", "second@example.org"]);
  });

  test("putting back a first import of many is held, because it takes everybody's access", async () => {
    const many = Array.from({ length: 150 }, (_, i) => simplePerson(`p${i}`)).join("");
    setup(many);
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    path: ${place.folder}/people.ldif\n${SIMPLE_MAPPINGS}`,
    );
    const run = await imported();
    const held = await revert(run);
    expect(held).toMatchObject({ status: "held", held: { of: "removals", removals: 150 } });
    expect((await place.users()).size).toBe(150);
    await place.run("imports", "approve", held.run);
    expect((await place.users()).size).toBe(0);
    expect((await imported()).counts).toMatchObject({ created: 150 });
  });

  test("a force sync and a removal under `keep` are put back as well; dry and held runs cannot be", async () => {
    setup(before);
    await imported();
    const users = await state();
    setup(before, "", SIMPLE_MAPPINGS.replace("title: appuser.title", `title: "'Member'"`));
    const sync = await place.json<RunDocument>("force-sync", "corp");
    expect(await state()).not.toEqual(users);
    expect((await revert(sync)).counts).toMatchObject({ updated: 4 });
    expect(await state()).toEqual(users);
    setup(before);
    const dry = await place.json<RunDocument>("import", "corp", "--dry-run");
    const { status, err } = await place.run("imports", "revert", dry.run);
    expect(status).toBe(1);
    expect(err).toContain("run.notFinished");
  });

  test("users show has the last changes of one person", async () => {
    setup(before);
    await imported();
    setup(after);
    const run = await imported();
    await revert(run);
    const { history, createdAt } = await place.json<Shown>("users", "show", "ada@example.org");
    expect(history).toMatchObject([
      {
        kind: "revert",
        changes: [{ attribute: "title", from: "Queen", to: "Countess", source: "corp" }],
      },
      {
        kind: "import",
        run: run.run,
        changes: [{ attribute: "title", from: "Countess", to: "Queen" }],
      },
    ]);
    const { out } = await place.run("users", "show", "ada@example.org");
    expect(out).toContain("title: Queen → Countess  (corp)");
    expect(out).toContain(`${createdAt}  created`);
  });
});

describe("what is kept", () => {
  const DAY = 86_400_000;
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

  function setup(title: string, history: string): void {
    place.configure(
      `history: ${history}\ndirectories:\n  corp:\n    type: ldif\n    path: ${place.file("people.ldif", simplePerson("ada", { title }))}\n${SIMPLE_MAPPINGS}`,
    );
  }

  /** Makes all runs so far older, as if time had passed. */
  async function age(days: number): Promise<void> {
    const hex = (time: number): string => time.toString(16).padStart(12, "0");
    const ids = await client.query("select id::text as id from runs");
    for (const { id } of ids.rows as { id: string }[]) {
      const time = Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16) - days * DAY;
      const older = `${hex(time).slice(0, 8)}-${hex(time).slice(8)}${id.slice(13)}`;
      for (const [table, column] of [
        ["runs", "id"],
        ["run_changes", "run_id"],
        ["run_undo", "run_id"],
        ["checkpoints", "run_id"],
      ] as const) {
        await reidentify((one) => client.query(one), { table, column }, id, older);
      }
    }
    await client.query(
      `update runs set started_at = started_at - interval '${days} days', finished_at = finished_at - interval '${days} days'`,
    );
  }
  const count = async (table: string): Promise<number> =>
    Number((await client.query(`select count(*) as n from ${table}`)).rows[0]?.n);

  test("images go after history.undoDays, runs after history.runDays; the last good import stays", async () => {
    setup("1", "{ undoDays: 30, runDays: 100 }");
    for (const title of ["1", "2", "3"]) {
      setup(title, "{ undoDays: 30, runDays: 100 }");
      await place.run("import", "corp");
    }
    const [last] = await place.json<RunDocument[]>("imports", "list");
    expect(await count("run_undo")).toBe(2);
    await age(40);
    const runs = await place.json<RunDocument[]>("imports", "list");
    const { err } = await place.run("imports", "revert", runs[0]?.run ?? "");
    expect(err).toContain("run.undoExpired");
    await place.run("import", "corp");
    expect([await count("run_undo"), await count("run_changes"), await count("runs")]).toEqual([
      0, 3, 4,
    ]);
    await age(70);
    await place.run("import", "corp", "--dry-run");
    expect(await count("run_changes")).toBe(3);
    setup("4", "{ undoDays: 30, runDays: 100 }");
    await place.run("import", "corp");
    // Three runs are 110 days old; the fourth was 70 and is the last good import no more.
    expect([await count("run_undo"), await count("run_changes")]).toEqual([1, 1]);
    expect(last).toBeDefined();
    await age(400);
    await place.run("import", "corp");
    // What the checkpoint names and what was done last are still there.
    expect(await place.json<RunDocument[]>("imports", "list")).toHaveLength(1);
  });

  test("undoDays: 0 keeps no images", async () => {
    for (const title of ["1", "2"]) {
      setup(title, "{ undoDays: 0 }");
      await place.run("import", "corp");
    }
    expect(await count("run_undo")).toBe(0);
  });
});
