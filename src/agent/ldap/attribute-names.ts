/**
 * The names of attributes in entries. A directory has few, and sends them in nearly the same order for
 * everybody: so each name is compared with the one that followed the last name in the entry before, and
 * what is known of it need not be found out again.
 */
import { attributeKind, type AttributeKind } from "../values.ts";

export interface KnownName {
  readonly name: string;
  readonly kind: AttributeKind;
  /** Whether it does not belong into a profile. */
  readonly isHidden: boolean;
  /** Which one came behind it the last time. */
  next: KnownName | null;
}

/** A directory that makes up a name for each entry shall not fill the memory. */
const MOST_NAMES = 10_000;

export class AttributeNames {
  readonly #isHidden: (name: string) => boolean;
  readonly #known = new Map<string, KnownName>();
  /** Which one came first the last time. */
  #first: KnownName | null = null;

  /** @param isHidden whether an attribute does not belong into a profile */
  constructor(isHidden: (name: string) => boolean) {
    this.#isHidden = isHidden;
  }

  /** @param before which one came before it in the entry; null: it is the first one */
  read(bytes: Buffer, start: number, end: number, before: KnownName | null): KnownName {
    const expected = before === null ? this.#first : before.next;
    if (expected !== null && isWritten(bytes, start, end, expected.name)) return expected;
    const found = this.#find(bytes.toString("latin1", start, end));
    if (before === null) this.#first = found;
    else before.next = found;
    return found;
  }

  #find(name: string): KnownName {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = { name, kind: attributeKind(name), isHidden: this.#isHidden(name), next: null };
    if (this.#known.size < MOST_NAMES) this.#known.set(name, found);
    return found;
  }
}

function isWritten(bytes: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name.charCodeAt(i)) return false;
  return true;
}
