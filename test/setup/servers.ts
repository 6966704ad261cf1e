/**
 * The servers that all tests share: one OpenLDAP and one Postgres. This is the one place that
 * chooses where they come from: containers where a Docker engine answers, else the machine's own
 * programs. ROLLCALL_TEST_SERVERS=docker or =local decides it by hand.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { Secret } from "../../src/model/secret.ts";
import { openStore } from "../../src/store/database.ts";
import { startContainers } from "../support/containers.ts";
import { treeLdif } from "../support/people.ts";
import { databaseUrl, query, startPostgres } from "../support/postgres.ts";
import { run } from "../support/process.ts";
import { startSlapd } from "../support/slapd.ts";
import { NOTING, Statements } from "../support/statements.ts";

/** Whether the history lies in distributed tables; see `docs/09-development.md`. */
const onCitus = process.env["ROLLCALL_TEST_CITUS"] === "1";

/** Few shards of many tables, and connections to them. */
const CITUS = [
  "citus.shard_count=2",
  "citus.node_conninfo=sslmode=disable",
  "max_connections=1500",
  "max_worker_processes=200",
];

export interface TestServers {
  readonly origin: "docker" | "local";
  readonly postgresUrl: string;
  readonly ldapUrl: string;
  /** The name of a database with the newest schema, to be copied. */
  readonly postgresTemplate: string;
  readonly onCitus: boolean;
  /** A folder of the embedded database with the newest schema, to be copied: making one takes seconds. */
  readonly embeddedTemplate: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    servers: TestServers;
  }
}

/** The program and the console as they are shipped: processes that tests start are these. */
function build(): void {
  run("npm", ["run", "--silent", "build"]);
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  build();
  const { origin, started } = await startServers();
  process.stderr.write(`Test servers: ${started.title}\n`);
  const { postgresUrl, ldapUrl } = started;
  const folder = mkdtempSync(join(tmpdir(), "rollcall-embedded-"));
  const embeddedTemplate = join(folder, "data");
  const postgresTemplate = "rollcall_template";
  const statements = await Statements.of(postgresUrl);
  await query(postgresUrl, `create database ${postgresTemplate}`);
  await migrated(new Secret(databaseUrl(postgresUrl, postgresTemplate)), embeddedTemplate);
  await migrated(null, embeddedTemplate);
  project.provide("servers", {
    origin,
    postgresUrl,
    ldapUrl,
    postgresTemplate,
    embeddedTemplate,
    onCitus,
  });
  return async () => {
    rmSync(folder, { recursive: true, force: true });
    try {
      // Citus makes statements of its own, and refuses what must not be.
      if (!onCitus) await statements.check();
    } finally {
      await statements[Symbol.asyncDispose]();
      await started.stop();
    }
  };
}

/** Brings a database to the newest schema. */
async function migrated(url: Secret | null, directory: string): Promise<void> {
  const store = await openStore({ url, directory });
  await store[Symbol.asyncDispose]();
}

async function startServers() {
  const chosen = onCitus ? "local" : process.env["ROLLCALL_TEST_SERVERS"];
  if (chosen === "docker") return { origin: "docker", started: await startContainers() } as const;
  const answers =
    chosen !== "local" &&
    spawnSync("docker", ["info"], { stdio: "ignore", timeout: 10_000 }).status === 0;
  if (answers) {
    try {
      return { origin: "docker", started: await startContainers() } as const;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      process.stderr.write(`Docker answers, but cannot run the containers: ${reason}\n`);
    }
  }
  return { origin: "local", started: await startLocal() } as const;
}

async function startLocal() {
  const slapd = await startSlapd({ ldif: treeLdif("dc=example,dc=org") });
  const postgres = await startPostgres({
    settings: [
      // Citus wants to be the first.
      `shared_preload_libraries=${onCitus ? "citus," : ""}pg_stat_statements`,
      ...NOTING,
      ...(onCitus ? CITUS : []),
    ],
  });
  return {
    title: "slapd and Postgres of this machine",
    postgresUrl: postgres.url,
    ldapUrl: slapd.url,
    stop: async () => {
      await slapd.stop();
      await postgres.stop();
    },
  };
}
