/** Whatever language the console speaks, it says all of it, and nothing of another one. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DE } from "../../console/texts/de.ts";
import { EN } from "../../console/texts/en.ts";
import { ACCOUNT_REASONS } from "../../src/model/account.ts";
import { BASE_ATTRIBUTES } from "../../src/model/profile-schema.ts";
import { barriers, useBrowser } from "../support/browser.ts";
import { PAGES, serveConsole, type ServedConsole } from "../support/console.ts";

/** Each text by its place; a sentence with gaps as what it is with words in them. */
function textsOf(of: object, at = ""): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, one] of Object.entries(of) as [string, unknown][]) {
    const place = `${at}.${name}`;
    if (typeof one === "string") texts.set(place, one);
    else if (typeof one === "function") texts.set(place, filled(one as Sentence));
    else for (const [below, text] of textsOf(one as object, place)) texts.set(below, text);
  }
  return texts;
}

type Sentence = (...parts: string[]) => unknown;

const GAPS = ["<0>", "<1>", "<2>", "<3>"];

function filled(sentence: Sentence): string {
  return [sentence(...GAPS.slice(0, sentence.length))].flat().join("");
}

/** In the browser, whose names no program of Node has. */
const SAID = `(() => {
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode() !== null) texts.push(walk.currentNode.textContent);
  for (const one of document.querySelectorAll("[aria-label], [placeholder]"))
    texts.push(one.getAttribute("aria-label") ?? "", one.getAttribute("placeholder") ?? "");
  return texts;
})()`;

const [english, german] = [textsOf(EN), textsOf(DE)];

describe("texts", () => {
  test("each language has the same texts, and each of them says something", () => {
    const places = (of: Map<string, string>): string[] => [...of.keys()].toSorted();
    expect(places(german)).toEqual(places(english));
    for (const [place, text] of [...english, ...german]) expect(text.trim(), place).not.toBe("");
  });

  test("in English, why an account is changed or left is told as the commands tell it", () => {
    expect(EN.accountReasons).toEqual(ACCOUNT_REASONS);
  });

  test("of one and of several is told as each language does", () => {
    for (const [texts, one, several] of [
      [EN, "1 person would be removed", "1,234 people would be removed"],
      [DE, "1 Person würde entfernt", "1.234 Personen würden entfernt"],
    ] as const) {
      const told = (count: string): string =>
        texts.decisions.concerned(texts.people(count), "removals");
      expect(told("1")).toBe(one);
      expect(told(several.split(" ", 1)[0] ?? "")).toBe(several);
    }
  });

  test("what is told of fills the same gaps in each language", () => {
    const gapsIn = (text: string | undefined): string[] =>
      GAPS.filter((gap) => text?.includes(gap));
    for (const [place, text] of english)
      expect(gapsIn(german.get(place)), place).toEqual(gapsIn(text));
  });
});

describe("in a browser", () => {
  let served: ServedConsole;
  const browser = useBrowser();

  beforeAll(async () => {
    served = await serveConsole();
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
  });

  /** What a page says: each text that stands for itself, and each name for whoever hears it. */
  async function said(): Promise<string[]> {
    const texts: string[] = await browser().page.evaluate(SAID);
    return texts.map((text) => text.trim()).filter((text) => text !== "");
  }

  async function visit(path: string): Promise<void> {
    await browser().page.goto(`${served.api.url}/console/${path}`);
    await browser().page.waitForSelector('main[aria-busy="false"] h1');
  }

  test("German is chosen once, and then every page speaks it, with its numbers and times", async () => {
    const { page } = browser();
    const { url } = await served.place.json<{ url: string }>("admin", "sign-in");
    await page.goto(url);
    await page.getByLabel("Language").selectOption("Deutsch");
    await page.locator("h1", { hasText: "Übersicht" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
    // What is the same in both says nothing about either.
    const foreign = new Set(
      [...english].flatMap(([at, text]) => (german.get(at) === text ? [] : [text.trim()])),
    );
    // What attributes are called is told by the daemon.
    const own = new Set([
      ...german.values(),
      ...[...BASE_ATTRIBUTES.values()].map(({ title }) => title),
    ]);
    const strange: string[] = [];
    for (const path of PAGES) {
      await visit(path);
      for (const text of await said())
        if (foreign.has(text) && !own.has(text)) strange.push(`${path}: ${text}`);
    }
    expect(await barriers(page)).toEqual([]);
    expect(strange).toEqual([]);
    await visit("people/ada@example.org");
    expect(await page.locator("main").innerText()).toContain("angelegt vor ");
    await page.getByLabel("Sprache").selectOption("English");
    await page.getByRole("link", { name: "Dashboard" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
  });

  test("a browser that keeps nothing, and one with a tag that no standard knows, show every page", async () => {
    const { page } = browser();
    await page.addInitScript(`
      for (const name of ["localStorage", "sessionStorage"])
        Object.defineProperty(window, name, {
          get() { throw new DOMException("storage is off", "SecurityError"); },
        });
      Object.defineProperty(navigator, "languages", { get: () => ["en-US@posix", "de_DE"] });
    `);
    const { url } = await served.place.json<{ url: string }>("admin", "sign-in");
    await page.goto(url);
    await page.locator("h1", { hasText: "Dashboard" }).waitFor();
    await visit("runs");
    await page.locator("tbody a").first().click();
    await page.getByRole("list", { name: "Counts" }).waitFor();
    await page.getByLabel("Language").selectOption("Deutsch");
    await page.getByRole("list", { name: "Zahlen" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
  });

  test("a browser that wants German gets it, and one that wants what nobody speaks gets English", async () => {
    for (const [wanted, title] of [
      ["de-AT", "Anmelden"],
      ["tlh", "Sign in"],
    ] as const) {
      const context = await browser().page.context().browser()?.newContext({ locale: wanted });
      const page = await context?.newPage();
      await page?.goto(`${served.api.url}/console/`);
      await page?.waitForSelector("h1");
      expect(await page?.locator("h1").innerText()).toBe(title);
      await context?.close();
    }
  });
});
