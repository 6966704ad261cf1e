import { existsSync, chownSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { freePort, run, startDaemon, type Daemon } from "./process.ts";

/** The address of another database on the same server. */
export function databaseUrl(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

/** Runs one statement. */
export async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export interface Postgres {
  /** Of the database `postgres`. */
  readonly url: string;
  readonly folder: string;
  psql(database: string, sql: string): string;
  /** The end of the server's log. */
  log(): string;
  /** Makes an empty database and returns its url. */
  createDatabase(name: string): string;
  /** Ends the server at once with all its processes, as a crash does. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Where Debian keeps the programs of a server: the newest version there is. */
export function postgresBin(): string | null {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return null;
  const versions = readdirSync(root).filter((name) =>
    existsSync(join(root, name, "bin", "postgres")),
  );
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? null : join(root, newest, "bin");
}

/** What is lost if the machine stops, and what copies of hundreds of databases would cost in the log. */
const FORGETFUL = [
  "fsync=off",
  "full_page_writes=off",
  "synchronous_commit=off",
  "wal_level=minimal",
  "max_wal_senders=0",
  "max_wal_size=8GB",
  "checkpoint_timeout=1h",
  "jit=off",
  "shared_buffers=64MB",
  "bgwriter_lru_maxpages=0",
];

/** Starts a real Postgres on the loopback interface. `durable` keeps fsync on, as in production. */
export async function startPostgres(
  options: {
    readonly durable?: boolean;
    readonly folder?: string;
    /** Of the server, `name=value`. */
    readonly settings?: readonly string[];
  } = {},
): Promise<Postgres> {
  const bin = postgresBin();
  if (bin === null) throw new Error("Postgres is not installed");
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "rollcall-postgres-"));
  const account = ownAccount(folder);
  const data = join(folder, "data");
  const inFolder = { ...account, cwd: folder };
  run(
    join(bin, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"],
    inFolder,
  );
  const port = await freePort();
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    "max_connections=300",
    // Each of hundreds of databases would get a process that looks after it once a minute.
    "autovacuum=off",
  ];
  if (options.durable !== true) settings.push(...FORGETFUL);
  settings.push(...(options.settings ?? []));
  const connection = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres"];
  const psql = (database: string, sql: string): string =>
    run(
      join(bin, "psql"),
      [...connection, "-d", database, "-v", "ON_ERROR_STOP=1", "-AtX", "-f", "-"],
      { input: sql, cwd: "/" },
    );
  const launch = (): Promise<Daemon> =>
    startDaemon(
      join(bin, "postgres"),
      ["-D", data, ...settings.flatMap((one) => ["-c", one])],
      inFolder,
      () => {
        return Promise.resolve(psql("postgres", "select 1").trim() === "1");
      },
    );
  let daemon = await launch();
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  return {
    url: url("postgres"),
    folder,
    psql,
    log: () => daemon.output(),
    createDatabase: (name) => {
      psql("postgres", `create database "${name}"`);
      return url(name);
    },
    kill: async () => {
      const children = childrenOf(daemon.pid);
      await daemon.stop("SIGKILL");
      for (const pid of children) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It went with its parent.
        }
      }
    },
    start: async () => {
      daemon = await launch();
    },
    stop: async () => {
      await daemon.stop("SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").map(Number).filter(Boolean);
}

/** Postgres refuses to run as root; Debian's package brings an account for it. */
function ownAccount(folder: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const uid = Number(run("id", ["-u", "postgres"]));
  const gid = Number(run("id", ["-g", "postgres"]));
  chownSync(folder, uid, gid);
  return { uid, gid };
}
