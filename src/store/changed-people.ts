/** Of whoever a run or a push changed, only those who are asked for. */
import { sql, type RawBuilder } from "kysely";

/** Null: whatever it is. */
export interface ChangedFilter {
  /** How the login begins, without regard to case. */
  readonly login: string | null;
  readonly reason: string | null;
  /** Of the error. */
  readonly code: string | null;
  /** That was changed. */
  readonly attribute: string | null;
}

/** Conditions on a row of `run_changes` or `push_changes`, which have the same columns. */
export function changedConditions(filter: ChangedFilter | undefined): RawBuilder<boolean>[] {
  const { login = null, reason = null, code = null, attribute = null } = filter ?? {};
  return [
    ...(login === null ? [] : [sql<boolean>`starts_with(lower(login), lower(${login}))`]),
    ...(reason === null ? [] : [sql<boolean>`reason = ${reason}`]),
    ...(code === null ? [] : [sql<boolean>`error->>'code' = ${code}`]),
    ...(attribute === null
      ? []
      : [
          sql<boolean>`exists (select 1 from jsonb_array_elements(changes) one
            where one.value->>'attribute' = ${attribute})`,
        ]),
  ];
}
