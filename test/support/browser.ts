/** A real browser, and what it says against a page. */
import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, afterEach, beforeEach, expect } from "vitest";
import { chromium, type Browser as ChromiumBrowser, type Page } from "playwright-core";

/** One window with cookies of its own. */
export interface Browser extends AsyncDisposable {
  readonly page: Page;
  /** What the browser complained of so far: faults of scripts, and whatever the page's policy refused. */
  readonly complaints: readonly string[];
}

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** One process, whose windows know nothing of each other. */
let chromiumOf: Promise<ChromiumBrowser> | null = null;

export async function openBrowser(): Promise<Browser> {
  chromiumOf ??= chromium.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    args: QUIET,
  });
  const context = await (await chromiumOf).newContext();
  const complaints: string[] = [];
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // An answer that refuses is shown by the page; the browser tells of it all the same.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text());
  });
  page.setDefaultTimeout(15_000);
  return {
    page,
    complaints,
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/**
 * A window for each test of a file, which at its end has nothing to complain of.
 * @returns the window of the test that runs
 */
export function useBrowser(): () => Browser {
  let browser: Browser;
  beforeEach(async () => {
    browser = await openBrowser();
  });
  afterEach(async () => {
    const { complaints } = browser;
    await browser[Symbol.asyncDispose]();
    expect(complaints).toEqual([]);
  });
  afterAll(closeBrowsers);
  return () => browser;
}

/** After the last window of a file. */
export async function closeBrowsers(): Promise<void> {
  const own = chromiumOf;
  chromiumOf = null;
  await (await own)?.close();
}

/** What axe finds against a page for people who see, hear or move differently, in light and dark. */
export async function barriers(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    // There are no frames of others, which alone need a window of axe's own.
    const axe = new AxeBuilder({ page }).setLegacyMode();
    // Nothing but colours is another in the dark.
    if (colorScheme === "dark") axe.withRules(["color-contrast"]);
    const { violations } = await axe.analyze();
    for (const { id, nodes } of violations)
      found.push(`${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }
  await page.emulateMedia({ colorScheme: null });
  return found;
}
