import { query } from "../imports/faults/world.ts";
import { SIMPLE_MAPPINGS, simplePerson, type Workplace } from "./rollcall.ts";

/** Lines of a directory's configuration: no safeguard; matching by login; by employee number. */
export const OFF = "    importSafeguard: off\n";
export const BY_LOGIN = "    matching: [{ user: login, app: appuser.mail, onMatch: link }]\n";
export const BY_NUMBER = "    matching: [{ user: employeeNumber, app: appuser.employeeNumber }]\n";
export const NUMBERED = `${SIMPLE_MAPPINGS}      employeeNumber: appuser.employeeNumber\n`;

export interface LdifDirectory {
  readonly name: string;
  readonly people: string;
  /** More lines of its configuration. */
  readonly more: string;
  readonly mappings?: string | undefined;
}

/** The configuration of a directory, whose file is written. */
export function ldifDirectory(
  place: Workplace,
  { name, people, more, mappings = SIMPLE_MAPPINGS }: LdifDirectory,
): string {
  const path = place.file(`${name}.ldif`, people);
  return `  ${name}:\n    type: ldif\n    path: ${path}\n${more}${mappings}`;
}

/** Somebody with an employee number. */
export const numbered = (id: string, employeeNumber: string, mail = `${id}@example.org`): string =>
  simplePerson(id, { employeeNumber, mail });

export interface LinkedEntry {
  readonly directory: string;
  readonly id: string;
  readonly status: string;
  readonly login: string | null;
}

/** Every app profile with the login of the user that it is linked to. */
export const linkedEntries = (place: Workplace): Promise<LinkedEntry[]> =>
  query<LinkedEntry>(
    place,
    `select a.directory, a.external_id as id, a.status, u.login
     from app_users a left join users u on u.id = a.user_id order by 1, 2`,
  );
