/** A refused password is left alone: every further attempt counts towards the lockout of the account. */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { query } from "../support/postgres.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";
import { startScriptedLdap, type ScriptedServer } from "../support/scripted-ldap.ts";

const BIND = 0x60;
let place: Workplace;
let server: ScriptedServer;
const daemons: { readonly stop: AbortController; readonly ended: Promise<unknown> }[] = [];

beforeEach(async () => {
  place = await Workplace.create("postgres");
  server = await startScriptedLdap(() => ({}), {}, { code: 49, diagnostic: "" });
  place.configure(`directories:
  corp:
    type: ldap
    url: ${server.url}
    bind: { dn: "cn=reader", password: "correct-horse-7" }
    schedule: { full: "* * * * * *" }
    users: { base: "ou=people,dc=example,dc=org", id: entryUUID }
${SIMPLE_MAPPINGS}`);
});
afterEach(async () => {
  for (const { stop } of daemons) stop.abort();
  await Promise.all(daemons.splice(0).map(({ ended }) => ended));
  await server[Symbol.asyncDispose]();
  place.remove();
});

const binds = (): number => server.others.filter((tag) => tag === BIND).length;

function serve(): void {
  const stop = new AbortController();
  daemons.push({ stop, ended: place.runWith(stop.signal, "serve") });
}

async function change(from: string, to: string): Promise<void> {
  const text = readFileSync(place.config, "utf8");
  expect(text).toContain(from);
  writeFileSync(place.config, text.replace(from, to));
  place.hangups.tell();
  // Several ticks of the schedule.
  await sleep(4000);
}

test("not by a changed mapping, not by another replica, and not by the next start", async () => {
  serve();
  await expect.poll(binds, { timeout: 30_000 }).toBe(1);
  await sleep(3000);
  await change("title: appuser.title", "title: appuser.l");
  await change("title: appuser.l", "title: appuser.ou");
  serve();
  await sleep(5000);
  expect(binds()).toBe(1);
  const { out } = await place.run("imports");
  expect(out.match(/ldap\.credentials/g)).toHaveLength(1);
  // Whoever corrects the password is not kept waiting.
  await change("correct-horse-7", "correct-horse-8");
  await expect.poll(binds, { timeout: 30_000 }).toBe(2);
  // By hand, somebody decides to try.
  expect((await place.run("import", "corp")).status).toBe(1);
  expect(binds()).toBe(3);
});

test("an import that works ends the patience for all, also over a restart", async () => {
  const file = place.file("people.ldif", simplePerson("ada"));
  place.configure(`directories:\n  corp:\n    type: ldif\n    path: ${file}${SIMPLE_MAPPINGS}`);
  const url = place.databaseUrl ?? "";
  const later = new Date(Date.now() + 3_600_000).toISOString();
  await query(
    url,
    `insert into directory_pauses values ('corp', 'x', 3, 'ldap.credentials', '${later}', now())`,
  );
  await place.run("import", "corp", "--dry-run");
  await query(url, "select 1 / count(*) from directory_pauses");
  expect((await place.run("import", "corp")).status).toBe(0);
  await expect(query(url, "select 1 / count(*) from directory_pauses")).rejects.toThrow(
    "division by zero",
  );
});
