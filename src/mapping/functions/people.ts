import { appUsersOf, onlyAppUser, type Needs } from "../scope.ts";
import { toText, type Value } from "../values.ts";
import { inFacts, type ExpressionFunction, type Parameter } from "./definition.ts";

const SOURCE: Parameter = { name: "managerSource", type: "string", names: "directory" };
const ATTRIBUTE_SOURCE: Parameter = { name: "attributeSource", type: "string", names: "directory" };
const INTERNAL = ["id", "status"];

/** The type of an Active Directory, where a function asks for a directory. */
export const ACTIVE_DIRECTORY = "active_directory";
const WORKDAY = "workday";

function relation(attribute: string) {
  return ([source]: readonly (string | null)[]): Partial<Needs> => ({
    related: [{ attribute, source: source ?? null }],
  });
}

/** The user whom an attribute of the person's own app profile names, and an app user of theirs. */
function relatedUser(
  name: string,
  attribute: string,
  example: ExpressionFunction["examples"],
): ExpressionFunction {
  return {
    name,
    parameters: [{ ...SOURCE, name: `${attribute}Source` }],
    returns: "record",
    returnsUser: true,
    describe: `the user profile of whom the attribute ${attribute} names in that directory; null if there is nobody`,
    examples: example,
    needs: relation(attribute),
    ...inFacts((facts, source) => facts.related(attribute, toText(source ?? null))?.user ?? null),
  };
}

function relatedAppUser(
  name: string,
  attribute: string,
  example: ExpressionFunction["examples"],
): ExpressionFunction {
  return {
    name,
    parameters: [{ ...SOURCE, name: `${attribute}Source` }, ATTRIBUTE_SOURCE],
    returns: "record",
    describe: "the same person's app profile in another directory",
    examples: example,
    needs: relation(attribute),
    ...inFacts((facts, source, attributeSource) => {
      const person = facts.related(attribute, toText(source ?? null));
      const wanted = toText(attributeSource ?? null);
      if (person === null || wanted === null) return null;
      return onlyAppUser(person, wanted)?.profile ?? null;
    }),
  };
}

function hasOne(name: string, type: string, what: string): ExpressionFunction {
  return {
    name,
    parameters: [],
    returns: "boolean",
    describe: `whether the person has exactly one app user in ${what}`,
    examples: [[`${name}()`, type === ACTIVE_DIRECTORY]],
    ...inFacts((facts) => appUsersOf(facts, type).length === 1),
  };
}

function findOne(name: string, type: string, example: Value): ExpressionFunction {
  const attribute = type === ACTIVE_DIRECTORY ? "userPrincipalName" : "employeeID";
  return {
    name,
    parameters: [],
    returns: "record",
    describe: "that app profile; null if there is none, or more than one",
    examples: [[`${name}().${attribute}`, example]],
    ...inFacts((facts) => onlyAppUser(facts, type)?.profile ?? null),
  };
}

export const PEOPLE: readonly ExpressionFunction[] = [
  relatedUser("getManagerUser", "manager", [
    ['getManagerUser("active_directory").firstName', "Charles"],
  ]),
  relatedAppUser("getManagerAppUser", "manager", [
    ['getManagerAppUser("active_directory", "hr").badge', "B-1"],
  ]),
  relatedUser("getAssistantUser", "assistant", [
    ['getAssistantUser("active_directory").firstName', null],
  ]),
  relatedAppUser("getAssistantAppUser", "assistant", [
    ['getAssistantAppUser("active_directory", "hr").badge', null],
  ]),
  {
    name: "user.getLinkedObject",
    parameters: [{ name: "primaryName", type: "string", names: "relation" }],
    returns: "record",
    returnsUser: true,
    describe: "the user profile of whom the attribute of that name in the mapped app profile names",
    examples: [['user.getLinkedObject("manager").lastName', "Babbage"]],
    needs: ([name]) => ({ related: [{ attribute: name ?? "", source: null }] }),
    ...inFacts((facts, name) => facts.related(toText(name ?? null) ?? "", null)?.user ?? null),
  },
  {
    name: "user.getInternalProperty",
    parameters: [
      {
        name: "property",
        type: "string",
        fault: (name) =>
          INTERNAL.includes(name)
            ? null
            : `There is no internal property ${name}; there are id and status.`,
      },
    ],
    returns: "string",
    describe: "the user's id, or status in capitals; null while the user does not exist yet",
    examples: [['user.getInternalProperty("status") == "ACTIVE"', true]],
    ...inFacts(({ user }, property) => {
      const name = toText(property ?? null);
      return name === "id" ? (user?.id ?? null) : name === "status" ? (user?.status ?? null) : null;
    }),
  },
  hasOne("hasDirectoryUser", ACTIVE_DIRECTORY, "directories of type active-directory"),
  findOne("findDirectoryUser", ACTIVE_DIRECTORY, "ada@example.org"),
  hasOne("hasWorkdayUser", WORKDAY, "a directory named workday"),
  findOne("findWorkdayUser", WORKDAY, null),
];
