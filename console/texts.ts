/** In which language the console speaks: the browser's, or one that was chosen, which the browser remembers. */
import { effect, signal } from "@preact/signals";
import { DE } from "./texts/de.ts";
import { EN, type Texts } from "./texts/en.ts";

/** By the tag of each, what it calls itself. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const ALL: Readonly<Record<Language, Texts>> = { en: EN, de: DE };
const KEY = "rollcall.language";

export const language = signal<Language>(remembered() ?? preferred());

/** All that is said, in the language of now: whoever shows it is shown again in another one. */
export function say(): Texts {
  return ALL[language.value];
}

/** How numbers and times are written: as the browser does, if it speaks the language. */
export function locale(): string {
  const own = navigator.languages.find(
    (tag) => languageOf(tag) === language.value && isUsable(tag),
  );
  return own ?? language.value;
}

/** Some systems give browsers tags that no standard knows. */
function isUsable(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

export function speak(tag: string): void {
  if (!isLanguage(tag)) return;
  language.value = tag;
  try {
    localStorage.setItem(KEY, tag);
  } catch {
    // It holds until the page is closed.
  }
}

function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(LANGUAGES, tag);
}

function languageOf(tag: string): string {
  return tag.split(/[-_]/, 1)[0]?.toLowerCase() ?? "";
}

function remembered(): Language | null {
  try {
    const kept = localStorage.getItem(KEY) ?? "";
    return isLanguage(kept) ? kept : null;
  } catch {
    // A browser that keeps nothing.
    return null;
  }
}

/** The first that the browser wants and that is there. */
function preferred(): Language {
  return navigator.languages.map(languageOf).find(isLanguage) ?? "en";
}

// Whoever reads the page aloud has to know its language.
effect(() => {
  document.documentElement.lang = language.value;
});
