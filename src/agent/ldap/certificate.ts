/** The certificate that a server shows, for somebody who has to decide whether it is the right one. */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { RollcallError } from "../../model/errors.ts";
import { untilReady } from "./until-ready.ts";

export interface ShownCertificate {
  /** Whether the system trusts it for this host. */
  readonly isTrusted: boolean;
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly until: string;
  /** SHA-256, in pairs of hexadecimal digits. */
  readonly fingerprint: string;
  /** What vouches for it, as far as it is known here, to be trusted if a person says so. */
  readonly authority: {
    readonly subject: string;
    readonly fingerprint: string;
    readonly pem: string;
    /** Whether it vouches for itself; what does not can be no beginning of trust. */
    readonly isRoot: boolean;
  };
}

const PATIENCE_SECONDS = 10;

/**
 * Nothing but the handshake is sent, so nobody learns a password by it.
 * @param url with the scheme ldaps
 * @throws RollcallError `ldap.unreachable`, `ldap.certificate` if it is wrong in itself
 */
export async function certificateOf(url: string, signal: AbortSignal): Promise<ShownCertificate> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const socket = connect({
    host,
    port: Number(port || 636),
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  try {
    await untilReady(socket, "secureConnect", PATIENCE_SECONDS, signal);
    const own = socket.getPeerCertificate(true);
    refuseFaulty(url, socket.authorizationError);
    return {
      isTrusted: socket.authorized,
      subject: nameOf(own.subject),
      issuer: nameOf(own.issuer),
      until: new Date(own.valid_to).toISOString(),
      fingerprint: own.fingerprint256,
      authority: authorityOf(highest(own)),
    };
  } catch (cause) {
    if (signal.aborted || cause instanceof RollcallError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RollcallError("ldap.unreachable", `${url} shows no certificate: ${reason}`, {
      cause,
    });
  } finally {
    socket.destroy();
  }
}

/** What nobody vouches for can be trusted by a person; what is wrong in itself cannot. */
const UNVOUCHED: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Node tells the reason as an error or as its code. */
function refuseFaulty(url: string, reason: Error | string | null): void {
  if (reason === null || reason === undefined) return;
  const code = typeof reason === "string" ? reason : (reason as NodeJS.ErrnoException).code;
  if (UNVOUCHED.has(code ?? "")) return;
  const why = typeof reason === "string" ? reason : reason.message;
  throw new RollcallError("ldap.certificate", `The certificate of ${url} cannot be used: ${why}`);
}

function authorityOf(one: DetailedPeerCertificate): ShownCertificate["authority"] {
  const pem = new X509Certificate(one.raw).toString();
  const [subject, issuer] = [nameOf(one.subject), nameOf(one.issuer)];
  return { subject, fingerprint: one.fingerprint256, pem, isRoot: subject === issuer };
}

function nameOf(name: DetailedPeerCertificate["subject"]): string {
  return Object.entries(name)
    .map(([type, value]) => `${type}=${String(value)}`)
    .join(", ");
}

/** The last of the chain that the server shows; one that vouches for itself refers to itself. */
function highest(own: DetailedPeerCertificate): DetailedPeerCertificate {
  let one = own;
  // Some have no issuer, whatever the types say.
  while ((one.issuerCertificate as unknown) !== undefined && one.issuerCertificate !== one)
    one = one.issuerCertificate;
  return one;
}
