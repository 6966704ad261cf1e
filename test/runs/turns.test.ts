/** Expressions that take long hold nobody else up: runs let others have their turn between people. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Breath } from "../../src/lib/breath.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";
import { ScriptedScim } from "../support/scripted-scim.ts";

const PEOPLE = 20;
let place: Workplace;
let scim: ScriptedScim;

/** @param names of those who are there @param title of each */
function configure(names: readonly string[], title: string): void {
  const people = names.map((name) => simplePerson(name, { title }));
  place.configure(`importSafeguard: off
directories:
  corp:
    type: ldif
    path: ${place.file("p.ldif", people.join(""))}
    importSafeguard: off${SIMPLE_MAPPINGS}      nickName: appuser.sn
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

/** How often others had their turn while a command ran. */
async function turnsDuring(...command: string[]): Promise<number> {
  // As if each person took longer than anybody is left waiting.
  using _ = vi.spyOn(Breath.prototype, "isDue", "get").mockReturnValue(true);
  using breaths = vi.spyOn(Breath.prototype, "take");
  const { status, err } = await place.run(...command);
  expect({ status, err: status === 0 ? "" : err }).toEqual({ status: 0, err: "" });
  return breaths.mock.calls.length;
}

test("in an import of people who are new", async () => {
  configure(all, "1");
  expect(await turnsDuring("import", "corp")).toBeGreaterThanOrEqual(PEOPLE);
});

test("in a force sync that changes nobody", async () => {
  expect(await turnsDuring("force-sync", "corp")).toBeGreaterThanOrEqual(PEOPLE);
});

test("in an import in which all have left", async () => {
  configure(["other"], "1");
  expect(await turnsDuring("import", "corp", "--full")).toBeGreaterThanOrEqual(PEOPLE);
  configure(all, "2");
  expect(await turnsDuring("import", "corp", "--full")).toBeGreaterThanOrEqual(PEOPLE);
});

test("in a push, as its plan is made and as it is sent", async () => {
  expect(await turnsDuring("push", "dx")).toBeGreaterThanOrEqual(4 * PEOPLE);
  expect(scim.users.size).toBe(PEOPLE);
});

test("in previews of a directory and of an app", async () => {
  expect(await turnsDuring("preview", "corp")).toBeGreaterThanOrEqual(PEOPLE);
  expect(await turnsDuring("apps", "preview", "dx")).toBeGreaterThanOrEqual(PEOPLE);
});
