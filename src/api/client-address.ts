import { isIP } from "node:net";
import type { Networks } from "../lib/networks.ts";

/**
 * Where a request comes from. A proxy adds whom it heard to the end of `X-Forwarded-For`; what stands
 * before that anybody may have written, so only as many are believed as trusted proxies stand in a row.
 * @param remote of the connection
 * @param forwarded the header; undefined: there is none
 */
export function clientAddress(
  remote: string,
  forwarded: string | undefined,
  isTrusted: Networks,
): string {
  const heard = (forwarded ?? "").split(",").map(bareAddress);
  let address = bareAddress(remote);
  while (isTrusted(address)) {
    const before = heard.pop();
    if (before === undefined || isIP(before) === 0) break;
    address = before;
  }
  return address;
}

/** Without what IPv6 writes around an address of IPv4, brackets, and a port. */
function bareAddress(text: string): string {
  const trimmed = text.trim();
  const [, inner = trimmed] = /^\[([^\]]*)\](?::\d+)?$/.exec(trimmed) ?? [];
  const [, four = inner] = /^(\d+(?:\.\d+){3}):\d+$/.exec(inner) ?? [];
  return four.replace(/^::ffff:(?=\d+\.)/i, "");
}
