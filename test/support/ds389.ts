import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, run } from "./process.ts";

export interface Ds389 {
  readonly url: string;
  readonly suffix: string;
  readonly adminDn: string;
  readonly password: string;
  /** Adds or changes entries, as LDIF with change types or without. */
  modify(ldif: string): void;
  restart(): Promise<void>;
  /** Keeps all its databases as they are now. @returns sets the server back to them */
  snapshot(): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

const PASSWORD = "Passw0rd!23";
const SUFFIX = "dc=example,dc=org";
const ADMIN = "cn=Directory Manager";
const INSTANCE = "rollcall";

/** Folders of the packages that the programs find through their prefix. */
const REROOTED = /^(\w+) = (\/(?:etc|var|run|dev\/shm)\b.*)$/gm;

/**
 * A 389 Directory Server in a folder of its own, with the retro changelog and, unless told
 * otherwise, content synchronisation.
 */
export async function startDs389(options: { readonly sync: boolean }): Promise<Ds389> {
  const prefix = mkdtempSync(join(tmpdir(), "rollcall-389-"));
  makePrefix(prefix);
  const port = await freePort();
  const env = { ...process.env, PREFIX: prefix };
  const settings = join(prefix, "instance.inf");
  writeFileSync(settings, instance(port, await freePort()));
  run("dscreate", ["from-file", settings], { env });
  const url = `ldap://127.0.0.1:${port}`;
  const bind = ["-x", "-H", url, "-D", ADMIN, "-w", PASSWORD];
  const modify = (ldif: string): void => void run("ldapmodify", ["-a", ...bind], { input: ldif });
  const control = (action: string): void => void run("dsctl", [INSTANCE, action], { env });
  modify(plugins(options.sync));
  control("restart");
  return {
    url,
    suffix: SUFFIX,
    adminDn: ADMIN,
    password: PASSWORD,
    modify,
    restart: () => {
      control("restart");
      return Promise.resolve();
    },
    snapshot: () => {
      const from = join(prefix, "var", "lib", "dirsrv");
      const kept = join(mkdtempSync(join(prefix, "kept-")), "dirsrv");
      control("stop");
      run("cp", ["-a", from, kept]);
      control("start");
      return Promise.resolve(() => {
        control("stop");
        rmSync(from, { recursive: true });
        run("cp", ["-a", kept, from]);
        control("start");
        return Promise.resolve();
      });
    },
    stop: () => {
      control("stop");
      rmSync(prefix, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
      return Promise.resolve();
    },
  };
}

/** The tools take all their paths from one file; in this one, they lie below the prefix. */
function makePrefix(prefix: string): void {
  const share = join(prefix, "share", "dirsrv");
  mkdirSync(join(share, "inf"), { recursive: true });
  for (const name of ["data", "schema"])
    symlinkSync(join("/usr/share/dirsrv", name), join(share, name));
  const defaults = readFileSync("/usr/share/dirsrv/inf/defaults.inf", "utf8")
    .replace(REROOTED, (_, key: string, path: string) => `${key} = ${prefix}${path}`)
    .replace("with_systemd = 1", "with_systemd = 0")
    .replace(/^user = .*$/m, "user = root")
    .replace(/^group = .*$/m, "group = root");
  writeFileSync(join(share, "inf", "defaults.inf"), defaults);
  for (const name of readdirSync("/etc/dirsrv")) {
    cpSync(join("/etc/dirsrv", name), join(prefix, "etc", "dirsrv", name), { recursive: true });
  }
  for (const path of [
    "etc/default",
    "etc/tmpfiles.d",
    "run/dirsrv",
    "run/lock/dirsrv",
    "dev/shm",
    "var/lib/dirsrv",
    "var/log/dirsrv",
  ])
    mkdirSync(join(prefix, path), { recursive: true });
}

function instance(port: number, securePort: number): string {
  return `[general]
config_version = 2
full_machine_name = localhost
strict_host_checking = False
selinux = False
systemd = False
start = True
[slapd]
instance_name = ${INSTANCE}
user = root
group = root
port = ${port}
secure_port = ${securePort}
root_password = ${PASSWORD}
self_sign_cert = False
[backend-userroot]
suffix = ${SUFFIX}
create_suffix_entry = True
`;
}

function plugins(sync: boolean): string {
  const enable = (name: string, more = ""): string =>
    `dn: cn=${name},cn=plugins,cn=config\nchangetype: modify\nreplace: nsslapd-pluginEnabled\nnsslapd-pluginEnabled: on\n${more}\n`;
  const ids =
    "-\nreplace: nsslapd-attribute\nnsslapd-attribute: nsuniqueid:targetUniqueId\nnsslapd-attribute: entryuuid:targetEntryUUID\n";
  const listen =
    "dn: cn=config\nchangetype: modify\nreplace: nsslapd-listenhost\nnsslapd-listenhost: 127.0.0.1\n\n";
  return (
    listen + enable("Retro Changelog Plugin", ids) + (sync ? enable("Content Synchronization") : "")
  );
}
