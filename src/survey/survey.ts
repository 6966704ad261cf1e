/** Looks at a directory that nobody has configured, and proposes how to read it. Writes nothing. */
import { lookAtFile, lookAtServer, type Look, type Seen } from "../agent/look.ts";
import type { LdapTarget } from "../model/directory.ts";
import { parentOf } from "../model/dn.ts";
import { attributeValues } from "../model/entry.ts";
import { RollcallError } from "../model/errors.ts";
import type { Proposal } from "../model/proposal.ts";
import { groupsColumn, proposeDisabled, proposeId, separatorIn } from "./facts.ts";
import { missingOf, previewOf, proposeMappings } from "./mappings.ts";
import { sampleOf, type Sample } from "./sample.ts";
import { scopeOfServer, type ProposedScope } from "./scope.ts";

/** What to look at: a server, or a file. */
export type SurveyOf =
  | { readonly target: LdapTarget; readonly base: string | null }
  | { readonly path: string; readonly type: "ldif" | "csv" };

export interface SurveyAsked {
  readonly of: SurveyOf;
  /** What the directory will be called. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly progress: (people: number) => void;
}

const SHOWN_PEOPLE = 10;
const SHOWN_PLACES = 10;

/** @throws RollcallError if it cannot be read, `directory.empty` if nobody is in it */
export async function surveyDirectory(asked: SurveyAsked): Promise<Proposal> {
  const { of, signal } = asked;
  const look =
    "target" in of
      ? await lookAtServer(of.target, of.base, signal)
      : lookAtFile(of.path, of.type, signal);
  const everybody = await sampleOf(look, isNoComputer, asked.progress);
  if (everybody.people === 0) {
    const why = look.remarks.map((remark) => ` ${remark}`).join("");
    const message = `${look.title} has nobody who looks like a person.${why}`;
    throw new RollcallError("directory.empty", message);
  }
  const base = "target" in of ? of.base : null;
  const scope = scopeOf(look, everybody, base);
  const sample = await sampleOf(look, scope.accepts, asked.progress);
  const groups = await groupsOf(look, sample);
  return proposalOf(asked.directory, { look, scope, sample, groups });
}

/** Where the class of people is a part of that of computers, as in Active Directory. */
function isNoComputer({ profile }: Seen): boolean {
  return !attributeValues(profile, "objectClass").some(
    (value) => typeof value === "string" && value.toLowerCase() === "computer",
  );
}

function scopeOf({ type }: Look, everybody: Sample, base: string | null): ProposedScope {
  if (type === "ldap" || type === "active-directory") return scopeOfServer(everybody, type, base);
  return { base: null, filter: null, accepts: () => true, remarks: [] };
}

async function groupsOf(look: Look, sample: Sample): Promise<Proposal["groups"]> {
  if (look.type === "csv") {
    const column = groupsColumn(sample);
    return column === null ? null : { column };
  }
  const places: string[] = [];
  for await (const batch of look.groups()) {
    for (const { dn } of batch) places.push(parentOf(dn) ?? dn);
    if (places.length > MOST_GROUPS) break;
  }
  if (places.length === 0) return null;
  // A domain's groups are found by themselves.
  if (look.type === "active-directory") return {};
  return { base: places.reduce(commonOf) };
}

const MOST_GROUPS = 5000;

/** The lowest container in which both lie. */
function commonOf(one: string, other: string): string {
  const [a, b] = [one, other].map((dn) => dn.split(/(?<!\\),/));
  const parts = (a ?? []).toReversed();
  const same = (b ?? []).toReversed();
  const length = parts.findIndex((part, i) => part.toLowerCase() !== same[i]?.toLowerCase());
  return (length < 0 ? parts : parts.slice(0, length)).toReversed().join(",");
}

interface Surveyed {
  readonly look: Look;
  readonly scope: ProposedScope;
  readonly sample: Sample;
  readonly groups: Proposal["groups"];
}

function proposalOf(directory: string, { look, scope, sample, groups }: Surveyed): Proposal {
  const id = proposeId(look, sample);
  const disabled = proposeDisabled(look, sample);
  const mappings = proposeMappings(directory, sample);
  const attributes = [...sample.attributes.values()];
  return {
    type: look.type,
    title: look.title,
    base: scope.base,
    filter: scope.filter,
    id: id.value,
    disabled: disabled.value,
    groups,
    separator: look.type === "csv" ? separatorIn(sample, groups?.column ?? null) : null,
    people: sample.people,
    isPart: sample.isPart,
    places: [...sample.places]
      .map(([dn, people]) => ({ dn, people }))
      .toSorted((a, b) => b.people - a.people)
      .slice(0, SHOWN_PLACES),
    attributes: attributes
      .map(({ name, people }) => ({ name, people }))
      .toSorted((a, b) => b.people - a.people),
    mappings,
    missing: [...(id.isMissing ? ["users.id"] : []), ...missingOf(mappings)],
    preview: previewOf(directory, mappings, sample, SHOWN_PEOPLE),
    remarks: [...look.remarks, ...scope.remarks, ...id.remarks, ...disabled.remarks],
  };
}
