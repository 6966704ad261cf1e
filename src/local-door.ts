/**
 * The door for commands on this machine while the daemon has the embedded database: an address of
 * its own on loopback, with a token that only the database's owner can read.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createApi } from "./api/api.ts";
import { ExchangedApi, type Opening } from "./doors.ts";
import { startHttp } from "./http/server.ts";
import type { ApiToken } from "./model/api-token.ts";
import { daemonFile, lockFile, type DaemonAddress } from "./model/daemon-address.ts";
import type { Service } from "./service.ts";

/** @returns what has to be closed, in this order, and the API behind it */
export async function openLocalDoor(
  service: Service,
  { log, faceOf, signal: stopping }: Opening,
): Promise<{ readonly doors: readonly AsyncDisposable[]; readonly api: ExchangedApi }> {
  const secret = randomBytes(32).toString("base64url");
  // A file that is left behind is told from this one by the lock of the database.
  const lock = readFileSync(lockFile(service.settings.database.directory), "utf8");
  let address = "";
  const api = new ExchangedApi(service, (one, shared) => {
    const of = (given: string) => Promise.resolve(owner(secret, given));
    // Nobody's browser comes in here: commands name files and accounts of this machine.
    const sessions = { ...one.sessions, of: () => Promise.resolve(null) };
    const own = { ...one, tokens: { ...one.tokens, of }, sessions };
    const settings = {
      baseUrl: () => address,
      stopping,
      log,
      ...shared,
      isLocal: true,
      edit: null,
    };
    return createApi(own, { ...settings, ...faceOf(one) });
  });
  const at = { host: "127.0.0.1", port: 0, publicUrl: null };
  const server = await startHttp(
    service,
    at,
    { api, console: null, mayRead: () => Promise.resolve(null) },
    stopping,
  );
  ({ address } = server);
  const file = daemonFile(service.settings.database.directory);
  const told: DaemonAddress = { url: address, token: secret, lock };
  try {
    // Made anew, so that nobody has it open who could read an older one.
    rmSync(file, { force: true });
    writeFileSync(file, JSON.stringify(told), { mode: 0o600, flag: "wx" });
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  const remove = (): Promise<void> => Promise.resolve(rmSync(file, { force: true }));
  return { doors: [{ [Symbol.asyncDispose]: remove }, server], api };
}

/** Whoever can read the file may do what the owner of the database may. */
function owner(secret: string, given: string): ApiToken | null {
  const [wanted, sent] = [Buffer.from(secret), Buffer.from(given)];
  if (wanted.length !== sent.length || !timingSafeEqual(wanted, sent)) return null;
  return {
    id: "00000000-0000-7000-8000-000000000000",
    name: "command line",
    role: "admin",
    createdBy: "rollcall",
    createdAt: new Date().toISOString(),
    expiresAt: null,
    sources: null,
    lastUsedAt: null,
  };
}
