/** What can be said of a directory's mappings only with its data. */
import { count, closest } from "../lib/lines.ts";
import type { DirectoryRules } from "../reconciler/rules.ts";
import { attributesWithoutValue, countOutdated, countPresent, someAttributes } from "../store/app-users.ts"; // prettier-ignore
import type { Engine } from "./context.ts";
import { mappingVersion } from "./fingerprint.ts";
import { rulesOf } from "./preview-people.ts";

/**
 * @param schema names of the attributes that the directory can have, in lower case; null: not known
 */
export async function mappingRemarks(
  engine: Engine,
  name: string,
  schema: ReadonlySet<string> | null,
): Promise<string[]> {
  const directory = rulesOf(engine, name);
  const { own } = await countPresent(engine.store.db, name);
  const remarks = await unknownAttributes(engine, directory, own, schema);
  const outdated = await outdatedRemark(engine, name, own);
  return outdated === null ? remarks : [...remarks, outdated];
}

/** Attributes that mappings read and nobody has, with the name that may be meant. */
async function unknownAttributes(
  engine: Engine,
  { name, mappings }: DirectoryRules,
  people: number,
  schema: ReadonlySet<string> | null,
): Promise<string[]> {
  const { db } = engine.store;
  const readers = new Map<string, { readonly attribute: string; readonly targets: string[] }>();
  for (const { attribute: target, expression } of mappings.values()) {
    for (const { source, attribute } of expression.reads) {
      if (source !== null) continue;
      const key = attribute.toLowerCase();
      const reader = readers.get(key) ?? { attribute, targets: [] };
      if (!reader.targets.includes(target)) reader.targets.push(target);
      readers.set(key, reader);
    }
  }
  const keys = [...readers.keys()];
  const empty = people === 0 ? [] : await attributesWithoutValue(db, name, keys);
  const foreign = schema === null ? [] : keys.filter((key) => !schema.has(key));
  const wrong = [...new Set([...foreign, ...empty])];
  if (wrong.length === 0) return [];
  const present = await someAttributes(db, name);
  return wrong.map((key) => {
    const { attribute = key, targets = [] } = readers.get(key) ?? {};
    const meant = closest(
      attribute,
      present.filter((one) => one.toLowerCase() !== key),
    );
    const hint = meant === undefined ? "" : `; do you mean ${meant}?`;
    const why =
      schema !== null && !schema.has(key)
        ? "is not in the directory's schema"
        : `has no value at any of ${count(people, "person", "people")}`;
    return `${attribute}, which the mapping of ${targets.join(", ")} reads, ${why}${hint}`;
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
  return `${were} last mapped with an older version of the mappings; the next import or \`rollcall force-sync ${name}\` maps again, \`rollcall preview ${name}\` shows what it changes`;
}
