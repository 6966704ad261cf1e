/** LDAP search filters: their text (RFC 4515) to a tree, and the tree to BER (RFC 4511 4.5.1.7). */
import { RollcallError } from "../model/errors.ts";
import { boolean, octetString, tlv } from "./ldap/ber.ts";

export type Filter =
  | { readonly kind: "and" | "or"; readonly items: readonly Filter[] }
  | { readonly kind: "not"; readonly item: Filter }
  | { readonly kind: "present"; readonly attribute: string }
  | {
      readonly kind: "equal" | "greater" | "less" | "approximate";
      readonly attribute: string;
      readonly value: Buffer;
    }
  | {
      readonly kind: "substrings";
      readonly attribute: string;
      readonly initial: Buffer | null;
      readonly any: readonly Buffer[];
      readonly final: Buffer | null;
    }
  | {
      readonly kind: "extensible";
      readonly attribute: string;
      readonly rule: string;
      readonly dnAttributes: boolean;
      readonly value: Buffer;
    };

const MAX_DEPTH = 50;
/** Some servers have names with an underscore, against RFC 4512 section 1.4. */
const ATTRIBUTE = /^(?:[A-Za-z][A-Za-z0-9_-]*|\d+(?:\.\d+)+)(?:;[A-Za-z0-9-]+)*$/;

const COMPARISONS = new Map<string, "greater" | "less" | "approximate">([
  [">", "greater"],
  ["<", "less"],
  ["~", "approximate"],
]);

/**
 * Parses a filter. Blanks between components are allowed, because people write them.
 * @throws RollcallError `ldap.filterInvalid` with the position
 */
export function parseFilter(text: string): Filter {
  const parser = new FilterParser(text);
  return parser.parse();
}

/** All attributes that a filter asks for, as it writes them. */
export function attributesIn(filter: Filter): string[] {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.items.flatMap(attributesIn);
    case "not":
      return attributesIn(filter.item);
    case "present":
    case "equal":
    case "greater":
    case "less":
    case "approximate":
    case "substrings":
    case "extensible":
      return [filter.attribute];
  }
}

class FilterParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Filter {
    this.#blanks();
    const filter = this.#filter(0);
    this.#blanks();
    if (this.#at < this.#text.length) this.#fail("there is something after the filter's end");
    return filter;
  }

  #filter(depth: number): Filter {
    if (depth > MAX_DEPTH) this.#fail(`it is nested more than ${MAX_DEPTH} deep`);
    this.#expect("(");
    this.#blanks();
    const operator = this.#text[this.#at];
    let filter: Filter;
    if (operator === "&" || operator === "|") {
      this.#at++;
      filter = { kind: operator === "&" ? "and" : "or", items: this.#items(depth) };
    } else if (operator === "!") {
      this.#at++;
      this.#blanks();
      filter = { kind: "not", item: this.#filter(depth + 1) };
      this.#blanks();
    } else {
      filter = this.#comparison();
    }
    this.#expect(")");
    return filter;
  }

  #items(depth: number): Filter[] {
    const items: Filter[] = [];
    this.#blanks();
    while (this.#text[this.#at] === "(") {
      items.push(this.#filter(depth + 1));
      this.#blanks();
    }
    return items;
  }

  #comparison(): Filter {
    const start = this.#at;
    const close = this.#text.indexOf(")", start);
    const item = this.#text.slice(start, close < 0 ? undefined : close);
    const equals = item.indexOf("=");
    if (equals < 0) this.#fail("a comparison needs `=`, `>=`, `<=`, `~=` or `:=`");
    const before = item.slice(0, equals);
    const last = before.at(-1) ?? "";
    this.#at = start + equals + 1;
    if (last === ":") return this.#extensible(before.slice(0, -1), item.slice(equals + 1), start);
    const kind = COMPARISONS.get(last) ?? "equal";
    const attribute = this.#attribute(kind === "equal" ? before : before.slice(0, -1), start);
    const raw = item.slice(equals + 1);
    this.#at += raw.length;
    if (kind !== "equal" || !raw.includes("*")) {
      return { kind, attribute, value: this.#value(raw, start + equals + 1) };
    }
    return this.#substrings(attribute, raw, start + equals + 1);
  }

  #substrings(attribute: string, raw: string, start: number): Filter {
    if (raw === "*") return { kind: "present", attribute };
    const parts = raw.split("*").map((part) => this.#value(part, start));
    const initial = parts.shift() ?? Buffer.alloc(0);
    const final = parts.pop() ?? Buffer.alloc(0);
    if (initial.length + final.length === 0 && parts.every((part) => part.length === 0)) {
      this.#fail("a pattern of asterisks only; one is enough", start);
    }
    return {
      kind: "substrings",
      attribute,
      initial: initial.length > 0 ? initial : null,
      any: parts.filter((part) => part.length > 0),
      final: final.length > 0 ? final : null,
    };
  }

  /** `attribute:dn:rule:=value`, where attribute or rule may be missing. */
  #extensible(before: string, raw: string, start: number): Filter {
    const [name = "", ...rest] = before.split(":");
    const dnAttributes = rest[0]?.toLowerCase() === "dn";
    if (dnAttributes) rest.shift();
    const rule = rest.join(":");
    if (before.endsWith(":")) this.#fail("a matching rule is missing between the colons", start);
    const attribute = name === "" ? "" : this.#attribute(name, start);
    if (attribute === "" && rule === "")
      this.#fail("an extensible match needs an attribute or a rule");
    const value = this.#value(raw, this.#at);
    this.#at += raw.length;
    return { kind: "extensible", attribute, rule, dnAttributes, value };
  }

