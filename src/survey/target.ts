import type { LdapTarget } from "../model/directory.ts";
import { RollcallError } from "../model/errors.ts";
import { Secret } from "../model/secret.ts";

/** A server that nobody has configured, and who logs in there. */
export interface ServerAsked {
  readonly url: string;
  readonly startTls: boolean;
  /** Null: nobody in particular. */
  readonly bindDn: string | null;
  readonly password: string;
  /** Certificates that are trusted besides, in PEM; null: those of the system. */
  readonly ca: string | null;
}

export function serverTarget({ url, startTls, bindDn, password, ca }: ServerAsked): LdapTarget {
  return {
    urls: [url],
    startTls,
    tls: { ca, rejectUnauthorized: true, client: null, minVersion: "TLSv1.2" },
    bind:
      bindDn === null ? null : { mechanism: "simple", dn: bindDn, password: new Secret(password) },
    pageSize: 1000,
    entriesPerSecond: null,
    timeoutSeconds: 60,
  };
}

/** As the configuration refuses them. */
const GLOBAL_CATALOG: ReadonlySet<string> = new Set(["3268", "3269"]);

/** A host and a port, and nothing behind them: where people are is asked for apart. */
const ADDRESS = /^[Ll][Dd][Aa][Pp][Ss]?:\/\/[^/?#\s\p{C}]+\/?$/u;

/** @throws RollcallError `usage.invalid` if it is no address of a server, or holds more than that */
export function refuseOddAddress(url: string, startTls: boolean): void {
  const parsed = ADDRESS.test(url) ? URL.parse(url) : null;
  if (parsed === null || parsed.hostname === "" || parsed.port === "0") {
    // A secret may stand in it.
    const shown = url.includes("@") ? "That" : url;
    const message = `${shown} is no address such as ldaps://dc1.example.org.`;
    throw new RollcallError("usage.invalid", message);
  }
  const refuse = (message: string): never => {
    throw new RollcallError("usage.invalid", message);
  };
  if (parsed.username !== "" || parsed.password !== "")
    refuse("An address holds no account; the account that reads is given apart.");
  if (GLOBAL_CATALOG.has(parsed.port))
    refuse("The global catalog has only some of the attributes; use port 389 or 636.");
  if (startTls && parsed.protocol !== "ldap:") refuse("StartTLS is for ldap:// addresses.");
}
