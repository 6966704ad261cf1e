/** The history in distributed tables, as the page says. */
import { readFileSync } from "node:fs";
import { blocksOf } from "./how-to.ts";
import { query } from "./postgres.ts";
import { distributedTables } from "./statements.ts";

/** Does in a database what `docs/how-to/09-distribute-history.md` says. */
export async function distributeHistory(url: string): Promise<void> {
  const blocks = blocksOf(readFileSync("docs/how-to/09-distribute-history.md", "utf8"));
  for (const { language, text } of blocks) if (language === "sql") await query(url, text);
}

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
