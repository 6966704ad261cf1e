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
  /** What vouches for it, as far as the server shows it, to be trusted if a person says so. */
  readonly authority: {
    readonly subject: string;
    readonly fingerprint: string;
    readonly pem: string;
  };
}

const PATIENCE_SECONDS = 10;

/**
 * Nothing but the handshake is sent, so nobody learns a password by it.
 * @param url with the scheme ldaps
 * @throws RollcallError `ldap.unreachable`
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
    return {
      isTrusted: socket.authorized,
      subject: nameOf(own.subject),
      issuer: nameOf(own.issuer),
      until: new Date(own.valid_to).toISOString(),
      fingerprint: own.fingerprint256,
      authority: authorityOf(highest(own)),
    };
  } catch (cause) {
    if (signal.aborted) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RollcallError("ldap.unreachable", `${url} shows no certificate: ${reason}`, {
      cause,
    });
  } finally {
    socket.destroy();
  }
}

function authorityOf(one: DetailedPeerCertificate): ShownCertificate["authority"] {
  const pem = new X509Certificate(one.raw).toString();
  return { subject: nameOf(one.subject), fingerprint: one.fingerprint256, pem };
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
