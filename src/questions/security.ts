/** What in the configuration lets others see or change what they should not. */
import { isOnServers, type DirectorySource } from "../model/directory.ts";

/** Of a directory's connection, as sentences without their full stop. */
export function connectionRisks(source: DirectorySource): string[] {
  if (!isOnServers(source)) return [];
  const { urls, startTls, tls, bind } = source.ldap;
  const isClear = !startTls && urls.some((url) => url.startsWith("ldap:"));
  const what = bind === null ? "everything goes" : "the password and everything read go";
  return [
    ...(isClear
      ? [`${what} over the network in clear (ldap:// without TLS); use ldaps:// or startTls: true`]
      : []),
    ...(!tls.rejectUnauthorized && !isClear
      ? [
          "the server's certificate is not verified (rejectUnauthorized: false), so anybody on the way can be the server; give tls.ca instead",
        ]
      : []),
  ];
}