  #attribute(name: string, start: number): string {
    const trimmed = name.trim();
    if (!ATTRIBUTE.test(trimmed)) this.#fail(`\`${trimmed}\` is not an attribute name`, start);
    return trimmed;
  }

  /** Decodes `\xx`; a backslash that begins no pair of hexadecimal digits is an error. */
  #value(raw: string, start: number): Buffer {
    if (raw.includes("("))
      this.#fail("a parenthesis in a value is written \\28", start + raw.indexOf("("));
    if (!raw.includes("\\")) return Buffer.from(raw, "utf8");
    const parts: Buffer[] = [];
    let from = 0;
    for (let at = raw.indexOf("\\"); at >= 0; at = raw.indexOf("\\", from)) {
      const hex = raw.slice(at + 1, at + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(hex))
        this.#fail("`\\` needs two hexadecimal digits", start + at);
      parts.push(Buffer.from(raw.slice(from, at), "utf8"), Buffer.from(hex, "hex"));
      from = at + 3;
    }
    return Buffer.concat([...parts, Buffer.from(raw.slice(from), "utf8")]);
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) this.#fail(`\`${character}\` is expected`);
    this.#at++;
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #fail(message: string, at = this.#at): never {
    throw new RollcallError(
      "ldap.filterInvalid",
      `The filter ${this.#text} does not parse: at position ${at + 1}, ${message}.`,
    );
  }
}

const TAGS = {
  and: 0xa0,
  or: 0xa1,
  not: 0xa2,
  equal: 0xa3,
  substrings: 0xa4,
  greater: 0xa5,
} as const;

/** A filter as BER. */
export function encodeFilter(filter: Filter): Buffer {
  switch (filter.kind) {
    case "and":
    case "or":
      return tlv(TAGS[filter.kind], ...filter.items.map(encodeFilter));
    case "not":
      return tlv(TAGS.not, encodeFilter(filter.item));
    case "present":
      return octetString(filter.attribute, 0x87);
    case "equal":
      return comparison(TAGS.equal, filter.attribute, filter.value);
    case "greater":
      return comparison(TAGS.greater, filter.attribute, filter.value);
    case "less":
      return comparison(0xa6, filter.attribute, filter.value);
    case "approximate":
      return comparison(0xa8, filter.attribute, filter.value);
    case "substrings": {
      const parts = filter.any.map((part) => octetString(part, 0x81));
      if (filter.initial !== null) parts.unshift(octetString(filter.initial, 0x80));
      if (filter.final !== null) parts.push(octetString(filter.final, 0x82));
      return tlv(TAGS.substrings, octetString(filter.attribute), tlv(0x30, ...parts));
    }
    case "extensible": {
      const parts: Buffer[] = [];
      if (filter.rule !== "") parts.push(octetString(filter.rule, 0x81));
      if (filter.attribute !== "") parts.push(octetString(filter.attribute, 0x82));
      parts.push(octetString(filter.value, 0x83));
      if (filter.dnAttributes) parts.push(boolean(true, 0x84));
      return tlv(0xa9, ...parts);
    }
  }
}

function comparison(tag: number, attribute: string, value: Buffer): Buffer {
  return tlv(tag, octetString(attribute), octetString(value));
}
