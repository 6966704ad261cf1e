/** Expressions that take long hold nobody else up: runs let others have their turn between people. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Breath } from "../../src/lib/breath.ts";
import { ldifPerson, SIMPLE_MAPPINGS, Workplace } from "../support/rollcall.ts";
import { ScriptedScim } from "../support/scripted-scim.ts";

const PEOPLE = 20;
let place: Workplace;
let scim: ScriptedScim;

/** @param names of those who are there @param title of each @param prefix of their identifiers */
function configure(
  names: readonly string[],
  title: string,
  nickName = "appuser.sn",
  prefix = "",
): void {
  const people = names.map((name) =>
    ldifPerson(prefix + name, { mail: `${name}@example.org`, givenName: name, sn: "Test", title }),
  );
  place.configure(`importSafeguard: off
directories:
  corp:
    type: ldif
    path: ${place.file("p.ldif", people.join(""))}
    importSafeguard: off
    matching: [{ user: login, app: appuser.mail }]${SIMPLE_MAPPINGS}      nickName: ${nickName}
apps:
  dx: { type: scim, url: "${scim.url}", auth: { bearer: "a-secret-of-the-app" }, safeguard: off,
    provisioning: { create: true, update: true, deactivate: true }, assign: [everyone], toApp: { nickName: user.lastName } }
`);
}

const all = Array.from({ length: PEOPLE }, (_, i) => `p${i}`);

beforeAll(async () => {
  place = await Workplace.create("postgres");
  scim = await ScriptedScim.start();
});
afterAll(async () => {
  await scim[Symbol.asyncDispose]();
  place.remove();
});

/** By the file whose loop it is, how often others had their turn while a command ran. */
async function turnsDuring(...command: string[]): Promise<(file: string) => number> {
  const turns = new Map<string, number>();
  // As if each person took longer than anybody is left waiting.
  using _ = vi.spyOn(Breath.prototype, "isDue", "get").mockImplementation(() => {
    const frames = (new Error("asked").stack ?? "").split("\n");
    const file = frames.find((one) => one.includes("/src/") && !one.includes("/lib/breath.ts"));
    const name = /\/src\/([\w/-]+)\.ts/.exec(file ?? "")?.[1] ?? "nobody";
    turns.set(name, (turns.get(name) ?? 0) + 1);
    return true;
  });
  using taken = vi.spyOn(Breath.prototype, "take");
  const { status, err } = await place.run(...command);
  expect({ status, err: status === 0 ? "" : err }).toEqual({ status: 0, err: "" });
  // Whoever asks and is told yes gives the turn.
  expect(taken.mock.calls).toHaveLength([...turns.values()].reduce((sum, one) => sum + one, 0));
  return (name) => turns.get(name) ?? 0;
}

test("in an import of people who are new", async () => {
  configure(all, "1");
  const turns = await turnsDuring("import", "corp");
  expect(turns("engine/people/known")).toBeGreaterThanOrEqual(PEOPLE);
  expect(turns("runs/reading/entries")).toBeGreaterThanOrEqual(PEOPLE);
});

test("in a force sync, of whoever stays the same and of whoever changes", async () => {
  expect((await turnsDuring("force-sync", "corp"))("runs/force-sync")).toBe(PEOPLE);
  configure(all, "1", "appuser.givenName");
  // Once to see that they change, once to decide.
  expect((await turnsDuring("force-sync", "corp"))("runs/force-sync")).toBe(2 * PEOPLE);
});

test("in an import in which all have left, and one in which all were made anew", async () => {
  configure(["other"], "1");
  const left = await turnsDuring("import", "corp", "--full");
  expect(left("runs/reading/leavers")).toBeGreaterThanOrEqual(PEOPLE);
  configure(all, "2");
  await place.run("import", "corp", "--full");
  configure(all, "2", "appuser.sn", "new-");
  const anew = await turnsDuring("import", "corp", "--full");
  expect(anew("runs/reading/who-is-who")).toBe(PEOPLE);
  expect((await place.users()).size).toBe(PEOPLE + 1);
});

test("in a push, as its plan is made and as it is sent", async () => {
  // Assigned or not, and then as what; both once more before anything is sent.
  const turns = await turnsDuring("push", "dx");
  expect(turns("engine/accounts/desk")).toBeGreaterThanOrEqual(4 * PEOPLE);
  expect(scim.users.size).toBe(PEOPLE);
});

test("in previews of a directory and of an app", async () => {
  const directory = await turnsDuring("preview", "corp");
  expect(directory("questions/preview/decide-batch")).toBeGreaterThanOrEqual(PEOPLE);
  const app = await turnsDuring("apps", "preview", "dx");
  expect(app("engine/accounts/desk")).toBeGreaterThanOrEqual(PEOPLE);
});
