/**
 * The one place where a server's words become ours. They may hold anything: line ends and escape
 * sequences, a NUL at the end (Active Directory), even the password that was just sent. So they are
 * cleaned, cut, and quoted.
 */
import { cleanText } from "./clean-text.ts";

/** Whose words they are. */
export interface Speaker {
  readonly url: string;
  /** What the server says, for a message: in quotation marks; nothing if it says nothing. */
  readonly quote: (text: string) => string;
  /** A name that the server gives: of itself, or of an entry. */
  readonly name: (text: string) => string;
}

const LONGEST = 300;
/** What shorter secrets leave when they are struck out tells them. */
const SHORT_SECRET = 4;

/** @param secrets that were sent to the server, which it may repeat */
export function speakerAt(url: string, secrets: readonly string[]): Speaker {
  const forms = secrets.filter((secret) => secret !== "").flatMap(formsOf);
  const name = (text: string): string => {
    // Again behind the cleaning, which may join what was written apart.
    const clean = strike(cleanText(strike(text, forms)), forms);
    return clean.length > LONGEST ? `${clean.slice(0, LONGEST).toWellFormed()}…` : clean;
  };
  return {
    url,
    name,
    quote: (text) => {
      const said = name(text);
      return said === "" ? "" : `“${said.replaceAll(/[“”]/g, '"')}”`;
    },
  };
}

/** A secret as it may come back: as it is, and in the usual notations. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const forms = [
    secret,
    secret.toLowerCase(),
    secret.toUpperCase(),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString("base64"),
    bytes.toString("base64").replaceAll("=", ""),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
  ];
  return [...new Set(forms)].toSorted((a, b) => b.length - a.length);
}

function strike(text: string, forms: readonly string[]): string {
  let left = text;
  for (const form of forms) {
    if (!left.includes(form)) continue;
    if (form.length < SHORT_SECRET) return "[not shown, as it may contain the password]";
    left = left.replaceAll(form, "[secret]");
  }
  return left;
}
