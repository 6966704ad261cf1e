/** The order in which sources count: seen, tried for everybody, and put into the configuration. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { client, serveApi, tokenFor, type ServedApi } from "../support/api.ts";
import { barriers, useBrowser } from "../support/browser.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

let place: Workplace;
let api: ServedApi;
const browser = useBrowser();

const UIDS = ["ada", "bob", "cyd"];

beforeAll(async () => {
  place = await Workplace.create("postgres");
  const file = (name: string, title: string): string =>
    place.file(`${name}.ldif`, UIDS.map((uid) => simplePerson(uid, { title })).join(""));
  const matching =
    "    onNoMatch: ignore\n    matching: [{ user: email, app: appuser.mail, onMatch: link }]\n";
  place.configure(
    `# Who counts first stands below.\ndirectories:\n` +
      `  corp:\n    type: ldif\n    path: ${file("corp", "Analyst")}${SIMPLE_MAPPINGS}` +
      `  hr:\n    type: ldif\n    path: ${file("hr", "Director")}\n${matching}${SIMPLE_MAPPINGS.slice(1)}` +
      `  guests:\n    type: ldif\n    path: ${file("guests", "Guest")}\n${matching}    toOkta: { title: appuser.title }\n` +
      `  late:\n    type: ldif\n    path: ${file("late", "Late")}\n    onNoMatch: ignore\n    toOkta: { title: appuser.title }\n` +
      `profile: { sources: [corp, hr, guests] }\n`,
  );
  for (const name of ["corp", "hr", "guests"])
    expect(await place.run("import", name)).toMatchObject({ status: 0 });
  api = await serveApi(place, "configuration: writable");
});
afterAll(async () => {
  await api.stop();
  place.remove();
});

async function open(role: string): Promise<void> {
  const { page } = browser();
  const { url } = await place.json<{ url: string }>("admin", "sign-in", "--role", role);
  await page.goto(url);
  await page.getByRole("link", { name: "Profile Editor" }).click();
  await page.getByRole("row", { name: /1\. corp/ }).waitFor();
}

test("whoever may only look sees the order, how much each source gives, and no button", async () => {
  const { page } = browser();
  await open("viewer");
  const sources = page.locator("section[aria-labelledby=sources]");
  expect(await sources.locator("th[scope=row]").allInnerTexts()).toEqual([
    "1. corp",
    "2. hr",
    "3. guests",
    "late no profile source",
    "okta",
  ]);
  expect(await sources.getByRole("button").count()).toBe(0);
  const title = page.getByRole("row", { name: /^title / });
  expect(await title.innerText()).toContain("corp: 3");
  expect(await barriers(page)).toEqual([]);
});

test("another order is tried for everybody before it is anywhere, and saved as a new version of the file", async () => {
  const { page } = browser();
  await open("admin");
  const up = page.getByRole("button", { name: "Move hr up" });
  await up.focus();
  await page.keyboard.press("Enter");
  await page.getByText("Instead: hr, corp, guests").waitFor();
  await page.getByRole("button", { name: "Preview for everybody" }).click();
  const seen = page.locator("section.note output li").first();
  await seen.waitFor();
  const text = await page.locator("section.note output").innerText();
  expect(text).toMatch(/3 of 3 people would be different/);
  expect(text).toMatch(/title, for 3 people \(.*: Analyst → Director\)/);
  expect(await barriers(page)).toEqual([]);
  // Who comes first gives everything, and this one has no logins.
  const first = page.getByRole("button", { name: "Move guests up" });
  await first.click();
  await first.click();
  expect(await seen.count()).toBe(0);
  await page.getByRole("button", { name: "Preview for everybody" }).click();
  await page.getByText("3 people could not be updated: login has no value").first().waitFor();
  await page.getByRole("button", { name: "Leave it as it is" }).click();
  expect(await page.getByText("Instead:").count()).toBe(0);
  await page.getByRole("button", { name: "Make late a source" }).click();
  await page.getByText("Instead: corp, hr, guests, late").waitFor();
  await page.getByRole("button", { name: "Leave it as it is" }).click();
  await up.click();
  await page.getByRole("button", { name: "Save the order…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText("Instead:").waitFor({ state: "detached" });
  await page.getByRole("row", { name: /1\. hr/ }).waitFor();
  const written = readFileSync(place.config, "utf8");
  expect(written).toContain("# Who counts first stands below.");
  expect(written).toMatch(/sources: \[ ?hr, corp, guests ?\]/);
  // Nobody is changed by the order alone; the next import of each person takes it.
  expect((await place.users()).get("ada@example.org")?.profile["title"]).toBe("Analyst");
  expect(await place.run("force-sync", "hr")).toMatchObject({ status: 0 });
  expect((await place.users()).get("ada@example.org")?.profile["title"]).toBe("Director");
});

test("an order of what is no directory is refused with what is wrong, and by whoever may not", async () => {
  const admin = client(api.url, await tokenFor(place, "admin"));
  const before = readFileSync(place.config, "utf8");
  const order = ["hr", "crop", "hr"];
  const refused = await admin("POST", "/api/rollcall/v1/sources/order", { order });
  expect(refused).toMatchObject({ status: 400, body: { code: "request.invalid" } });
  expect(JSON.stringify(refused.body)).toContain(
    "order[1]: there is no directory crop; do you mean corp?",
  );
  expect(JSON.stringify(refused.body)).toContain("order[2]: hr stands twice");
  expect(await admin("GET", "/api/rollcall/v1/sources/preview?order=nobody")).toMatchObject({
    status: 400,
  });
  const [now, other] = [
    ["hr", "corp", "guests"],
    ["guests", "hr", "corp"],
  ];
  const was = { order: other, was: ["corp", "hr", "guests"] };
  expect(await admin("POST", "/api/rollcall/v1/sources/order", was)).toMatchObject({
    status: 409,
    body: { code: "config.changed" },
  });
  expect(
    await admin("POST", "/api/rollcall/v1/sources/order", { order: now, was: now }),
  ).toMatchObject({
    status: 200,
  });
  const operator = client(api.url, await tokenFor(place, "operator"));
  expect(
    await operator("POST", "/api/rollcall/v1/sources/order", { order: ["corp"] }),
  ).toMatchObject({ status: 403 });
  expect(readFileSync(place.config, "utf8")).toBe(before);
});
