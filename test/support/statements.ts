/**
 * The rule by which what grows can lie in distributed tables: no statement joins one of them with a table
 * that stays local. The shared Postgres notes the statements that tests make, and each of them is looked at.
 *
 * Not seen are statements that fail, those of servers that a test starts for itself, and those of the embedded
 * database, which are made by the same code; and behind a comma, a table that the schema does not have. There
 * are no views, behind which a table could hide.
 */
import { readFileSync } from "node:fs";
import { Client } from "pg";

/** Of the server: it keeps the text of statements, of all databases, also of cursors and new tables. */
export const NOTING = [
  "pg_stat_statements.max=50000",
  "pg_stat_statements.track=all",
  "pg_stat_statements.track_utility=on",
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
    .replaceAll(/\/\*.*?\*\//gs, " ")
    .replaceAll(/--[^\n]*/g, " ")
    .replaceAll(/'[^']*'/g, " ")
    .replaceAll('"', "")
    .replaceAll(/\b(?:public|pg_catalog)\s*\.\s*/gi, "");
  return bare.toLowerCase().match(/[a-z_][\w$]*|[^\s\w]/g) ?? [];
}

/** What stands before the name of a table. */
const BEFORE_TABLES: ReadonlySet<string> = new Set([
  "from",
  "join",
  "using",
  "update",
  "into",
  "only",
]);
/** What may stand there, too, and is none. */
const NO_TABLES: ReadonlySet<string> = new Set([
  "lateral",
  "only",
  "select",
  "set",
  "skip",
  "nowait",
  "stdin",
]);

/** The tables among words; `users.id` is a column, and what stands behind `as` a new name. */
function tablesAmong(words: readonly string[], tables: ReadonlySet<string>): string[] {
  return words.filter((word, at) => {
    const [before, after] = [words[at - 1], words[at + 1]];
    return tables.has(word) && after !== "." && before !== "." && before !== "as";
  });
}

/** Where the parenthesis around a word opens; -1: there is none. */
function openingOf(words: readonly string[], at: number): number {
  let open = 0;
  for (let i = at - 1; i >= 0; i--) {
    if (words[i] === ")") open++;
    else if (words[i] === "(" && open-- === 0) return i;
  }
  return -1;
}

/** The names that a statement gives its own tables: `with b (x) as (…)`. */
function definedIn(words: readonly string[]): ReadonlySet<string> {
  const found = words.flatMap((word, at) => {
    const isTable = words[at + 1] === "(" || /^(?:not|materialized)$/.test(words[at + 1] ?? "");
    if (word !== "as" || !isTable) return [];
    const name = words[at - 1] === ")" ? words[openingOf(words, at - 1) - 1] : words[at - 1];
    return name === undefined ? [] : [name];
  });
  return new Set(found);
}

/** Tables that the schema does not have, such as temporary ones: they are local. */
function othersAmong(words: readonly string[], known: ReadonlySet<string>): string[] {
  const defined = definedIn(words);
  return words.filter((word, at) => {
    if (!BEFORE_TABLES.has(words[at - 1] ?? "") || !/^[a-z_]/.test(word)) return false;
    if (known.has(word) || defined.has(word) || NO_TABLES.has(word)) return false;
    // `f(…)`, `is distinct from x`, and `extract(epoch from x)`.
    if (words[at + 1] === "(" || words[at - 2] === "distinct") return false;
    const inside = words[openingOf(words, at) + 1] ?? "";
    const isQuery =
      openingOf(words, at) === -1 || /^(?:select|with|delete|update|insert)$/.test(inside);
    return words[at - 1] !== "from" || isQuery;
  });
}

/** Statements that only name tables, and join none. */
const OF_TABLES = /^(?:analyze|vacuum|alter|drop|truncate|lock|grant|revoke|comment|reindex)$/;

/**
 * What a statement joins that it must not; null: nothing. What an `insert` puts into a table may come from
 * tables of either kind: rows go to the coordinator, and on. What it does where a row is there already, and
 * what it returns, is done where the table lies.
 */
export function mixtureOf(statement: string): string | null {
  const words = wordsOf(statement);
  const [verb = "", , target = ""] = words;
  if (OF_TABLES.test(verb)) return null;
  if (verb === "create" && !words.slice(0, 5).includes("as")) return null;
  if (verb !== "insert") return mixed(words);
  const conflict = words.findIndex((word, at) => word === "on" && words[at + 1] === "conflict");
  const sources = words.slice(3, conflict === -1 ? undefined : conflict);
  const returned = words.lastIndexOf("returning");
  const there = conflict === -1 ? returned : conflict;
  const done = there === -1 ? [] : ["into", target, ...words.slice(there)];
  return mixed(sources) ?? mixed(done);
}

function mixed(words: readonly string[]): string | null {
  const far = tablesAmong(words, distributedTables());
  if (far.length === 0) return null;
  const known = localTables().union(distributedTables());
  const near = [...tablesAmong(words, localTables()), ...othersAmong(words, known)];
  return near.length === 0 ? null : `${far.join(", ")} with ${near.join(", ")}`;
}

/** The statements that the tests of a server make, from the beginning to the end. */
export class Statements implements AsyncDisposable {
  readonly #client: Client;
  readonly #seen = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #reading: Promise<void> = Promise.resolve();

  private constructor(client: Client) {
    this.#client = client;
    this.#timer = setInterval(() => void this.#read().catch(() => undefined), 5000).unref();
  }

  /** @param url of any database of the server */
  static async of(url: string): Promise<Statements> {
    const client = new Client({ connectionString: url });
    client.on("error", () => undefined);
    await client.connect();
    await client.query("create extension if not exists pg_stat_statements");
    return new Statements(client);
  }

  /** One reading at a time: a connection does one thing after the other. */
  async #read(): Promise<void> {
    this.#reading = this.#readAfter(this.#reading);
    await this.#reading;
  }

  /** Every database has notes of its own; those of one that was dropped are complete, and make room. */
  async #readAfter(before: Promise<void>): Promise<void> {
    // What went wrong once need not go wrong again.
    await before.catch(() => undefined);
    const over = await this.#client.query<{ id: string }>(
      `select distinct dbid as id from pg_stat_statements
      where dbid not in (select oid from pg_database)`,
    );
    const { rows } = await this.#client.query<{ query: string }>(
      "select distinct query from pg_stat_statements",
    );
    for (const { query } of rows) this.#seen.add(query);
    for (const { id } of over.rows)
      await this.#client.query("select pg_stat_statements_reset(0, $1, 0)", [id]);
  }

  /** @throws Error with each statement that joins what it must not, or where notes were lost */
  async check(): Promise<void> {
    clearInterval(this.#timer);
    await this.#read();
    const { rows } = await this.#client.query<{ lost: string }>(
      "select dealloc as lost from pg_stat_statements_info",
    );
    if (rows[0]?.lost !== "0")
      throw new Error(
        `Statements were not looked at: the server forgot some ${rows[0]?.lost} times.`,
      );
    const wrong = [...this.#seen].flatMap((statement) => {
      const mixture = mixtureOf(statement);
      return mixture === null ? [] : [`${mixture}:\n${statement}`];
    });
    process.stderr.write(`${this.#seen.size} statements were looked at.\n`);
    if (wrong.length === 0) return;
    const rule = "see docs/09-development.md, Statements";
    throw new Error(
      `Distributed and local tables in one statement (${rule}):\n${wrong.join("\n\n")}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading.catch(() => undefined);
    await this.#client.end();
  }
}

/** What was noted of statements with this in their text, and is not forgotten yet. */
export async function notedStatements(url: string, like: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ query: string }>(
      "select query from pg_stat_statements where query ilike $1",
      [`%${like}%`],
    );
    return rows.map((row) => row.query);
  } finally {
    await client.end();
  }
}
