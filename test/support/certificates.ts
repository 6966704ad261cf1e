import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./process.ts";

/** Files in PEM form. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Of cn=reader,dc=example,dc=org. */
  readonly client: { readonly cert: string; readonly key: string };
}

/**
 * Certificates for 127.0.0.1, and nothing else, and for a reader, from a CA of our own.
 * @param bits of the server's and the reader's key
 */
export function certificates(folder: string, bits = 2048): Certificates {
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void run("openssl", args, { cwd: folder });
  openssl(
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=Test CA",
  );
  const signed = (name: string, subject: string, extension: string): void => {
    const files = ["-keyout", `${name}.key`, "-out", `${name}.csr`];
    openssl("req", "-newkey", `rsa:${bits}`, "-nodes", ...files, "-subj", subject);
    writeFileSync(file("extension.txt"), extension);
    const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
    const more = ["-extfile", "extension.txt", "-out", `${name}.pem`];
    openssl("x509", "-req", "-in", `${name}.csr`, ...by, ...more);
  };
  signed("server", "/CN=server", "subjectAltName=IP:127.0.0.1");
  signed("client", "/DC=org/DC=example/CN=reader", "extendedKeyUsage=clientAuth");
  return {
    ca: file("ca.pem"),
    cert: file("server.pem"),
    key: file("server.key"),
    client: { cert: file("client.pem"), key: file("client.key") },
  };
}
