import { BlockList, isIP } from "node:net";

/** Whether an address is in one of the networks. */
export type Networks = (address: string) => boolean;

/**
 * @param texts addresses, or networks such as 10.0.0.0/8; what is neither is in none
 */
export function networksOf(texts: readonly string[]): Networks {
  const list = new BlockList();
  for (const text of texts) {
    const network = parseNetwork(text);
    if (network !== null) list.addSubnet(network.address, network.bits, familyOf(network.address));
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

/** An address, or a network with the length of its prefix; null if the text is neither. */
export function parseNetwork(
  text: string,
): { readonly address: string; readonly bits: number } | null {
  const [, address = "", length] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return null;
  const most = version === 4 ? 32 : 128;
  const bits = Number(length ?? most);
  return bits <= most ? { address, bits } : null;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
