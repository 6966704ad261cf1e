import { distributedTables } from "./statements.ts";

/** Gives rows another identifier. Of a distributed table they are made anew. */
export async function reidentify(
  run: (statement: string) => Promise<unknown>,
  { table, column }: { readonly table: string; readonly column: string },
  from: string,
  to: string,
): Promise<void> {
  const change = `set ${column} = '${to}' where ${column} = '${from}'`;
  if (!distributedTables().has(table)) {
    await run(`update ${table} ${change}`);
    return;
  }
  await run(`create table moving as select * from ${table} where ${column} = '${from}'`);
  await run(`update moving ${change}`);
  await run(`delete from ${table} where ${column} = '${from}'`);
  await run(`insert into ${table} select * from moving`);
  await run("drop table moving");
}
