/** Which attribute of a directory gives which of a user: tried on people who were seen. Pure. */
import { MappingEnvironment } from "../mapping/environment.ts";
import { compileMappings, type Mapping } from "../mapping/mapping.ts";
import { NO_FACTS, type Scope } from "../mapping/scope.ts";
import { attributeValues } from "../model/entry.ts";
import { BASE_ATTRIBUTES, profileSchema } from "../model/profile-schema.ts";
import type { ProposedMapping, ProposedPerson } from "../model/proposal.ts";
import { judgedValue } from "../reconciler/mapped-value.ts";
import { bareName, USUAL_NAMES } from "./names.ts";
import type { Sample } from "./sample.ts";

const SCHEMA = profileSchema(new Map());
const NEARLY_AS_MANY = 0.95;
/** Names that expressions can have behind a dot. */
const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/** In the order of the profile's attributes; without those that nobody has. */
export function proposeMappings(directory: string, sample: Sample): ProposedMapping[] {
  const trial = new Trial(directory, sample);
  return [...BASE_ATTRIBUTES.keys()].flatMap((attribute) => {
    const best = trial.best(attribute, candidatesFor(attribute, sample));
    return best ?? [];
  });
}

/** What is missing although every user needs it. */
export function missingOf(mappings: readonly ProposedMapping[]): string[] {
  const mapped = new Set(mappings.map(({ attribute }) => attribute));
  const required = [...BASE_ATTRIBUTES].filter(([, one]) => one.required === true);
  return required.flatMap(([name]) => (mapped.has(name) ? [] : [name]));
}

function candidatesFor(attribute: string, sample: Sample): string[] {
  // Where nothing is called a login, people log in by their address, whatever that is called.
  const names = attribute === "login" ? ["login", "email"] : [attribute];
  const usual = new Set(names.flatMap((name) => USUAL_NAMES.get(name) ?? []));
  const found = [...usual].flatMap((usualName) =>
    [...sample.attributes.values()].filter(
      ({ name }) => NAME.test(name) && bareName(name) === usualName,
    ),
  );
  const several = ({ name }: { readonly name: string }): boolean =>
    sample.kept.some(({ profile }) => attributeValues(profile, name).length > 1);
  const plain = found.map((one) =>
    several(one) ? `appuser.${one.name}[0]` : `appuser.${one.name}`,
  );
  return attribute === "login" ? [...plain, ...madeLogins(sample)] : plain;
}

/** Where nothing looks like a login: the account's name with the domain of most addresses. */
function madeLogins({ attributes, kept }: Sample): string[] {
  const domain = mostFrequent(
    kept.flatMap(({ profile }) => {
      const [mail] = attributeValues(profile, "mail");
      return typeof mail === "string" ? (mail.split("@")[1]?.toLowerCase() ?? []) : [];
    }),
  );
  const fallback = kept[0]?.dn
    .split(",")
    .filter((part) => /^dc=/i.test(part.trim()))
    .map((part) => part.trim().slice(3));
  const at = domain ?? (fallback?.length ? fallback.join(".") : "example.org");
  return ["samaccountname", "uid"].flatMap((lower) => {
    const seen = attributes.get(lower);
    return seen === undefined ? [] : [`appuser.${seen.name} + ${JSON.stringify(`@${at}`)}`];
  });
}

function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}

class Trial {
  readonly #environment: MappingEnvironment;
  readonly #scopes: readonly Scope[];

  constructor(directory: string, { kept }: Sample) {
    this.#environment = new MappingEnvironment(
      directory,
      new Map([[directory, { type: directory }]]),
      SCHEMA.keys(),
    );
    this.#scopes = kept.map(({ profile: app }) => ({ app, facts: NO_FACTS }));
  }

  /** The expression that is valid for most people; what every user needs may come from a second one. */
  best(attribute: string, candidates: readonly string[]): ProposedMapping | null {
    const tried = candidates.flatMap((one) => this.#tried(attribute, one) ?? []);
    const most = Math.max(0, ...tried.map(({ valid }) => valid));
    // A name that tells more is worth a few people.
    const first = tried.find(({ valid }) => valid > 0 && valid >= most * NEARLY_AS_MANY);
    if (first === undefined) return null;
    const isRequired = BASE_ATTRIBUTES.get(attribute)?.required === true;
    if (!isRequired || first.valid === first.of) return first;
    const chained = candidates
      .filter((one) => one !== first.expression)
      .flatMap((one) => this.#tried(attribute, `${first.expression} ?: ${one}`) ?? []);
    const [better] = chained.toSorted((a, b) => b.valid - a.valid);
    return better !== undefined && better.valid > first.valid ? better : first;
  }

  #tried(attribute: string, expression: string): ProposedMapping | null {
    const mapping = compiled(this.#environment, attribute, expression);
    if (mapping === null) return null;
    const valid = this.#scopes.filter((scope) => {
      const { value, problem } = judgedValue(mapping, scope, SCHEMA);
      return value !== null && problem === null;
    }).length;
    return { attribute, expression, valid, of: this.#scopes.length };
  }
}

function compiled(
  environment: MappingEnvironment,
  attribute: string,
  expression: string,
): Mapping | null {
  const settings = new Map([[attribute, { expression, apply: "update", line: 0 } as const]]);
  const { mappings, problems } = compileMappings(environment, settings, SCHEMA);
  return problems.length > 0 ? null : (mappings[0] ?? null);
}

/** Some people as they would become. @param count how many, from all over */
export function previewOf(
  directory: string,
  mappings: readonly ProposedMapping[],
  { kept }: Sample,
  count: number,
): ProposedPerson[] {
  const directories = new Map([[directory, { type: directory }]]);
  const environment = new MappingEnvironment(directory, directories, SCHEMA.keys());
  const all = mappings.flatMap(
    ({ attribute, expression }) => compiled(environment, attribute, expression) ?? [],
  );
  const stride = Math.max(1, Math.floor(kept.length / count));
  const some = kept.filter((_, i) => i % stride === 0).slice(0, count);
  return some.map(({ dn, profile: app }) => {
    const judged = all.map((mapping) => ({
      attribute: mapping.attribute,
      ...judgedValue(mapping, { app, facts: NO_FACTS }, SCHEMA),
    }));
    const values = judged.filter(({ value, problem }) => value !== null && problem === null);
    const faults = judged.flatMap(({ problem }) => problem?.message ?? []);
    const empty = judged.filter(
      ({ attribute, value, problem }) =>
        value === null && problem === null && BASE_ATTRIBUTES.get(attribute)?.required === true,
    );
    return {
      dn,
      profile: Object.fromEntries(values.map(({ attribute, value }) => [attribute, value])),
      problems: [...faults, ...empty.map(({ attribute }) => `${attribute} has no value.`)],
    };
  });
}
