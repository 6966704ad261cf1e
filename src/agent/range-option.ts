/** A part of an attribute's values, as a server names it (MS-ADTS 3.1.1.3.1.3.3). */
export interface RangeOption {
  /** The attribute's name without it. */
  readonly name: string;
  readonly from: number;
  /** The place of the last value; null: there are no more behind these. */
  readonly to: number | null;
}

const OPTION = ";range=";

/** `member;range=0-1499`; null where a name has no such option at its end. */
export function rangeOf(description: string): RangeOption | null {
  const at = description.toLowerCase().lastIndexOf(OPTION);
  if (at < 0) return null;
  const [, from, to] =
    /^(\d{1,10})-(\d{1,10}|\*)$/.exec(description.slice(at + OPTION.length)) ?? [];
  if (from === undefined || to === undefined) return null;
  return {
    name: description.slice(0, at),
    from: Number(from),
    to: to === "*" ? null : Number(to),
  };
}
