import { matchesWhole, patternFault } from "../patterns.ts";
import { EvaluationError } from "../problem.ts";
import { spelling } from "../scope.ts";
import {
  isThing,
  toNumber,
  toText,
  type GroupValue,
  type MapValue,
  type Value,
} from "../values.ts";
import { toArray } from "./arrays.ts";
import { inFacts, type ExpressionFunction, type Parameter } from "./definition.ts";

const NAME: Parameter = { name: "groupName", type: "string" };
const ID: Parameter = { name: "groupId", type: "string" };
const needs = () => ({ groups: true }) as const;
const ANY = { returns: "boolean", needs } as const;
const MAX_GROUPS = 100;

/** Whether a group's name is one that a test accepts; a missing or empty text accepts none. */
function named(test: (name: string, text: string) => boolean) {
  return inFacts(({ groups }, wanted) => {
    const text = toText(wanted);
    return text !== null && text !== "" && groups.some(({ name }) => test(name, text));
  });
}

export function limitOf(value: Value | undefined): number {
  const limit = toNumber(value);
  if (limit < 1 || limit > MAX_GROUPS)
    throw new EvaluationError(`The limit of groups is a number from 1 to ${MAX_GROUPS}.`);
  return Math.floor(limit);
}

/** Whether a group is of a directory, by its name or its type. */
function isFrom({ sourceId, sourceType }: GroupValue, wanted: string): boolean {
  const name = spelling(wanted);
  return name !== "" && (spelling(sourceId) === name || spelling(sourceType) === name);
}

/** The names of groups of an application ("OKTA": groups that belong to none). */
function namesOf(test: (name: string, pattern: string) => boolean) {
  return inFacts(({ groups }, app, pattern, limit) => {
    const wanted = toText(app ?? null) ?? "";
    const text = toText(pattern ?? null) ?? "";
    const ofApp = (group: GroupValue): boolean =>
      wanted === "OKTA" ? group.type !== "APP_GROUP" : isFrom(group, wanted);
    const found = groups.filter((group) => text !== "" && ofApp(group) && test(group.name, text));
    return found.slice(0, limitOf(limit)).map((group) => group.name);
  });
}

const CLAIM: Pick<ExpressionFunction, "parameters" | "returns" | "needs"> = {
  parameters: [
    { name: "application", type: "string", names: "application" },
    { name: "pattern", type: "string" },
    { name: "limit", type: "number" },
  ],
  returns: "array",
  needs,
};

const CRITERIA_KEYS: ReadonlyMap<string, readonly string[] | null> = new Map([
  ["group.id", null],
  ["group.source.id", null],
  ["group.type", null],
  ["group.profile.name", null],
  ["operator", ["STARTS_WITH", "EXACT"]],
]);

/** Groups that meet all criteria of all maps; the values of one key are alternatives. */
export function matchingGroups(
  groups: readonly GroupValue[],
  criteria: readonly Value[],
): readonly GroupValue[] {
  const tests = criteria.flatMap((one) => {
    if (!isThing(one) || one.kind !== "map")
      throw new EvaluationError("The criteria of groups are maps: {'group.type': 'APP_GROUP'}.");
    return testsOf(one);
  });
  return groups.filter((group) => tests.every((test) => test(group)));
}

function testsOf({ pairs }: MapValue): ((group: GroupValue) => boolean)[] {
  const operator = toText(pairs.get("operator")) ?? "STARTS_WITH";
  if (operator !== "STARTS_WITH" && operator !== "EXACT")
    throw new EvaluationError("The operator of group criteria is STARTS_WITH or EXACT.");
  return [...pairs].flatMap(([key, value]) => {
    if (key === "operator") return [];
    const given = typeof value === "string" ? [value] : toArray(value);
    // What is missing, or empty, is no criterion that anything meets.
    const wanted = given.map((one) => toText(one) ?? "").filter((one) => one !== "");
    return [(group: GroupValue) => wanted.some((one) => meets(group, key, one, operator))];
  });
}

function meets(group: GroupValue, key: string, wanted: string, operator: string): boolean {
  switch (key) {
    case "group.id":
      return group.id === wanted;
    case "group.source.id":
      return group.sourceId === wanted || isFrom(group, wanted);
    case "group.type":
      return group.type === wanted;
    case "group.profile.name":
      if (operator === "EXACT") return group.name === wanted;
      // The documentation's own examples end with what looks like a pattern.
      return group.name.startsWith(wanted.endsWith(".*") ? wanted.slice(0, -2) : wanted);
    default: {
      const known = [...CRITERIA_KEYS.keys()].join(", ");
      throw new EvaluationError(`${key} is no criterion of groups; there are ${known}.`);
    }
  }
}

