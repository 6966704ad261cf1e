import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { certificates, type Certificates } from "./certificates.ts";
import { run, startDaemon, type Daemon } from "./process.ts";

export interface SambaDomain {
  readonly url: string;
  readonly tlsUrl: string;
  readonly suffix: string;
  readonly administrator: string;
  readonly password: string;
  /** File of the CA that issued the server's certificate. */
  readonly ca: string;
  /** Adds or changes entries over LDAP, as the administrator. */
  modify(ldif: string): void;
  /** Adds entries straight into the database, as LDIF; fast. Only while the server is stopped. */
  load(ldif: string): void;
  setPassword(account: string, password: string): void;
  restart(whileStopped?: () => void): Promise<void>;
  /** Keeps all its databases as they are now. @returns sets the server back to them */
  snapshot(): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

const PASSWORD = "Passw0rd!23";
const SUFFIX = "DC=exp,DC=test";

/**
 * A Samba domain controller with a new, empty domain. Its ports (389, 636, 3268) cannot be
 * chosen, so there can be one at a time, and it needs root.
 */
export async function startSamba(): Promise<SambaDomain> {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-samba-"));
  provision(folder);
  const config = join(folder, "smb.conf");
  const tls = certificates(folder);
  chmodSync(tls.key, 0o600);
  writeFileSync(config, configuration(folder, tls));
  for (const name of ["state", "cache", "lock", "run", "ncalrpc", "bind-dns"])
    mkdirSync(join(folder, name), { recursive: true });
  const administrator = "administrator@exp.test";
  const bind = ["-x", "-H", "ldap://127.0.0.1", "-D", administrator, "-w", PASSWORD];
  const start = (): Promise<Daemon> =>
    startDaemon("samba", ["-F", "--no-process-group", "-s", config], {}, () => {
      run("ldapsearch", [...bind, "-s", "base", "-b", SUFFIX, "1.1"]);
      return Promise.resolve(true);
    });
  let daemon = await start();
  const restart = async (whileStopped?: () => void): Promise<void> => {
    await daemon.stop();
    await untilNobodyListens();
    whileStopped?.();
    daemon = await start();
  };
  return {
    url: "ldap://127.0.0.1",
    tlsUrl: "ldaps://127.0.0.1",
    suffix: SUFFIX,
    administrator,
    password: PASSWORD,
    ca: tls.ca,
    modify: (ldif) => void run("ldapmodify", ["-a", ...bind], { input: ldif }),
    load: (ldif) => {
      const file = join(folder, "load.ldif");
      writeFileSync(file, ldif);
      run("ldbadd", [`--configfile=${config}`, "-H", join(folder, "private", "sam.ldb"), file]);
    },
    setPassword: (account, password) => {
      const database = join(folder, "private", "sam.ldb");
      const args = [account, `--newpassword=${password}`, "-s", config, "-H", database];
      run("samba-tool", ["user", "setpassword", ...args]);
    },
    restart,
    snapshot: async () => {
      const from = join(folder, "private");
      const kept = join(mkdtempSync(join(folder, "kept-")), "private");
      await restart(() => run("cp", ["-a", from, kept]));
      return async () =>
        await restart(() => {
          rmSync(from, { recursive: true });
          run("cp", ["-a", kept, from]);
        });
    },
    stop: async () => {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
    },
  };
}

const LDAP_PORTS = [389, 636, 3268];

/** Its services end a little after itself; the next one would find its ports taken, and stay silent. */
async function untilNobodyListens(): Promise<void> {
  for (const port of LDAP_PORTS) while (await listens(port)) await sleep(50);
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function provision(folder: string): void {
  const options = ["interfaces = lo", "bind interfaces only = yes"];
  run("samba-tool", [
    "domain",
    "provision",
    "-s",
    "/dev/null",
    `--targetdir=${folder}`,
    "--realm=EXP.TEST",
    "--domain=EXP",
    "--server-role=dc",
    `--adminpass=${PASSWORD}`,
    "--dns-backend=NONE",
    "--host-name=dc1",
    "--host-ip=127.0.0.1",
    ...options.map((option) => `--option=${option}`),
  ]);
}

/** Of all its services only LDAP; everything it writes stays in the folder. */
function configuration(folder: string, tls: Certificates): string {
  const at = (name: string): string => join(folder, name);
  return `[global]
  netbios name = DC1
  realm = EXP.TEST
  workgroup = EXP
  server role = active directory domain controller
  server services = ldap
  interfaces = lo
  bind interfaces only = yes
  private dir = ${at("private")}
  state directory = ${at("state")}
  cache directory = ${at("cache")}
  lock directory = ${at("lock")}
  pid directory = ${at("run")}
  ncalrpc dir = ${at("ncalrpc")}
  binddns dir = ${at("bind-dns")}
  log file = ${at("log")}
  ldap server require strong auth = no
  tls cafile = ${tls.ca}
  tls certfile = ${tls.cert}
  tls keyfile = ${tls.key}
`;
}
