/** References to other servers, by which a search says that a part of it is elsewhere. */

/** Parts of every forest of Active Directory in which no people are. */
export const NOBODY_THERE =
  /^ldaps?:\/\/[^/]*\/(?:DC=(?:Domain|Forest)DnsZones|(?:CN=Schema,)?CN=Configuration),DC=/i;
