import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, run, startDaemon, type Daemon } from "./process.ts";

export interface Slapd {
  readonly url: string;
  readonly port: number;
  /** With TLS from the first byte; null without certificates. */
  readonly tlsUrl: string | null;
  readonly suffix: string;
  readonly adminDn: string;
  readonly password: string;
  readonly folder: string;
  /** Adds or changes entries, as LDIF with change types or without. */
  modify(ldif: string): void;
  /** The same as another account with the same password. */
  modifyAs(dn: string, ldif: string): void;
  /** The same of attributes that only the server changes (the Relax Rules control). */
  relax(ldif: string): void;
  /** What ldapsearch finds, as LDIF without folding. */
  search(base: string, filter: string, ...attributes: string[]): string;
  restart(): Promise<void>;
  /** Keeps the database as it is now. @returns sets the server back to it */
  snapshot(): Promise<() => Promise<void>>;
  /** Ends the process at once, as a crash does; `start` brings it back. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface SlapdOptions {
  readonly suffix?: string;
  /** LDIF to load before it starts, which is fast. */
  readonly ldif?: string | { readonly file: string };
  /** Further lines of slapd.conf, before the database and in it. */
  readonly global?: string;
  readonly database?: string;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

const PASSWORD = "secret";

/** Starts a real OpenLDAP on the loopback interface, with a folder of its own. */
export async function startSlapd(options: SlapdOptions = {}): Promise<Slapd> {
  const suffix = options.suffix ?? "dc=example,dc=org";
  const folder = mkdtempSync(join(tmpdir(), "rollcall-slapd-"));
  mkdirSync(join(folder, "db"));
  const config = join(folder, "slapd.conf");
  writeFileSync(config, configuration(folder, suffix, options));
  if (options.ldif !== undefined) load(config, options.ldif, folder);
  const port = await freePort();
  const tlsPort = options.tls === undefined ? null : await freePort();
  const urls = [
    `ldap://127.0.0.1:${port}/`,
    ...(tlsPort === null ? [] : [`ldaps://127.0.0.1:${tlsPort}/`]),
  ];
  const adminDn = `cn=admin,${suffix}`;
  const bind = ["-x", "-H", `ldap://127.0.0.1:${port}`, "-D", adminDn, "-w", PASSWORD];
  const start = (): Promise<Daemon> =>
    // slapd reserves memory for every possible file descriptor.
    startDaemon(
      "sh",
      ["-c", `ulimit -n 1024; exec slapd -d 0 -f '${config}' -h '${urls.join(" ")}'`],
      {},
      () => {
        run("ldapsearch", ["-x", "-H", `ldap://127.0.0.1:${port}`, "-s", "base", "-b", ""]);
        return Promise.resolve(true);
      },
    );
  let daemon = await start();
  return {
    url: `ldap://127.0.0.1:${port}`,
    port,
    tlsUrl: tlsPort === null ? null : `ldaps://127.0.0.1:${tlsPort}`,
    suffix,
    adminDn,
    password: PASSWORD,
    folder,
    modify: (ldif) => void run("ldapmodify", ["-a", ...bind], { input: ldif }),
    modifyAs: (dn, ldif) => {
      const as = ["-x", "-H", `ldap://127.0.0.1:${port}`, "-D", dn, "-w", PASSWORD];
      run("ldapmodify", ["-a", ...as], { input: ldif });
    },
    relax: (ldif) => void run("ldapmodify", ["-e", "!relax", ...bind], { input: ldif }),
    search: (base, filter, ...attributes) =>
      run("ldapsearch", [...bind, "-LLL", "-o", "ldif-wrap=no", "-b", base, filter, ...attributes]),
    restart: async () => {
      await daemon.stop();
      daemon = await start();
    },
    snapshot: async () => {
      const [from, kept] = [join(folder, "db"), join(mkdtempSync(join(folder, "kept-")), "db")];
      const whileStopped = async (work: () => void): Promise<void> => {
        await daemon.stop();
        work();
        daemon = await start();
      };
      await whileStopped(() => run("cp", ["-a", from, kept]));
      return async () =>
        await whileStopped(() => {
          rmSync(from, { recursive: true });
          run("cp", ["-a", kept, from]);
        });
    },
    kill: () => daemon.stop("SIGKILL"),
    start: async () => {
      daemon = await start();
    },
    stop: async () => {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(
  folder: string,
  suffix: string,
  { tls, global = "", database = "" }: SlapdOptions,
): string {
  const schemas = ["core", "cosine", "inetorgperson"].map(
    (name) => `include /etc/ldap/schema/${name}.schema`,
  );
  const tlsLines =
    tls === undefined
      ? []
      : [
          `TLSCACertificateFile ${tls.ca}`,
          `TLSCertificateFile ${tls.cert}`,
          `TLSCertificateKeyFile ${tls.key}`,
        ];
  return [
    ...schemas,
    "modulepath /usr/lib/ldap",
    "moduleload back_mdb",
    "sizelimit unlimited",
    "sockbuf_max_incoming_auth 67108863",
    ...tlsLines,
    global,
    "database mdb",
    `suffix "${suffix}"`,
    `rootdn "cn=admin,${suffix}"`,
    `rootpw ${PASSWORD}`,
    `directory ${join(folder, "db")}`,
    "maxsize 8589934592",
    "index objectClass,entryUUID,uid eq",
    "dbnosync",
    database,
    "",
  ].join("\n");
}

function load(config: string, ldif: string | { readonly file: string }, folder: string): void {
  let file: string;
  if (typeof ldif === "string") {
    file = join(folder, "load.ldif");
    writeFileSync(file, ldif);
  } else {
    file = ldif.file;
  }
  run("slapadd", ["-q", "-f", config, "-l", file]);
}
