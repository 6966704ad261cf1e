import { countryOfCode, type Country } from "../countries.ts";
import { EvaluationError } from "../problem.ts";
import { show, spelled, toNumber, toText, type Value } from "../values.ts";
import type { ExpressionFunction, Parameter } from "./definition.ts";

const INT32 = 2 ** 31;

/** Rounded to the nearest whole number, halves up, as Java's Math.round. */
export function rounded(value: Value): number | null {
  if (value === null || value === "") return null;
  return Math.floor(toNumber(value) + 0.5);
}

/** Whole numbers have 32 bits; one that does not fit would become another one, and is refused. */
function toInt(value: Value): Value {
  const number = rounded(value);
  if (number !== null && (number < -INT32 || number >= INT32))
    throw new EvaluationError(`${show(value)} is no whole number of 32 bits.`);
  return number;
}

export function toNum(value: Value): Value {
  if (typeof value === "number" || value === null || value === "")
    return value === "" ? null : value;
  const number = spelled(toText(value) ?? "");
  if (!Number.isFinite(number)) throw new EvaluationError(`${show(value)} is not a number.`);
  return number;
}

/** Of a code that no country has: null, so that the attribute has no value rather than a wrong one. */
function ofCountry(pick: (country: Country) => string) {
  return (code: Value): Value => {
    if (typeof code === "object" && code !== null && "kind" in code && code.kind === "country")
      return pick(code.country);
    const country = countryOfCode(toText(code) ?? "");
    return country === undefined ? null : pick(country);
  };
}

const COUNTRY: Parameter = { name: "code", type: "string" };

export const CONVERSIONS: readonly ExpressionFunction[] = [
  {
    name: "Convert.toInt",
    parameters: [{ name: "value", type: "any" }],
    returns: "number",
    describe:
      "a text or number as a whole number of 32 bits, rounded to the nearest; null for null and empty text",
    examples: [
      ['Convert.toInt("1234")', 1234],
      ["Convert.toInt(123.6)", 124],
    ],
    evaluate: toInt,
  },
  {
    name: "Convert.toNum",
    parameters: [{ name: "value", type: "any" }],
    returns: "number",
    describe: "a text as a number; null for null and empty text",
    examples: [['Convert.toNum("2.5")', 2.5]],
    evaluate: toNum,
  },
  {
    name: "Iso3166Convert.toAlpha2",
    parameters: [COUNTRY],
    returns: "string",
    describe: "the two-letter code of a country given by any of its codes; null if there is none",
    examples: [
      ['Iso3166Convert.toAlpha2("IND")', "IN"],
      ['Iso3166Convert.toAlpha2("Atlantis")', null],
    ],
    evaluate: ofCountry((country) => country.alpha2),
  },
  {
    name: "Iso3166Convert.toAlpha3",
    parameters: [COUNTRY],
    returns: "string",
    describe: "its three-letter code",
    examples: [['Iso3166Convert.toAlpha3("840")', "USA"]],
    evaluate: ofCountry((country) => country.alpha3),
  },
  {
    name: "Iso3166Convert.toNumeric",
    parameters: [COUNTRY],
    returns: "string",
    describe: "its three-digit code",
    examples: [['Iso3166Convert.toNumeric("USA")', "840"]],
    evaluate: ofCountry((country) => country.numeric),
  },
  {
    name: "Iso3166Convert.toName",
    parameters: [COUNTRY],
    returns: "string",
    describe: "its English name",
    examples: [['Iso3166Convert.toName("IN")', "India"]],
    evaluate: ofCountry((country) => country.name),
  },
];
