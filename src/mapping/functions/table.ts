/** All functions and methods. Maps, so that a name such as `constructor` finds nothing. */
import { moment } from "../time/moment.ts";
import { ARRAYS } from "./arrays.ts";
import { CONVERSIONS } from "./conversions.ts";
import { inFacts, type ExpressionFunction, type Method } from "./definition.ts";
import { GROUPS } from "./groups.ts";
import { METHODS_TABLE } from "./methods.ts";
import { PEOPLE } from "./people.ts";
import { STRINGS } from "./strings.ts";
import { TIMES } from "./times.ts";

/** Compiled in a way of its own: its second argument is an expression for every group. */
export const FILTERED_GROUPS = "getFilteredGroups";

const MORE: readonly ExpressionFunction[] = [
  {
    name: FILTERED_GROUPS,
    parameters: [
      { name: "groupIds", type: "array" },
      { name: "groupExpression", type: "string" },
      { name: "limit", type: "number" },
    ],
    returns: "array",
    describe:
      "for every group of the person that is in the list (at most limit, 1 to 100), what the expression in quotes gives for it",
    examples: [['getFilteredGroups({"g-1"}, "group.name", 40)', ["Pioneers"]]],
    needs: () => ({ groups: true }),
    ...inFacts(() => null),
  },
];

const DATE_TIMES: readonly ExpressionFunction[] = [
  {
    name: "DateTime.now",
    parameters: [],
    returns: "dateTime",
    describe: "the time at which the run began, as a time and not as text",
    examples: [["DateTime.now().toString()", "2015-07-31T17:18:37.979Z"]],
    ...inFacts(({ now }) => moment(now)),
  },
];

/** By the chapters of the documentation. */
export const CHAPTERS: readonly (readonly [
  title: string,
  functions: readonly ExpressionFunction[],
])[] = [
  ["Text", STRINGS],
  ["Arrays", ARRAYS],
  ["Numbers and countries", CONVERSIONS],
  ["Times", [...TIMES, ...DATE_TIMES]],
  ["Groups", [...GROUPS, ...MORE]],
  ["People", PEOPLE],
];

export const FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map(
  CHAPTERS.flatMap(([, functions]) => functions.map((entry) => [entry.name, entry] as const)),
);

export const METHODS: ReadonlyMap<string, Method> = new Map(
  METHODS_TABLE.map((method) => [method.name, method]),
);
