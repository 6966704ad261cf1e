/**
 * The two databases behind one shape. Postgres by `pg`, or PGlite in this process, which is
 * Postgres compiled to WebAssembly: same SQL, one connection, and rows come in by COPY from a
 * blob instead of a stream. Because there is one connection, nothing may use `db` inside
 * `transaction`; functions that need a transaction take it as their parameter.
 */
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect, PostgresDialect, sql, type LogEvent } from "kysely";
import { Pool, type PoolClient } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { RollcallError } from "../model/errors.ts";
import type { Secret } from "../model/secret.ts";
import type { Connection, Trx } from "./connection.ts";
import { lockFolder } from "./embedded-lock.ts";
import { fenceStatement, LEASE_SECONDS, leaseLost, type Lease } from "./leases.ts";
import { migrate, type MigrationReport } from "./migrations/migrate.ts";
import type { Tables } from "./tables.ts";
import { Turns } from "./turns.ts";

export interface Store extends AsyncDisposable {
  readonly db: Connection;
  readonly kind: "postgres" | "embedded";
  /** What to call it: the server's version, or the folder. */
  readonly title: string;
  readonly migrated: MigrationReport;
  /** Whether the database answers, asked on a connection that nothing else uses. */
  ping(): Promise<void>;
  /** Ends all connections at once, so that nobody waits for a server that is silent. */
  abandon(): void;
  /** Tells of every fault of the database from now on, by SQLSTATE or network code. */
  onFault(listener: (code: string) => void): void;
  /**
   * Runs a COPY … FROM STDIN statement with rows in COPY's text format, under a lease. A crash of the
   * database may take them, which is why only a plan on its way comes in like this.
   * @throws RollcallError `run.leaseLost` if somebody else has it by now
   */
  copy(table: keyof Tables, columns: readonly string[], rows: Buffer, lease: Lease): Promise<void>;
}

export interface StoreSettings {
  readonly url: Secret | null;
  readonly directory: string;
}

const OLDEST = 140_000;
const POOL_SIZE = 4;
const FAREWELL_MS = 3000;

/** Opens the database and brings its schema to the newest version. */
export async function openStore(settings: StoreSettings): Promise<Store> {
  return settings.url === null
    ? await openEmbedded(settings.directory)
    : await openPostgres(settings.url);
}

/**
 * A process that was paused, or cut off without a word, must not keep its locks: whoever takes over
 * would wait for it. And times are read as ISO writes them, however the database shows them to people.
 */
const SESSION = `set idle_in_transaction_session_timeout = ${LEASE_SECONDS * 1000};
  set tcp_keepalives_idle = ${LEASE_SECONDS}; set tcp_keepalives_interval = 10;
  set tcp_keepalives_count = 3; set datestyle = iso`;

async function openPostgres(url: Secret): Promise<Store> {
  const sockets = new Set<Socket>();
  const abandon = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const connection = {
    // Known from the beginning, also those that never get as far as a session.
    stream: () => {
      const socket = new Socket();
      sockets.add(socket);
      return socket.once("close", () => sockets.delete(socket));
    },
    connectionString: url.reveal(),
    connectionTimeoutMillis: 10_000,
    application_name: "rollcall",
    keepAlive: true,
  };
  const pool = new Pool({ ...connection, max: POOL_SIZE });
  const heart = new Pool({ ...connection, max: 1 });
  heart.on("error", () => undefined);
  heart.on("connect", (client) => client.on("error", () => undefined));
  // A connection that breaks while nobody uses it is replaced at the next use.
  pool.on("error", () => undefined);
  // One that breaks while it is used fails the statement, or the next one; without a listener of
  // its own the event would end the process.
  pool.on("connect", (client) => {
    client.on("error", () => undefined);
    // Not as parameters of the connection, which poolers in between refuse.
    client.query(SESSION).catch(() => undefined); // whoever uses the connection is told
  });
  const faults = new Faults();
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    log: (event) => faults.log(event),
  });
  try {
    const title = await checkVersion(db);
    const migrated = await migrate(db);
    return {
      db,
      kind: "postgres",
      title,
      migrated,
      ping: async () => {
        await heart.query("select 1");
      },
      abandon,
      onFault: faults.onFault,
      copy: (table, columns, rows, lease) => {
        const statement = `copy ${table} (${columns.join(", ")}) from stdin`;
        return copyPostgres(pool, statement, rows, lease).catch(faults.rethrow);
      },
      [Symbol.asyncDispose]: async () => {
        // A silent server does not answer a farewell either.
        const impatient = setTimeout(abandon, FAREWELL_MS);
        await Promise.all([db.destroy(), heart.end()]).finally(() => clearTimeout(impatient));
        abandon();
      },
    };
  } catch (error) {
    await Promise.all([db.destroy(), heart.end()]);
    throw connectError(error);
  }
}

/** Passes on what the database refuses, also where it is repeated with success. */
class Faults {
  readonly #listeners: ((code: string) => void)[] = [];

  readonly onFault = (listener: (code: string) => void): void => {
    this.#listeners.push(listener);
  };

  readonly rethrow = (error: unknown): never => {
    if (!(error instanceof RollcallError)) this.#tell(error);
    throw error;
  };

