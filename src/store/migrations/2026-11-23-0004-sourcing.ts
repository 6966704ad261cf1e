import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // How an entry came to its user, and since when it fails with the same problem.
  `alter table app_users add column link jsonb, add column error_since timestamptz`,
  `update app_users set error_since = imported_at where error is not null`,
  `alter table plan add column app_link text, add column look_again boolean not null default false`,
  `alter table held_plan add column app_link text, add column look_again boolean not null default false`,
  `create index app_users_unlinked on app_users (directory, external_id) where user_id is null and status <> 'removed'`,
  // Who has which value of the attributes that are unique, in lower case.
  `create table unique_values (
    attribute text not null,
    value_key text not null,
    user_id uuid not null,
    primary key (attribute, value_key)
  )`,
  `create index unique_values_user on unique_values (user_id)`,
  // Whom an event is about, as numbers: an event has four names of people, and an index of the
  // texts would cost as much as writing the events. What is found is compared again.
  `create function rollcall_people_keys(target jsonb) returns int[] language sql immutable parallel safe as $$
    select array[hashtext(target->0->>'id'), hashtext(target->0->>'alternateId'),
      hashtext(target->1->>'id'), hashtext(target->1->>'alternateId')]
  $$`,
  `create index system_log_people on system_log using gin (rollcall_people_keys(target))
    with (gin_pending_list_limit = 16384)`,
  // The directory stands last, and few names repeat: new events go to the end of each.
  `create index system_log_instance on system_log ((target->-1->>'id'), id)`,
  `create index system_log_transaction on system_log (transaction_id, id)`,
];

export const sourcing: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
