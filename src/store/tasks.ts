/** What needs a person: one task for each account, app or group that cannot go on. */
import { sql, type Selectable } from "kysely";
import { uuidV7 } from "../lib/uuid.ts";
import { RollcallError } from "../model/errors.ts";
import type { AccountError, Task, TaskKind } from "../model/account.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";
import type { TasksTable } from "./tables.ts";

function toTask(row: Selectable<TasksTable>): Task {
  return {
    id: row.id,
    app: row.app,
    userId: row.user_id,
    login: row.login,
    what: row.what as TaskKind,
    since: row.since.toISOString(),
    attempts: row.attempts,
    error: row.error,
  };
}

export interface NewTask {
  readonly app: string;
  /** A user's id, `app`, or a group. */
  readonly subject: string;
  readonly userId: string | null;
  readonly login: string | null;
  readonly what: TaskKind;
  readonly error: AccountError;
}

/** Opens tasks; one that is open already counts the attempt. @returns the subjects that are new */
export async function openTasks(trx: Trx, tasks: readonly NewTask[]): Promise<string[]> {
  if (tasks.length === 0) return [];
  const rows = tasks.map(({ app, subject, userId, login, what, error }) => {
    return { id: uuidV7(), app, subject, user_id: userId, login, what, error };
  });
  const result = await sql<{ subject: string; attempts: number }>`
    insert into tasks (id, app, subject, user_id, login, what, error, since, attempts)
    select x.id, x.app, x.subject, x.user_id, x.login, x.what, x.error, clock_timestamp(), 1
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as x (id uuid, app text, subject text,
      user_id uuid, login text, what text, error jsonb)
    on conflict (app, subject) do update set attempts = tasks.attempts + 1,
      what = excluded.what, error = excluded.error, login = excluded.login
    returning subject, attempts`.execute(trx);
  return result.rows.filter((row) => row.attempts === 1).map((row) => row.subject);
}

/** Ends the tasks of subjects that go on. */
export async function closeTasks(
  trx: Trx,
  app: string,
  subjects: readonly string[],
): Promise<string[]> {
  if (subjects.length === 0) return [];
  const { rows } = await sql<{ subject: string }>`delete from tasks
    where app = ${app} and subject = any(${subjects}::text[]) returning subject`.execute(trx);
  return rows.map((row) => row.subject);
}

/** The subjects of tasks of one kind that wait for a person. */
export async function openSubjects(db: Connection, app: string, what: TaskKind): Promise<string[]> {
  const rows = await db
    .selectFrom("tasks")
    .select("subject")
    .where("app", "=", app)
    .where("what", "=", what)
    .execute();
  return rows.map((row) => row.subject);
}

export async function listTasks(
  db: Connection,
  app: string | null,
  limit: number,
): Promise<Task[]> {
  let select = db.selectFrom("tasks").selectAll().orderBy("since").orderBy("id").limit(limit);
  if (app !== null) select = select.where("app", "=", app);
  return (await select.execute()).map(toTask);
}

export async function countTasks(db: Connection, app: string): Promise<number> {
  const row = await db
    .selectFrom("tasks")
    .select((one) => one.fn.countAll<string>().as("count"))
    .where("app", "=", app)
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** @param id or the beginning of it. @throws RollcallError `task.notFound` */
export async function findTask(db: Connection, id: string): Promise<Task> {
  const prefix = id.toLowerCase();
  const rows = /^[0-9a-f-]{4,36}$/.test(prefix)
    ? await db
        .selectFrom("tasks")
        .selectAll()
        .where(sql<boolean>`id::text like ${`${prefix}%`}`)
        .limit(2)
        .execute()
    : [];
  const [row, other] = rows;
  if (row === undefined) throw new RollcallError("task.notFound", `There is no task ${id}.`);
  if (other !== undefined)
    throw new RollcallError(
      "task.notFound",
      `Several tasks begin with ${id}; give more of the id.`,
    );
  return toTask(row);
}

export async function dismissTask(trx: Trx, id: string): Promise<boolean> {
  const { numDeletedRows } = await trx.deleteFrom("tasks").where("id", "=", id).executeTakeFirst();
  return numDeletedRows === 1n;
}
