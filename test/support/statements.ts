/**
 * The rule by which what grows can lie in distributed tables: no statement joins one of them with a table
 * that stays local. The shared Postgres notes every statement that any test makes, and at the end of all
 * tests each of them is looked at.
 */
import { readFileSync } from "node:fs";
import { Client } from "pg";

/** Of the server: it keeps the text of every statement, of all databases. */
export const NOTING = [
  "pg_stat_statements.max=20000",
  "pg_stat_statements.track=all",
  "pg_stat_statements.track_utility=off",
  "pg_stat_statements.save=off",
];

/** The tables that the page distributes. */
export function distributedTables(): ReadonlySet<string> {
  const page = readFileSync("docs/how-to/09-distribute-history.md", "utf8");
  const found = page.matchAll(/create_distributed_table\('(\w+)'/g);
  return new Set([...found].map(([, table = ""]) => table));
}

/** All others, of the schema that is checked in. */
export function localTables(): ReadonlySet<string> {
  const schema = readFileSync("test/fixtures/schema.txt", "utf8");
  const columns = schema.matchAll(/^(\w+)\.\w+ /gm);
  return new Set([...columns].map(([, table = ""]) => table)).difference(distributedTables());
}

/** Words and signs, without comments and what stands in quotes. */
function wordsOf(statement: string): string[] {
  const bare = statement
    .replaceAll(/--[^\n]*/g, " ")
    .replaceAll(/'[^']*'/g, " ")
    .replaceAll('"', "");
  return bare.toLowerCase().match(/[a-z_][\w$]*|[^\s\w]/g) ?? [];
}

/** The tables among words; `users.id` is a column, and what stands behind `as` a new name. */
function tablesAmong(words: readonly string[], tables: ReadonlySet<string>): string[] {
  return words.filter((word, at) => {
    const [before, after] = [words[at - 1], words[at + 1]];
    return tables.has(word) && after !== "." && before !== "." && before !== "as";
  });
}

/**
 * What a statement joins that it must not; null: nothing. What an `insert` puts into a table may come from
 * tables of either kind: rows go to the coordinator, and on.
 */
export function mixtureOf(statement: string): string | null {
  const words = wordsOf(statement);
  // Where it goes to is no source.
  const sources = words[0] === "insert" ? words.slice(3) : words;
  const far = tablesAmong(sources, distributedTables());
  const near = tablesAmong(sources, localTables());
  return far.length > 0 && near.length > 0 ? `${far.join(", ")} with ${near.join(", ")}` : null;
}

/** Begins to note statements. @param url of any database of the server */
export async function noteStatements(url: string): Promise<void> {
  await asked(url, "create extension if not exists pg_stat_statements");
}

/** All that was noted. */
export async function notedStatements(url: string): Promise<string[]> {
  const rows = await asked(url, "select query from pg_stat_statements");
  return rows.map((row) => row.query);
}

async function asked(url: string, statement: string): Promise<{ query: string }[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ query: string }>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** @throws Error with each statement that joins what it must not */
export async function refuseMixtures(url: string): Promise<void> {
  const mixed = (await notedStatements(url)).flatMap((statement) => {
    const mixture = mixtureOf(statement);
    return mixture === null ? [] : [`${mixture}:\n${statement}`];
  });
  if (mixed.length === 0) return;
  const rule = "see docs/09-development.md, Statements";
  throw new Error(
    `Distributed and local tables in one statement (${rule}):\n${mixed.join("\n\n")}`,
  );
}
