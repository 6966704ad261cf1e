/**
 * Distinguished names (RFC 4514) as keys. Servers write one name in many ways (`CN=Doe\, John`,
 * `cn=Doe\2C John`, other case, other blanks); two names are the same if their keys are.
 */

import { foldCase } from "../lib/fold.ts";
import { trimEndOf } from "../lib/trim.ts";

/** A name's relative names, the deepest first; null if it does not parse. */
export function splitDn(dn: string): string[] | null {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < dn.length; at++) {
    const sign = dn[at];
    if (sign === "\\") at++;
    else if (sign === '"') quoted = !quoted;
    else if ((sign === "," || sign === ";") && !quoted) {
      parts.push(dn.slice(start, at));
      start = at + 1;
    }
  }
  if (quoted) return null;
  if (dn.trim() !== "") parts.push(dn.slice(start));
  return parts;
}

/** A text as the value of a relative name (RFC 4514, 2.4). */
export function escapeDnValue(text: string): string {
  const escaped = text.replaceAll(/[\\",+<>;=]/g, (sign) => `\\${sign}`).replaceAll("\0", "\\00");
  return escaped.replace(/^[ #]/, (sign) => `\\${sign}`).replace(/ $/, "\\ ");
}

/** The name of what an entry is directly below, as it is written; null at the top. */
export function parentOf(dn: string): string | null {
  let at = dn.indexOf(",");
  while (at > 0 && dn[at - 1] === "\\") at = dn.indexOf(",", at + 1);
  return at < 0 ? null : dn.slice(at + 1).trimStart();
}

/**
 * The form of a DN that is the same however it is written: types and values in lower case, escapes
 * undone, blanks as a directory compares them, the parts of a multi-valued name in order. Text
 * that is no DN keeps its own form, in lower case.
 */
export function dnKey(dn: string): string {
  if (isSimple(dn)) return dn.toLowerCase();
  const parts = splitDn(dn);
  return parts?.every(isRdn) === true ? parts.map(rdnKey).join(",") : ownForm(dn);
}

/** Of what is no name as it is written; folded, a wide sign may be what was missing. */
function ownForm(text: string): string {
  const folded = foldCase(text.trim());
  return folded === text ? text : dnKey(folded);
}

/**
 * Whether a name has neither escapes nor blanks next to a sign nor anything else that can be
 * written in two ways. Most names do not; looking is one pass over the text, whatever it is.
 */
function isSimple(dn: string): boolean {
  let inValue = false;
  let isBehind = false;
  for (let at = 0; at < dn.length; at++) {
    const sign = dn.charCodeAt(at);
    const allowed = inValue ? VALUE_SIGNS : TYPE_SIGNS;
    if (sign < allowed.length && allowed[sign] === 1) isBehind = true;
    else {
      // Whatever ends a type or a word stands behind a sign of it.
      const isBlank = sign === BLANK && inValue;
      if (!isBehind || !(isBlank || sign === (inValue ? COMMA : EQUALS))) return false;
      if (!isBlank) inValue = !inValue;
      isBehind = false;
    }
  }
  return inValue && isBehind;
}

const LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const TYPE_SIGNS = signs(`${LETTERS_AND_DIGITS}-`);
const VALUE_SIGNS = signs(`${LETTERS_AND_DIGITS}-@._`);
const [EQUALS, COMMA, BLANK] = [0x3d, 0x2c, 0x20];

function signs(text: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const sign of text) table[sign.charCodeAt(0)] = 1;
  return table;
}

/**
 * Whether each pair has a type that is one (RFC 4512, 1.4; some servers allow `_`), or is a text without
 * any sign of its own, as where a `+` is not escaped. Anything else could become a separator of the
 * key: `\\ ,x` would be `\\,x`, one name instead of two.
 */
function isRdn(rdn: string): boolean {
  return splitUnescaped(rdn, "+").every(
    (pair) => /^\s*[\w.-]+\s*=/.test(pair) || !/[\\",;+=]/.test(foldCase(pair)),
  );
}

function rdnKey(rdn: string): string {
  return splitUnescaped(rdn, "+").map(pairKey).sort().join("+");
}

function pairKey(pair: string): string {
  const equals = pair.indexOf("=");
  if (equals < 0) return foldCase(pair.trim()).trim();
  const type = pair
    .slice(0, equals)
    .trim()
    .toLowerCase()
    .replace(/^oid\.(?=\d)/, "");
  const value = unescapeValue(pair.slice(equals + 1));
  return `${type}=${escapeValue(foldCase(value).replaceAll(/ +/g, " ").trim())}`;
}

function splitUnescaped(text: string, separator: string): string[] {
  if (!text.includes(separator)) return [text];
  const parts: string[] = [];
  let part = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] ?? "";
    if (sign === "\\") {
      part += sign + (text[++at] ?? "");
    } else if (sign === separator && !quoted) {
      parts.push(part);
      part = "";
    } else {
      if (sign === '"') quoted = !quoted;
      part += sign;
    }
  }
  return [...parts, part];
}

/** Undoes `\,`, `\2C` (bytes of UTF-8) and quotes; blanks at the ends count only if escaped. */
function unescapeValue(text: string): string {
  const written = text.trimStart();
  const bare = trimEndOf(written, " ");
  // A blank behind a backslash belongs to the value.
  const isEscaped = bare.length < written.length && bare.endsWith("\\");
  const trimmed = isEscaped ? `${bare} ` : bare;
  const inner = /^".*"$/s.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
  if (!inner.includes("\\")) return inner;
  const bytes: Buffer[] = [];
  for (let at = 0; at < inner.length; at++) {
    const sign = inner[at] ?? "";
    const hex = inner.slice(at + 1, at + 3);
    if (sign === "\\" && /^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(Buffer.from(hex, "hex"));
      at += 2;
    } else if (sign === "\\") {
      bytes.push(Buffer.from(inner[++at] ?? ""));
    } else {
      const code = inner.codePointAt(at) ?? 0;
      const character = String.fromCodePoint(code);
      bytes.push(Buffer.from(character));
      at += character.length - 1;
    }
  }
  return Buffer.concat(bytes).toString("utf8");
}

function escapeValue(value: string): string {
  return value.replaceAll(/[\\,+=";<>]/g, (sign) => `\\${sign}`);
}

/** The value of a name's deepest part: "Sales, EMEA" of `CN=Sales\\, EMEA,OU=Groups`. */
export function nameOfDn(dn: string): string {
  const [rdn = dn] = splitDn(dn) ?? [];
  const [pair = rdn] = splitUnescaped(rdn, "+");
  const equals = pair.indexOf("=");
  return equals < 0 ? dn : unescapeValue(pair.slice(equals + 1));
}

/** Whether a name lies below another one, or is it. Both as keys. */
export function isWithin(key: string, ancestor: string): boolean {
  return ancestor === "" || key === ancestor || key.endsWith(`,${ancestor}`);
}

/** Those of the names that lie below none of the others, in order, each once. */
export function outermost(dns: readonly string[]): string[] {
  const keys = dns.map(dnKey);
  return dns.filter((_, i) => {
    const key = keys[i] ?? "";
    return !keys.some((other, j) => i !== j && isWithin(key, other) && (key !== other || j < i));
  });
}
