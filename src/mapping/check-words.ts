/** Types in words, and what may be meant by a name that is not there. */
import { closest } from "../lib/lines.ts";
import type { Type } from "./functions/definition.ts";
import { FUNCTIONS } from "./functions/table.ts";

/** The function that may be meant: of the same name elsewhere, of a longer name, or nearly spelled so. */
export function functionHint(name: string): string {
  const last = lastPart(name).toLowerCase();
  const prefix = name.slice(0, name.length - last.length);
  const names = [...FUNCTIONS.keys()];
  const meant =
    names.find((one) => lastPart(one).toLowerCase() === last) ??
    names.find((one) => one.startsWith(prefix) && lastPart(one).toLowerCase().includes(last)) ??
    closest(
      name,
      names.filter((one) => Math.abs(one.length - name.length) <= 3),
    );
  return meant === undefined ? "" : `; do you mean ${meant}?`;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

export function described(type: Type): string {
  const words: Readonly<Partial<Record<Type, string>>> = {
    string: "text",
    number: "a number",
    boolean: "a condition",
    array: "an array",
    dateTime: "a time",
    country: "a country",
    record: "a profile",
    map: "a map",
    null: "null",
  };
  return words[type] ?? "a value";
}

export function union(a: Type, b: Type): Type {
  if (a === b || b === "null") return a;
  return a === "null" ? b : "any";
}
