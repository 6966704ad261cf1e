import { randomBytes } from "node:crypto";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { Client } from "pg";
import { inject } from "vitest";
import { Hangups } from "../../src/model/hangups.ts";
import { runCommandLine } from "../../src/cli/program.ts";
import { distributeHistory } from "./citus.ts";
import { closeKept, keepOpen } from "./kept-stores.ts";
import { databaseUrl } from "./postgres.ts";

export type DatabaseKind = "postgres" | "embedded";
export const DATABASES: readonly DatabaseKind[] = ["postgres", "embedded"];

export interface Result {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Rollcall with a folder and a database of its own, used as a person uses it: by commands. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), "rollcall-test-"));
  readonly environment: Record<string, string> = {};
  /** Where a daemon is told to read its configuration again. */
  readonly hangups = new Hangups();
  readonly config = join(this.folder, "rollcall.yaml");
  readonly databaseUrl: string | null;
  /** The folder of the embedded database. */
  readonly #data = join(this.folder, "data");
  /** Where the database is. */
  readonly #place: string;

  /** Whether its database on Postgres goes with it. */
  readonly #isOwn: boolean;

  private constructor(databaseUrl: string | null, isOwn: boolean) {
    this.databaseUrl = databaseUrl;
    this.#isOwn = isOwn;
    this.#place = databaseUrl ?? this.#data;
  }

  static async create(kind: DatabaseKind): Promise<Workplace> {
    const { postgresTemplate } = inject("servers");
    const place = new Workplace(
      kind === "postgres" ? await createDatabase(postgresTemplate) : null,
      true,
    );
    if (kind === "embedded")
      cpSync(inject("servers").embeddedTemplate, place.#data, { recursive: true });
    keepOpen(place.#place);
    return place;
  }

  /** On a database that is there already. */
  static at(databaseUrl: string): Workplace {
    return new Workplace(databaseUrl, false);
  }

  /** Writes the configuration: the text behind the `database` section. */
  configure(yaml: string): void {
    const database = JSON.stringify({
      url: this.databaseUrl ?? "",
      directory: this.#data,
    });
    writeFileSync(this.config, `database: ${database}\nhttp: off\n${yaml}`);
  }

  /** Has Rollcall reach its Postgres through another port, such as a proxy's. */
  usePort(port: number): void {
    const url = new URL(this.databaseUrl ?? "");
    const text = readFileSync(this.config, "utf8");
    writeFileSync(this.config, text.replace(`:${url.port}/`, `:${port}/`));
  }

  /** Has `serve` answer on this port. @param more of the `http` section */
  listen(port: number, more = ""): void {
    const text = readFileSync(this.config, "utf8");
    const section = `http: { port: ${port}${more === "" ? "" : `, ${more}`} }`;
    writeFileSync(this.config, text.replace(/^http: .*$/m, section));
  }

  /** Adds lines to the end of the configuration. */
  append(yaml: string): void {
    appendFileSync(this.config, yaml);
  }

  file(name: string, content: string | Buffer): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  async run(...args: string[]): Promise<Result> {
    return await this.runWith(new AbortController().signal, ...args);
  }

  async runWith(signal: AbortSignal, ...args: string[]): Promise<Result> {
    return await this.runOn("", signal, ...args);
  }

  /** Runs a command with a text on standard input. */
  async runOn(input: string, signal: AbortSignal, ...args: string[]): Promise<Result> {
    const stdin = Readable.from([input]);
    const [stdout, stderr] = [new Collector(), new Collector()];
    const { hangups } = this;
    const environment = { ...this.environment, ROLLCALL_CONFIG: this.config };
    const status = await runCommandLine(args, {
      environment,
      stdin,
      stdout,
      stderr,
      signal,
      hangups,
    });
    return { status, out: stdout.text, err: stderr.text };
  }

  /** Runs a command with --json and returns its document. */
  async json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
    const { out } = await this.run(...args, "--json");
    return JSON.parse(out) as T;
  }

  /** Users as `users export --json` prints them, by login. */
  async users(): Promise<Map<string, ExportedUser>> {
    const { out } = await this.run("users", "export", "--json");
    const lines = out.split("\n").filter((line) => line !== "");
    return new Map(
      lines.map((line) => JSON.parse(line) as ExportedUser).map((user) => [user.login, user]),
    );
  }

  async events(filter: string): Promise<LoggedEvent[]> {
    const { out } = await this.run("logs", "--json", "--limit", "100000", "--filter", filter);
    return out
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LoggedEvent);
  }

  /** Closes the database, for another process, or for the next command to open it anew. */
  async close(): Promise<void> {
    await closeKept(this.#place);
  }

  remove(): void {
    // Its folder is going away, so nothing that fails now matters.
    const closed = this.close().catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
    if (this.#isOwn && this.databaseUrl !== null) finished.push({ url: this.databaseUrl, closed });
  }
}

export interface ExportedUser {
  readonly id: string;
  readonly login: string;
  readonly status: string;
  readonly profile: Record<string, unknown>;
}

export interface LoggedEvent {
  readonly eventType: string;
  readonly outcome: { readonly result: string };
  readonly target: readonly {
    readonly id: string;
    readonly type: string;
    readonly alternateId: string;
  }[];
  readonly debugContext: { readonly debugData: Record<string, unknown> };
  readonly transaction: { readonly id: string };
}

export interface RunDocument {
  readonly run: string;
  readonly status: string;
  readonly type: string;
  readonly dryRun?: boolean;
  readonly counts: Record<string, number>;
  readonly held: null | Record<string, unknown>;
  readonly error: null | { readonly code: string; readonly message: string };
  readonly changes?: readonly {
    readonly action: string;
    readonly dn: string;
    readonly login: string | null;
    readonly changes: readonly { attribute: string; from: unknown; to: unknown; source: string }[];
    readonly error: null | { code: string; field: string; message: string; shape?: string };
    readonly reason: string | null;
    readonly lost: boolean;
  }[];
}

export class Collector extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/**
 * A database of its own on the shared Postgres.
 * @param template what it is a copy of; `template0`: empty
 */
export async function createDatabase(template: string): Promise<string> {
  const { postgresUrl, onCitus } = inject("servers");
  const name = `t_${randomBytes(6).toString("hex")}`;
  await administrate(`create database ${name} template ${template} strategy file_copy`);
  const url = databaseUrl(postgresUrl, name);
  if (onCitus && template !== "template0") await distributeHistory(url);
  return url;
}

/** One connection of this process, because each one is a process of the server. */
let administration: Promise<Client> | null = null;

/** Runs one statement outside of all databases of tests, one after the other. */
async function administrate(sql: string): Promise<void> {
  administration ??= (async () => {
    const client = new Client({ connectionString: inject("servers").postgresUrl });
    // At the end of all tests the server ends before this process.
    client.on("error", () => (administration = null));
    await client.connect();
    return client;
  })();
  await (await administration).query(sql);
}

/** Databases of places that are removed, and when they are not used any more. */
const finished: { url: string; closed: Promise<void> }[] = [];

/** Drops the databases of places that were removed: a thousand of them fill a disk. */
export async function dropFinished(): Promise<void> {
  for (const { url, closed } of finished.splice(0)) {
    await closed;
    const name = new URL(url).pathname.slice(1);
    await administrate(`drop database if exists ${name} with (force)`);
  }
}

/** A person of an LDIF directory. */
export function ldifPerson(
  id: string,
  attributes: Readonly<Record<string, string | readonly string[]>>,
): string {
  const lines = [
    `dn: uid=${id},ou=people,dc=example,dc=org`,
    "objectClass: inetOrgPerson",
    `entryUUID: ${id}`,
  ];
  for (const [name, value] of Object.entries(attributes)) {
    for (const one of Array.isArray(value) ? (value as string[]) : [value as string]) {
      lines.push(
        /^[\x20-\x7e]*$/.test(one)
          ? `${name}: ${one}`
          : `${name}:: ${Buffer.from(one).toString("base64")}`,
      );
    }
  }
  return `${lines.join("\n")}\n\n`;
}

/** A valid person: login and names follow from the name. */
export function simplePerson(
  name: string,
  more: Readonly<Record<string, string | readonly string[]>> = {},
): string {
  return ldifPerson(name, { mail: `${name}@example.org`, givenName: name, sn: "Test", ...more });
}

export const SIMPLE_MAPPINGS = `
    toOkta:
      login: appuser.mail
      email: appuser.mail
      firstName: appuser.givenName
      lastName: appuser.sn
      title: appuser.title
`;

export const UPDATE_FAILED = 'eventType eq "app.user_management.update_from_master_failed"';
