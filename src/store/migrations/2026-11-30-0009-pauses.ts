import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // How long a directory is left alone after a failure; `reached`: by which servers and account.
  `create table directory_pauses (
    directory text primary key, reached text not null, failures int not null, code text not null,
    until timestamptz not null)`,
];

export const pauses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
