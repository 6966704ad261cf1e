/** What somebody sees of a directory who knows nothing of it yet: who is in it, and as what. */
import type { DirectoryObject } from "../model/directory-object.ts";
import type { CsvFormat, DirectorySource, LdapSource, LdapTarget } from "../model/directory.ts";
import type { AppProfile } from "../model/entry.ts";
import { RollcallError } from "../model/errors.ts";
import { GROUP_FILTERS, PEOPLE_FILTERS, PEOPLE_OF_ANY_CLASS } from "../model/default-filters.ts";
import { CsvFile } from "./csv/file.ts";
import { Reading } from "./csv/reading.ts";
import { openConnection } from "./ldap/connection.ts";
import { LdapDirectory } from "./ldap/directory.ts";
import { isAd, readRootDse, titleOf, type ServerKind } from "./ldap/root-dse.ts";
import { schemaAttributes } from "./ldap/subschema.ts";
import { LdifDirectory } from "./ldif/directory.ts";

/** An entry or a row that may be a person. */
export interface Seen {
  readonly dn: string;
  /** Whether the server's own identifier can be read of it; of a file: null. */
  readonly hasId: boolean | null;
  readonly profile: AppProfile;
}

export interface Look {
  readonly type: DirectorySource["type"];
  readonly kind: ServerKind | null;
  /** For people: which server or file it is. */
  readonly title: string;
  /** Names of all attributes that the server's schema has, in lower case; null: not known. */
  readonly schema: ReadonlySet<string> | null;
  people(): AsyncGenerator<readonly Seen[]>;
  /** Groups, where the directory has them. */
  groups(): AsyncGenerator<readonly DirectoryObject[]>;
  /** What could not be seen, once everybody was looked at. */
  readonly remarks: readonly string[];
}

const ANY_FORMAT: CsvFormat = { delimiter: null, encoding: null, separator: null, trailer: null };
const BATCH = 500;

/** Opens nothing yet; that the file cannot be read is told by looking at people. */
export function lookAtFile(path: string, type: "ldif" | "csv", signal: AbortSignal): Look {
  const remarks: string[] = [];
  const common = { type, kind: null, schema: null, remarks } as const;
  async function* none(): AsyncGenerator<never> {
    yield* [];
  }
  if (type === "csv") {
    const people = (): AsyncGenerator<Seen[]> =>
      rowsOf(new CsvFile(path, ANY_FORMAT), remarks, signal);
    return { ...common, title: `CSV file ${path}`, people, groups: none };
  }
  const users = { ...EVERYBODY, bases: [], filter: PEOPLE_FILTERS.ldif };
  const directory = new LdifDirectory({ name: "look", type, path, users, groups: null });
  async function* people(): AsyncGenerator<Seen[]> {
    await using session = await directory.open(signal);
    for await (const batch of session.people())
      yield batch.map((raw) => ({ dn: raw.dn, hasId: null, profile: raw.decode().profile }));
  }
  return { ...common, title: `LDIF file ${path}`, people, groups: none };
}

/** Without rows of which it is not known what stands where; that there are such is told. */
async function* rowsOf(
  file: CsvFile,
  remarks: string[],
  signal: AbortSignal,
): AsyncGenerator<Seen[]> {
  const reading = new Reading();
  let batch: Seen[] = [];
  for await (const row of file.rows(signal, reading)) {
    if (row.state !== "whole") continue;
    const profile = file.profile(row, reading.begun.heading);
    batch.push({ dn: `line ${row.line}`, hasId: null, profile });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
  const { doubt } = reading;
  if (doubt !== null && !remarks.includes(doubt)) remarks.push(doubt);
}

const EVERYBODY = { scope: "sub", id: null, attributes: ["*"], disabled: [] } as const;

/** Contexts in which servers keep what is theirs. */
const OF_SERVER =
  /^(?:cn=(?:config|schema|configuration|monitor|changelog|accesslog)|dc=(?:domain|forest)dnszones|o=(?:netscaperoot|ipaca))(?:,|$)/i;

/**
 * @param base where to look; null: wherever the server may have people
 * @throws RollcallError if the server cannot be used, or has no part in which people could be
 */
export async function lookAtServer(
  target: LdapTarget,
  base: string | null,
  signal: AbortSignal,
): Promise<Look> {
  await using connection = await openConnection(target, signal);
  const server = await readRootDse(connection, signal);
  const isDomain = isAd(server) && server.kind !== "ad-lds";
  const contexts = server.namingContexts.filter((name) => name !== "" && !OF_SERVER.test(name));
  const bases = base === null ? contexts : [base];
  if (bases.length === 0) {
    const message = `${titleOf(server, connection.url)} does not tell where people may be; their base has to be given.`;
    throw new RollcallError("ldap.baseNotFound", message);
  }
  const remarks: string[] = [];
  const type = isDomain ? "active-directory" : "ldap";
  const filter = isDomain ? PEOPLE_FILTERS["active-directory"] : PEOPLE_OF_ANY_CLASS;
  const sourceOf = (one: string): LdapSource => ({
    name: "look",
    type,
    users: { ...EVERYBODY, bases: [one], filter },
    groups: { bases: [one], filter: GROUP_FILTERS[type] },
    incremental: { way: "off", overlapSeconds: 0, compareMinutes: 0 },
    ldap: target,
  });
  return {
    type,
    kind: server.kind,
    schema: await schemaAttributes(connection, signal).catch(() => null),
    title: titleOf(server, connection.url),
    people: () => peopleIn(bases.map(sourceOf), remarks, signal),
    groups: () => groupsIn(bases.map(sourceOf), remarks, signal),
    remarks,
  };
}

/** Where a part cannot be read whole, what was read of it is taken, and the rest told. */
async function* peopleIn(
  sources: readonly LdapSource[],
  remarks: string[],
  signal: AbortSignal,
): AsyncGenerator<Seen[]> {
  for (const source of sources) {
    await using session = await new LdapDirectory(source).open(signal);
    try {
      for await (const batch of session.people())
        yield batch.map((raw) => ({
          dn: raw.dn,
          hasId: raw.id !== null,
          profile: raw.decode().profile,
        }));
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
      remarks.push(`${source.users.bases[0]} cannot be read whole: ${thrown.message}`);
    }
  }
}

async function* groupsIn(
  sources: readonly LdapSource[],
  remarks: string[],
  signal: AbortSignal,
): AsyncGenerator<DirectoryObject[]> {
  for (const source of sources) {
    await using session = await new LdapDirectory(source).open(signal);
    try {
      for await (const batch of session.objects?.read(null) ?? [])
        yield batch.filter(({ kind }) => kind === "group");
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
      remarks.push(`groups of ${source.users.bases[0]} cannot be read whole: ${thrown.message}`);
    }
  }
}
