/** What can be said of a directory's mappings only with its data. */
import { configuredDirectory } from "../engine/directories.ts";
import type { Engine } from "../engine/engine.ts";
import { mappingVersion } from "../engine/fingerprint.ts";
import { count, meantHint } from "../lib/lines.ts";
import type { Expression } from "../mapping/mapping.ts";
import { namedBy, type DirectoryRules } from "../reconciler/rules.ts";
import { countPresent } from "../store/app-users.ts";
import { countOutdated, someAttributes } from "../store/mapped.ts";
import { withoutValue } from "./without-value.ts";

/**
 * @param schema names of the attributes that the directory can have, in lower case; null: not known
 */
export async function mappingRemarks(
  engine: Engine,
  name: string,
  schema: ReadonlySet<string> | null,
): Promise<string[]> {
  const directory = configuredDirectory(engine, name).rules;
  const { own } = await countPresent(engine.store.db, name);
  const remarks = await unknownAttributes(engine, directory, own, schema);
  const outdated = await outdatedRemark(engine, name, own);
  return outdated === null ? remarks : [...remarks, outdated];
}

/** An attribute that expressions read, and which of them. */
interface Reader {
  readonly attribute: string;
  readonly by: Set<string>;
}

/** Attributes that expressions read and nobody has, with the name that may be meant. */
async function unknownAttributes(
  engine: Engine,
  directory: DirectoryRules,
  people: number,
  schema: ReadonlySet<string> | null,
): Promise<string[]> {
  const remarks: string[] = [];
  for (const [source, readers] of readersOf(engine, directory)) {
    const own = source === directory.name;
    const known = own ? people : (await countPresent(engine.store.db, source)).own;
    const among = { people: known, schema: own ? schema : null };
    remarks.push(...(await unknownOf(engine, source, readers, among)));
  }
  return remarks;
}

/** By directory, what the mappings and the matching rules of one read. */
function readersOf(
  { rules }: Engine,
  { name, mappings, matching }: DirectoryRules,
): Map<string, Map<string, Reader>> {
  const readers = new Map<string, Map<string, Reader>>();
  const note = (expression: Expression, by: string): void => {
    for (const { source, attribute } of expression.reads) {
      // A `_` may stand for a sign that expressions cannot write.
      if (attribute.includes("_")) continue;
      for (const directory of namedBy(source, name, rules.directories)) {
        const all = readers.get(directory) ?? new Map<string, Reader>();
        const reader = all.get(attribute.toLowerCase()) ?? { attribute, by: new Set() };
        reader.by.add(by);
        readers.set(directory, all.set(attribute.toLowerCase(), reader));
      }
    }
  };
  for (const { attribute, expression } of mappings.values())
    note(expression, `the mapping of ${attribute}`);
  for (const { user, app } of matching) note(app, `the matching rule for ${user}`);
  return readers;
}

async function unknownOf(
  engine: Engine,
  directory: string,
  readers: ReadonlyMap<string, Reader>,
  { people, schema }: { readonly people: number; readonly schema: ReadonlySet<string> | null },
): Promise<string[]> {
  const keys = [...readers.keys()];
  const empty = people === 0 ? [] : await withoutValue(engine, directory, keys);
  const foreign = schema === null ? [] : keys.filter((key) => !schema.has(key));
  const wrong = [...new Set([...foreign, ...empty])];
  if (wrong.length === 0) return [];
  const present = await someAttributes(engine.store.db, directory);
  return wrong.map((key) => {
    const { attribute, by } = readers.get(key) ?? { attribute: key, by: new Set<string>() };
    const others = present.filter((one) => one.toLowerCase() !== key);
    const hint = meantHint(attribute, others);
    const why = foreign.includes(key)
      ? "is not in the directory's schema"
      : `has no value at any of ${count(people, "person", "people")} of ${directory}`;
    const who = [...by].join(" and ");
    return `${attribute}, which ${who} ${by.size > 1 ? "read" : "reads"}, ${why}${hint}`;
  });
}

async function outdatedRemark(
  engine: Engine,
  name: string,
  people: number,
): Promise<string | null> {
  const version = mappingVersion(engine.fingerprintOf(name));
  const outdated = await countOutdated(engine.store.db, name, version);
  if (outdated === 0) return null;
  const were = `${outdated.toLocaleString("en-US")} of ${count(people, "app profile", "app profiles")} ${outdated === 1 ? "was" : "were"}`;
  return `${were} last mapped with an older version of the mappings; the next import or a force sync maps again, and a preview shows what it changes`;
}
