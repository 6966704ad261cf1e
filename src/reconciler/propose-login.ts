/**
 * Many accounts of Active Directory have no userPrincipalName, and then no login. Every one has a
 * sAMAccountName, which is unique in its domain; with the domain behind it, it makes a login.
 */
import { splitDn } from "../model/dn.ts";
import { attributeValues, type AppProfile } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import type { DirectoryRules, Rules } from "./rules.ts";

const REQUIRED = "platform.cvd.profile.property.constraint.violation.required";
const NAMES: ReadonlySet<string> = new Set(["login", "email"]);

/** Adds to a missing login what could be mapped instead, where the entry has it. */
export function withProposal(
  problem: Problem,
  {
    rules,
    directory,
  }: { readonly rules: Pick<Rules, "schema">; readonly directory: DirectoryRules },
  { dn, profile }: { readonly dn: string; readonly profile: AppProfile },
): Problem {
  const problems = [problem, ...(problem.others ?? [])];
  const missing = problems.filter(({ code, field }) => code === REQUIRED && NAMES.has(field));
  const domain = domainOf(dn);
  const hasName = attributeValues(profile, "sAMAccountName").length === 1;
  if (missing.length === 0 || domain === null || !hasName) return problem;
  const fields = new Set(missing.map(({ field }) => field));
  // Mappings replace the default ones, so that all required ones have to be given.
  const lines = [...directory.mappings.values()].flatMap(({ attribute, expression }) => {
    if (rules.schema.get(attribute)?.required !== true) return [];
    const { source } = expression;
    const made = fields.has(attribute)
      ? `(${source}) ?: appuser.sAMAccountName + "@${domain}"`
      : source;
    return [`${attribute}: '${made.replaceAll("'", "''")}'`];
  });
  const message = `${problem.message} The account has a sAMAccountName; with it, and your other mappings: toOkta: { ${lines.join(", ")} }`;
  return { ...problem, message };
}

/** The domain of an entry: `DC=corp,DC=example` is `corp.example`; null where it is in none. */
function domainOf(dn: string): string | null {
  const parts = (splitDn(dn) ?? []).map((part) => /^\s*dc=\s*([a-z0-9_-]+)\s*$/i.exec(part)?.[1]);
  const names = parts.slice(parts.findLastIndex((part) => part === undefined) + 1);
  return names.length === 0 ? null : names.join(".").toLowerCase();
}
