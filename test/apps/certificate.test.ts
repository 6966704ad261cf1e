/** To an app whose certificate is not proven, nothing is said: no secret, no person, no question. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppPlace } from "../support/app-place.ts";
import { certificates, type Certificates } from "../support/certificates.ts";
import { ScriptedScim } from "../support/scripted-scim.ts";

let place: AppPlace;
let files: Certificates;
let scim: ScriptedScim;
beforeEach(async () => {
  place = await AppPlace.create("embedded");
  files = certificates(place.place.folder);
  scim = await ScriptedScim.start({
    cert: readFileSync(files.cert, "utf8"),
    key: readFileSync(files.key, "utf8"),
  });
  place.target = { url: scim.url, token: "secret-token-of-dx" };
});
afterEach(async () => {
  await scim[Symbol.asyncDispose]();
  await place.remove();
});

describe("an app whose certificate is not accepted is told nothing", () => {
  test.each([
    ["from a CA that nobody trusts", "127.0.0.1", false],
    ["of another host name", "localhost", true],
  ])("%s", async (_, host, trusted) => {
    place.target = { url: scim.url.replace("127.0.0.1", host), token: "secret-token-of-dx" };
    if (trusted) place.app += `    tls: { ca: ${files.ca} }\n`;
    await place.start({ people: ["ada"] });
    const push = await place.push();
    expect(push).toMatchObject({ status: "failed", error: { code: "app.certificate" } });
    const check = await place.run("apps", "check", "dx", "--json");
    expect(check.status).toBe(1);
    expect(JSON.parse(check.out)).toMatchObject({ ok: false, code: "app.certificate" });
    expect(scim.requests).toEqual([]);
  });
});

test("an app whose certificate is from the CA that the configuration names is pushed to", async () => {
  place.app += `    tls: { ca: ${files.ca} }\n`;
  await place.start({ people: ["ada"] });
  expect(await place.push()).toMatchObject({ status: "done", counts: { created: 1 } });
  expect(scim.userNamed("ada@example.org")).toMatchObject({ active: true });
});

test("whoever switches the check off is told so by check", async () => {
  place.app += "    tls: { rejectUnauthorized: false }\n";
  await place.start({ people: ["ada"] });
  expect(await place.push()).toMatchObject({ status: "done" });
  const { remarks } = await place.json<{ remarks: string[] }>("apps", "check", "dx");
  expect(remarks).toContainEqual(expect.stringMatching(/certificate is not checked/));
});