  readonly log = (event: LogEvent): void => {
    if (event.level === "error") this.#tell(event.error);
  };

  #tell(error: unknown): void {
    const code = codeOf(error) ?? "timeout";
    for (const listener of this.#listeners) listener(code === "" ? "unknown" : code);
  }
}

async function checkVersion(db: Connection): Promise<string> {
  const result = await sql<{ number: number; version: string; encoding: string }>`
    select current_setting('server_version_num')::int as number,
           current_setting('server_version') as version,
           current_setting('server_encoding') as encoding`.execute(db);
  const { number = 0, version = "unknown", encoding = "UTF8" } = result.rows[0] ?? {};
  if (number < OLDEST) {
    throw new RollcallError(
      "database.tooOld",
      `The server is Postgres ${version}; 14 or newer is needed.`,
    );
  }
  if (encoding !== "UTF8") {
    const message = `The database's encoding is ${encoding}; names of people need UTF8.`;
    throw new RollcallError("database.encoding", message);
  }
  return `Postgres ${version}`;
}

async function copyPostgres(
  pool: Pool,
  statement: string,
  rows: Buffer,
  lease: Lease,
): Promise<void> {
  const client: PoolClient = await pool.connect();
  let failure: Error | undefined;
  try {
    // Taking the fence's lock is a write; no plan is worth waiting for the disk at every batch, as
    // its table does not survive a crash of the database anyway.
    await client.query("begin; set local synchronous_commit = off");
    await new Promise<void>((resolve, reject) => {
      const stream = client.query(copyFrom(statement));
      stream.on("error", reject);
      stream.on("finish", resolve);
      stream.end(rows);
    });
    // Behind the rows, because it is while they are sent that a process may lose its claim.
    const held = await client.query(fenceStatement(lease));
    if (held.rowCount === 0) throw leaseLost(lease);
    await client.query("commit");
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw failure;
  } finally {
    // A connection in which something failed is closed, and its transaction with it.
    client.release(failure);
  }
}

/** What is kept of people is for the own user's eyes alone. */
function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // One that was made with other rights; where it is somebody else's, they decide.
  const { mode, uid } = statSync(directory);
  if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(directory, 0o700);
}

async function openEmbedded(directory: string): Promise<Store> {
  const unlock = lockFolder(directory);
  let opened: PGlite | null = null;
  try {
    makePrivate(directory);
    const { PGlite } = await import("@electric-sql/pglite");
    const pglite = await PGlite.create(directory);
    opened = pglite;
    const faults = new Faults();
    const db = new Kysely<Tables>({
      dialect: new PGliteDialect({ pglite }),
      plugins: [new Turns()],
      log: (event) => faults.log(event),
    });
    const migrated = await migrate(db);
    return {
      db,
      kind: "embedded",
      title: `embedded database in ${directory}`,
      migrated,
      // It is in this process.
      ping: () => Promise.resolve(),
      abandon: () => undefined,
      onFault: faults.onFault,
      copy: async (table, columns, rows) => {
        const statement = `copy ${table} (${columns.join(", ")}) from '/dev/blob'`;
        await pglite
          .query(statement, [], { blob: new Blob([new Uint8Array(rows)]) })
          .catch(faults.rethrow);
      },
      [Symbol.asyncDispose]: async () => {
        await db.destroy();
        if (!pglite.closed) await pglite.close();
        unlock();
      },
    };
  } catch (error) {
    // One that stays open keeps the process from ending.
    if (opened !== null && !opened.closed) await opened.close();
    unlock();
    throw error;
  }
}

/** SQLSTATE classes for connections and logins, and the network's own codes. */
function connectError(error: unknown): unknown {
  if (error instanceof RollcallError) return error;
  const code = codeOf(error);
  if (code === null || /^(?:E[A-Z]+|08...|28...|3D000|57P0[123]|53300)$/.test(code)) {
    const reason =
      error instanceof AggregateError ? String(error.errors[0]?.message) : (error as Error).message;
    return new RollcallError("database.unreachable", `The database cannot be used: ${reason}`, {
      cause: error,
    });
  }
  return error;
}

function codeOf(error: unknown): string | null {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (error instanceof Error && "code" in error) return String(error.code);
  return error instanceof Error && /timeout|terminated/i.test(error.message) ? null : "";
}

const ATTEMPTS = 8;
const RETRY = new Set(["40001", "40P01"]);

/** Runs a transaction; one that the database undid because of others is repeated. */
export async function transact<T>(store: Store, work: (trx: Trx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.db.transaction().execute(work);
    } catch (error) {
      if (attempt >= ATTEMPTS || !RETRY.has(codeOf(error) ?? "")) throw error;
      // Not in step with whoever stood in the way.
      await sleep(Math.random() * 20 * 2 ** attempt);
    }
  }
}

/** Does work inside a transaction and takes it back. @returns what it failed with; null if it did not */
export async function tryOut(trx: Trx, work: () => Promise<void>): Promise<unknown> {
  await sql`savepoint tried`.execute(trx);
  let failure: unknown = null;
  try {
    await work();
  } catch (error) {
    failure = error;
  }
  await sql`rollback to savepoint tried`.execute(trx);
  return failure;
}
