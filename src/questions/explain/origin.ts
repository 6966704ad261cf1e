/** Values that are missing at their origin: not asked for, not there, or mapped to nothing. */
import { closest } from "../../lib/lines.ts";
import { sentences } from "../../lib/sentences.ts";
import { shellWord } from "../../lib/shell.ts";
import type { DirectorySource } from "../../model/directory.ts";
import type { Cause } from "../../model/explanation.ts";
import { attributesWithoutValue, someAttributes } from "../../store/mapped.ts";
import type { CandidateView, Candidates } from "./candidates.ts";
import type { UserFacts } from "./gather.ts";

/** What an entry is known by, where `users.id` names nothing else; the server's kind decides. */
const DEFAULT_IDS = ["entryUUID", "objectGUID", "nsUniqueId"];

/** Attributes that the mapping reads and the directory is not asked for. */
export function notRead(
  { engine, user }: UserFacts,
  attribute: string,
  deciding: CandidateView,
): Cause | null {
  for (const { directory, attribute: name } of deciding.reads) {
    const source = engine.directories.get(directory)?.source;
    // A file is read whole.
    if (source === undefined || source.type === "ldif") continue;
    const names = source.users.attributes.map((one) => one.toLowerCase());
    if (names.some((one) => one === "*" || one === "+" || one === name.toLowerCase())) continue;
    if (asItself(source.users).includes(name.toLowerCase())) continue;
    const left =
      user.profile[attribute] === undefined
        ? `${attribute} has no value`
        : `the next full import empties ${attribute}`;
    const sentence = `${name} is not among directories.${directory}.users.attributes, so it is not read from the directory, and ${left}. Add it, and import in full.`;
    return {
      code: "notRead",
      stage: "appProfile",
      sentence,
      command: `rollcall import ${directory} --full`,
    };
  }
  return null;
}

/** What is read besides, because Rollcall itself needs it. */
function asItself({ id, disabled }: DirectorySource["users"]): readonly string[] {
  const ids = id === null ? DEFAULT_IDS : [id];
  return [...ids, ...(disabled === null ? [] : [disabled.attribute])].map((name) =>
    name.toLowerCase(),
  );
}

/** There is no value, and everything is applied: where does it end? */
export async function emptyAt(
  facts: UserFacts,
  attribute: string,
  deciding: CandidateView,
  { order, fallback }: Candidates,
): Promise<Cause | null> {
  const { engine, user } = facts;
  const { directory, inputs, reads, expression } = deciding;
  if (deciding.value !== null || user.profile[attribute] !== undefined) return null;
  const other =
    order === "okta" ? undefined : order.find((one) => one.linked && one.value !== null);
  const next =
    other === undefined || fallback
      ? null
      : `${other.directory} has ${JSON.stringify(other.value)}, which is not taken: ${directory} is the source, and profile.fallback is off`;
  const values = Object.values(inputs);
  if (values.length === 0 || values.some((value) => value !== null)) {
    const sentence = sentences(
      `The mapping ${expression} of ${directory} gives no value for what the app profile has, so ${attribute} is empty`,
      next,
    );
    return {
      code: "mapsToNothing",
      stage: "mapping",
      sentence,
      command: `rollcall preview ${directory} --user ${shellWord(user.login)} --attribute ${attribute}`,
    };
  }
  const [read] = reads;
  const of = read?.directory ?? directory;
  const names = reads.map((one) => one.attribute);
  const { db } = engine.store;
  const nowhere = await attributesWithoutValue(
    db,
    of,
    names.map((name) => name.toLowerCase()),
  );
  if (nowhere.length === names.length) {
    const meant = closest(names[0] ?? "", await someAttributes(db, of));
    const hint = meant === undefined ? null : `Is ${meant} meant?`;
    const sentence = sentences(
      `Nobody of ${of} has a value of ${names.join(", ")}, which the mapping of ${attribute} reads; the name may be wrong, or the account may not see it`,
      wildcardHint(facts, of, names),
      hint,
      next,
    );
    return { code: "noValue", stage: "appProfile", sentence, command: "rollcall check" };
  }
  const sentence = sentences(
    `The entry in ${of} had no value of ${names.join(", ")} when it was last read, so ${attribute} is empty`,
    next,
    "If the directory has one by now, import it; a force sync will not help",
  );
  return {
    code: "noValue",
    stage: "appProfile",
    sentence,
    command: `rollcall explain ${shellWord(user.login)} ${attribute} --live`,
  };
}

/** `*` and `+` do not stand for everything (RFC 4511 section 4.5.1.8, RFC 3673). */
function wildcardHint({ engine }: UserFacts, of: string, names: readonly string[]): string | null {
  const source = engine.directories.get(of)?.source;
  if (source === undefined || source.type === "ldif") return null;
  const asked = source.users.attributes.map((name) => name.toLowerCase());
  if (names.every((name) => asked.includes(name.toLowerCase()))) return null;
  const where = `name it in directories.${of}.users.attributes`;
  if (asked.includes("*") && !asked.includes("+"))
    return `\`*\` brings no operational attributes: if it is one, ${where}`;
  return asked.includes("*")
    ? null
    : `\`+\` brings operational attributes only: if it is none, ${where}`;
}
