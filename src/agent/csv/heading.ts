/** The heading: which column has which attribute. */
import { closest } from "../../lib/lines.ts";
import { columnName } from "../../model/column-name.ts";
import { RollcallError } from "../../model/errors.ts";

export interface Heading {
  /** By column; null: without a heading, so nothing of it is taken. */
  readonly names: readonly (string | null)[];
  /** In lower case. */
  readonly known: ReadonlySet<string>;
}

/** A column that must be there, and what for. */
export interface Needed {
  readonly name: string;
  readonly why: string;
}

const SHOWN = 20;
const MOST_SHOWN = 60;

/**
 * @param where the file, for messages
 * @throws RollcallError `csv.heading` if two columns have one name, or one is missing
 */
export function headingOf(
  fields: readonly string[],
  needed: readonly Needed[],
  where: string,
): Heading {
  const names = fields.map((field) => columnName(field) || null);
  const known = new Set<string>();
  for (const [i, name] of names.entries()) {
    const lower = name?.toLowerCase() ?? null;
    if (lower === null) continue;
    if (known.has(lower)) {
      const message = `${where} has two columns ${fields[i]?.slice(0, MOST_SHOWN)}; give one of them another heading.`;
      throw new RollcallError("csv.heading", message);
    }
    known.add(lower);
  }
  const there = names.filter((name) => name !== null);
  for (const { name, why } of needed) {
    if (known.has(name.toLowerCase())) continue;
    const meant = closest(name, there);
    const some = there.slice(0, SHOWN).map((one) => one.slice(0, MOST_SHOWN));
    const more = there.length > some.length ? ", …" : "";
    const hint =
      meant === undefined
        ? `It has ${some.join(", ")}${more}.`
        : `Is ${meant.slice(0, MOST_SHOWN)} meant?`;
    throw new RollcallError("csv.heading", `${where} has no column ${name}, ${why}. ${hint}`);
  }
  return { names, known };
}
