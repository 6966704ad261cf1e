/** Makes sure that the servers the tests need are there: installs them where it may, names them where not. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { postgresBin } from "../support/postgres.ts";

/** Programs that are looked for, and the packages that have them and what they need. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  slapd: ["slapd"],
  "ldap-utils": ["ldap-utils"],
  postgresql: ["postgresql"],
  openssl: ["openssl"],
  chromium: ["chromium"],
  "samba-ad-dc": [
    "samba",
    "samba-ad-dc",
    "samba-ad-provision",
    "samba-dsdb-modules",
    "samba-vfs-modules",
    "winbind",
    "ldb-tools",
  ],
  "389-ds-base": ["389-ds-base", "python3-lib389", "libnss3-tools"],
};

function missing(): string[] {
  const names: string[] = [];
  if (!has("slapd") && !existsSync("/usr/sbin/slapd")) names.push("slapd");
  if (!has("ldapsearch")) names.push("ldap-utils");
  if (postgresBin() === null) names.push("postgresql");
  if (!has("openssl")) names.push("openssl");
  if (!has("chromium")) names.push("chromium");
  if (!has("samba-tool") || !has("ldbadd")) names.push("samba-ad-dc");
  if (!has("dscreate") && !existsSync("/usr/sbin/dscreate")) names.push("389-ds-base");
  return names;
}

function has(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

function apt(...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  return (
    spawnSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=300", ...args], {
      env,
      stdio: ["ignore", 2, 2],
    }).status === 0
  );
}

const names = missing();
if (names.length > 0) {
  if (process.getuid?.() === 0 && has("apt-get")) {
    process.stderr.write(`Installing ${names.join(", ")} for the tests …\n`);
    // The packages' own servers are not wanted, neither a cluster nor a directory.
    spawnSync("debconf-set-selections", { input: "slapd slapd/no_configuration boolean true\n" });
    apt("update");
    const packages = names.flatMap((name) => PACKAGES[name] ?? []);
    apt("install", "-y", "--no-install-recommends", ...packages);
  }
  const left = missing();
  if (left.length > 0) {
    process.stderr.write(
      `The tests need programs that are not here. On Debian or Ubuntu:\n  sudo apt-get install ${left.flatMap((name) => PACKAGES[name] ?? []).join(" ")}\n`,
    );
    process.exit(1);
  }
}
