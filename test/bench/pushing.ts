/**
 * Pushing, against the limits of the same machine in the same run: `node test/bench/pushing.ts`.
 *
 * A server that does nothing, and the bare HTTP client sending it the same requests, as many at a time.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Pool } from "undici";
import { startPostgres } from "../support/postgres.ts";

export interface PushFigures {
  readonly sent: number;
  /** Seconds of the run, and of the bare client. */
  readonly create: Ratio;
  readonly update: Ratio;
  /** Of a push, and of a force sync, that changes nothing. */
  readonly people: number;
  readonly nothing: number;
  readonly synced: number;
  readonly megabytes: number;
}
interface Ratio {
  readonly push: number;
  readonly bare: number;
}

const SENT = Number(process.env["SENT"] ?? 3000);
const PEOPLE = Number(process.env["PEOPLE"] ?? 100_000);
/** As many at a time as a push sends without being told otherwise. */
const AT_ONCE = 3;
/** What is shipped; `npm run build` makes it. */
const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const SERVER = fileURLToPath(new URL("null-scim.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rollcall-bench-push-"));
const config = join(folder, "rollcall.yaml");
let megabytes = 0;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function personOf(name: string, title: string): string {
  return `dn: uid=${name},ou=people,dc=example,dc=org
objectClass: inetOrgPerson
entryUUID: ${name}
mail: ${name}@example.org
givenName: ${name}
sn: Test
title: ${title}

`;
}

async function people(count: number, title: string): Promise<void> {
  const out = createWriteStream(join(folder, "people.ldif"));
  for (let i = 0; i < count; i++)
    if (!out.write(personOf(`person${i}`, title))) await once(out, "drain");
  out.end();
  await once(out, "finish");
}

async function rollcall(...args: string[]): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [MAIN, ...args, "--json", "--config", config], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  const watch = setInterval(() => (megabytes = Math.max(megabytes, peakOf(child.pid ?? 0))), 50);
  const [status] = (await once(child, "close")) as [number];
  clearInterval(watch);
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${out}`);
  return JSON.parse(out) as Record<string, unknown>;
}

function peakOf(pid: number): number {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Math.round(Number(kilobytes ?? 0) / 1024);
  } catch {
    return 0;
  }
}

/** Seconds of a run, without the start of its process. */
async function seconds(...args: string[]): Promise<number> {
  const { startedAt, finishedAt, counts } = await rollcall(...args);
  const taken = (Date.parse(String(finishedAt)) - Date.parse(String(startedAt))) / 1000;
  say(`  ${args.join(" ").padEnd(28)} ${taken.toFixed(2)} s  ${JSON.stringify(counts)}`);
  return taken;
}

interface Asked {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: string;
}

/** The bare client: the same requests, person by person, so many people at a time. */
async function bare(
  origin: string,
  name: string,
  of: (i: number) => readonly Asked[],
): Promise<number> {
  const pool = new Pool(origin, { connections: AT_ONCE });
  const started = performance.now();
  let next = 0;
  const one = async (): Promise<void> => {
    for (let i = next++; i < SENT; i = next++)
      for (const { method, path, body = null } of of(i)) {
        const headers = { authorization: "Bearer x", "content-type": "application/scim+json" };
        const answer = await pool.request({ method, path, body, headers });
        JSON.parse(await answer.body.text());
      }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  const taken = (performance.now() - started) / 1000;
  await pool.close();
  say(`  bare client, ${name.padEnd(15)} ${taken.toFixed(2)} s`);
  return taken;
}

function bodyOf(i: number, title: string): string {
  const mail = `person${i}@example.org`;
  return JSON.stringify({
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
    externalId: "01a225eb-8b1d-781b-8b12-e24a9dc18422",
    userName: mail,
    name: { givenName: `person${i}`, familyName: "Test" },
    emails: [{ type: "work", primary: true, value: mail }],
    title,
    active: true,
  });
}

function search(attribute: string, value: string): Asked {
  const filter = encodeURIComponent(`${attribute} eq "${value}"`);
  return { method: "GET", path: `/Users?filter=${filter}&startIndex=1&count=100` };
}

async function measure(origin: string): Promise<PushFigures> {
  await people(SENT, "Before");
  await rollcall("import", "corp");
  const create = {
    push: await seconds("push", "dx"),
    bare: await bare(origin, "creations", (i) => [
      search("externalId", "01a225eb-8b1d-781b-8b12-e24a9dc18422"),
      search("userName", `person${i}@example.org`),
      search("emails.value", `person${i}@example.org`),
      { method: "POST", path: "/Users", body: bodyOf(i, "Before") },
    ]),
  };
  await people(SENT, "After");
  await rollcall("import", "corp");
  const update = {
    push: await seconds("push", "dx"),
    bare: await bare(origin, "changes", (i) => [
      { method: "GET", path: `/Users/u${i}` },
      { method: "PUT", path: `/Users/u${i}`, body: bodyOf(i, "After") },
    ]),
  };
  await people(PEOPLE, "After");
  await rollcall("import", "corp");
  await seconds("push", "dx");
  const nothing = await seconds("push", "dx");
  const synced = await seconds("force-sync", "dx");
  return { sent: SENT, create, update, people: PEOPLE, nothing, synced, megabytes };
}

async function startServer(): Promise<{ readonly origin: string; readonly server: ChildProcess }> {
  const server = spawn(process.execPath, [SERVER], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  return { origin: line.toString().trim(), server };
}

async function main(): Promise<void> {
  const postgres = await startPostgres({ durable: true });
  const { origin, server } = await startServer();
  try {
    writeFileSync(
      config,
      `database: { url: "${postgres.createDatabase("pushing")}" }
importSafeguard: off
directories:
  corp:
    type: ldif
    path: ${folder}/people.ldif
    importSafeguard: off
    toOkta:
      login: appuser.mail
      email: appuser.mail
      firstName: appuser.givenName
      lastName: appuser.sn
      title: appuser.title
apps:
  dx:
    type: scim
    url: ${origin}
    auth: { bearer: x }
    provisioning: { create: true, update: true, deactivate: true }
    safeguard: off
    assign: [everyone]
`,
    );
    process.stdout.write(`${JSON.stringify(await measure(origin))}\n`);
  } finally {
    server.kill();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