const CRITERIA = { name: "criteria", type: "map", every: 1, keys: CRITERIA_KEYS } as const;

export const GROUPS: readonly ExpressionFunction[] = [
  {
    name: "isMemberOfGroupName",
    parameters: [NAME],
    ...ANY,
    describe: "whether the person is in a group of this name, with regard to case",
    examples: [['isMemberOfGroupName("Pioneers")', true]],
    ...named((name, text) => name === text),
  },
  {
    name: "isMemberOfGroup",
    parameters: [ID],
    ...ANY,
    describe: "whether the person is in the group with this identifier",
    examples: [['isMemberOfGroup("g-1")', true]],
    ...inFacts(({ groups }, id) => groups.some((group) => group.id === toText(id))),
  },
  {
    name: "isMemberOfAnyGroup",
    parameters: [ID],
    rest: { name: "groupIds", type: "string", every: 1 },
    ...ANY,
    describe: "whether the person is in one of them",
    examples: [['isMemberOfAnyGroup("g-0", "g-1")', true]],
    ...inFacts(({ groups }, ...ids) => {
      const wanted = new Set(ids.map((id) => toText(id)));
      return groups.some((group) => wanted.has(group.id));
    }),
  },
  {
    name: "isMemberOfGroupNameStartsWith",
    parameters: [NAME],
    ...ANY,
    describe: "whether the person is in a group whose name begins like this",
    examples: [['isMemberOfGroupNameStartsWith("Pio")', true]],
    ...named((name, text) => name.startsWith(text)),
  },
  {
    name: "isMemberOfGroupNameContains",
    parameters: [NAME],
    ...ANY,
    describe: "whether the person is in a group whose name contains this",
    examples: [['isMemberOfGroupNameContains("admin")', false]],
    ...named((name, text) => name.includes(text)),
  },
  {
    name: "isMemberOfGroupNameRegex",
    parameters: [{ name: "pattern", type: "string", fault: patternFault }],
    ...ANY,
    describe:
      "whether the person is in a group whose whole name matches a regular expression (RE2)",
    examples: [['isMemberOfGroupNameRegex("P.*s")', true]],
    ...named((name, text) => matchesWhole(name, text)),
  },
  {
    name: "user.getGroups",
    parameters: [],
    rest: CRITERIA,
    returns: "array",
    needs,
    describe:
      "the groups that meet all criteria (group.id, group.source.id, group.type, group.profile.name; operator STARTS_WITH or EXACT); name what you want of them with `.![name]`",
    examples: [
      ["user.getGroups({'group.profile.name': 'Pio'}).![name]", ["Pioneers"]],
      [
        "user.getGroups({'group.type': {'APP_GROUP', 'OKTA_GROUP'}}, {'group.profile.name': 'Pio', 'operator': 'EXACT'}).![id]",
        [],
      ],
    ],
    ...inFacts(({ groups }, ...criteria) => matchingGroups(groups, criteria)),
  },
  {
    name: "user.isMemberOf",
    parameters: [],
    rest: CRITERIA,
    ...ANY,
    describe: "whether there is a group that meets all criteria",
    examples: [["user.isMemberOf({'group.id': {'g-0', 'g-1'}})", true]],
    ...inFacts(({ groups }, ...criteria) => matchingGroups(groups, criteria).length > 0),
  },
  {
    name: "Groups.contains",
    ...CLAIM,
    describe: "names of an application's groups that contain pattern, as many as limit (1 to 100)",
    examples: [['Groups.contains("corp", "on", 10)', ["Pioneers"]]],
    ...namesOf((name, pattern) => name.includes(pattern)),
  },
  {
    name: "Groups.startsWith",
    ...CLAIM,
    describe: "those that begin with it",
    examples: [['Groups.startsWith("OKTA", "Pio", 100) ?: {}', []]],
    ...namesOf((name, pattern) => name.startsWith(pattern)),
  },
  {
    name: "Groups.endsWith",
    ...CLAIM,
    describe: "those that end with it",
    examples: [['Groups.endsWith("corp", "ers", 10)', ["Pioneers"]]],
    ...namesOf((name, pattern) => name.endsWith(pattern)),
  },
];
