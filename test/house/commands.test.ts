/** What people and scripts see of the commands: exit statuses, JSON and nothing else, help. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { simplePerson, SIMPLE_MAPPINGS, Workplace } from "../support/rollcall.ts";

let place: Workplace;
let heldRun: string;

beforeAll(async () => {
  place = await Workplace.create("postgres");
  place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", simplePerson("ada") + simplePerson("bob", { givenName: "=cmd()" }) + simplePerson("bad", { mail: "x" }))}
${SIMPLE_MAPPINGS}`);
  await place.run("import", "corp");
  place.file("people.ldif", "dn: dc=x\nobjectClass: domain\n");
  heldRun = (await place.json<{ run: string }>("import", "corp")).run;
});
afterAll(() => place.remove());

describe("--json prints one document and nothing else on standard output", () => {
  test.each([
    ["import", "corp"],
    ["import", "corp", "--dry-run"],
    ["imports"],
    ["imports", "list", "--status", "held"],
    ["force-sync"],
    ["force-sync", "corp", "--dry-run"],
    ["force-sync", "--user", "ada@example.org"],
    ["preview", "corp"],
    ["preview", "corp", "--user", "ada@example.org"],
    ["users"],
    ["users", "show", "ADA@example.org"],
    ["check"],
    ["migrate"],
    ["users", "show", "nobody"],
    ["import", "nowhere"],
    ["logs", "--filter", "nonsense"],
    ["nonsense"],
    ["import"],
  ])("%s %s %s", async (...args) => {
    const { out } = await place.run(...args.filter(Boolean), "--json");
    expect(() => JSON.parse(out) as unknown).not.toThrow();
  });

  test.each([["logs"], ["users", "export"]])("%s %s prints a document a line", async (...args) => {
    const { out } = await place.run(...args.filter(Boolean), "--json");
    const lines = out.split("\n").filter(Boolean);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });
});

test.each([
  [0, ["users"]],
  [0, ["--help"]],
  [0, ["imports", "show", "--help"]],
  [1, ["users", "show", "nobody"]],
  [1, ["imports", "show", "0000"]],
  [1, ["imports", "approve", "ffff"]],
  [2, ["logs", "--filter", "eventType eq"]],
  [2, ["logs", "--filter", 'eventType eq "a\\u0000b"']],
  [0, ["logs", "--since", "999999w"]],
  [2, ["logs", "--since", "0000-01-01T00:00:00Z"]],
  [2, ["imports", "--status", "bogus"]],
  [0, ["--version"]],
  [0, ["--json", "imports"]],
  [2, ["logs", "--since", "yesterday"]],
  [2, ["nonsense"]],
  [2, ["import"]],
  [2, ["import", "corp", "--full", "--incremental"]],
  [2, ["import", "nowhere"]],
  [2, ["users", "--limit", "many"]],
  [2, ["users", "--nonsense"]],
  [2, ["users", "--config", "/nowhere.yaml"]],
  [2, ["preview", "corp", "--user", "ada@example.org", "--expression", "appuser.x +"]],
  [3, ["import", "corp"]],
])("exit status %i: %s", async (status, args) => {
  const result = await place.run(...args);
  expect(result.status).toBe(status);
  expect(result.err + result.out).not.toMatch(/^\s+at .*\.ts:\d+/m);
  if (status === 1 || status === 2) expect(result.err).not.toBe("");
});

test("mappings with faults are refused before anything is started, all of them, with a caret", async () => {
  const other = await Workplace.create("postgres");
  other.configure(`
directories:
  corp:
    type: ldif
    path: ./x
    toOkta:
      logn: appuser.mail
      email: appuser.mail +
      title: String.upper(appuser.title)
`);
  for (const args of [["check"], ["import", "corp"], ["serve"]]) {
    const { status, err } = await other.run(...args);
    expect(status).toBe(2);
    expect(err).toContain("logn is not an attribute of the user profile; do you mean login?");
    expect(err).toContain("column 15\n      appuser.mail +\n                    ^");
    expect(err).toContain("There is no function String.upper");
    expect(err).toContain("no mapping for login");
  }
  other.remove();
});

test.each([
  [["preview", "corp"]],
  [["preview", "corp", "--live"]],
  [["preview", "corp", "--diff"]],
  [["check"]],
])("%j that is interrupted says so", async (args) => {
  const file = args.includes("--diff") ? [place.config] : [];
  const { err, out, status } = await place.runWith(AbortSignal.abort(), ...args, ...file);
  expect(status).toBe(1);
  expect(err + out).toContain("run.interrupted");
  expect(err + out).not.toContain("internal.error");
});

test("a held run shows everybody concerned; preview and export are what they say", async () => {
  const held = await place.json<{ run: string; changes: unknown[]; next: number | null }>(
    "imports",
    "show",
    heldRun,
    "--limit",
    "2",
  );
  expect(held.changes).toHaveLength(2);
  expect(held.next).not.toBeNull();
  const preview = await place.run(
    "preview",
    "corp",
    "--user",
    "ada@example.org",
    "--attribute",
    "title",
    "--expression",
    "appuser.sn + '!'",
  );
  expect(preview.out).toContain("title = Test!");
  const { out } = await place.run("users", "export");
  const [head, ...lines] = out.trimEnd().split("\r\n");
  expect(head).toMatch(/^id,status,login,firstName,/);
  expect(lines).toHaveLength(2);
  expect(out).toContain("'=cmd()");
});

test("check says that nobody can be identified, before an import fails for everybody", async () => {
  const place = await Workplace.create("postgres");
  place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", simplePerson("ada"))}
    users: { id: employeNumber }
${SIMPLE_MAPPINGS}`);
  const { status, out } = await place.run("check");
  expect(status).toBe(1);
  expect(out).toContain("entry.idMissing");
  place.remove();
});

test("a wrong limit of the safeguard is named with its key and what would be right", async () => {
  const place = await Workplace.create("postgres");
  place.configure(`
directories:
  corp:
    type: ldif
    path: x
    importSafeguard: { percent: twenty, drop: 400, update: 3 }
${SIMPLE_MAPPINGS}`);
  const { status, err } = await place.run("check");
  expect(status).toBe(2);
  const percentage = "a percentage from 0 to 100 (without a sign), or off, is expected";
  expect(err).toContain(`directories.corp.importSafeguard.percent: ${percentage}`);
  expect(err).toContain("directories.corp.importSafeguard.drop: Too big");
  expect(err).toContain("directories.corp.importSafeguard.update: unknown key");
  place.remove();
});
