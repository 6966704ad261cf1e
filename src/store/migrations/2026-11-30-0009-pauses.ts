import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // How long a directory is left alone after a failure; `reached`: by which servers and account.
  `create table directory_pauses (
    directory text not null, reached text not null, failures int not null, code text not null,
    until timestamptz not null, since timestamptz not null, primary key (directory, reached))`,
  // To whom an import gave access back, without a look at everybody else.
  `create index run_changes_regained on run_changes (run_id) where reason = 'regained'`,
];

export const pauses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
