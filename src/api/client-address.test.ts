import fc from "fast-check";
import { expect, test } from "vitest";
import { networksOf, parseNetwork } from "../lib/networks.ts";
import { clientAddress } from "./client-address.ts";

const proxies = networksOf(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);

test.each([
  [
    "nobody is trusted with the header who is no proxy",
    "203.0.113.9",
    "198.51.100.1",
    "203.0.113.9",
  ],
  ["a proxy says whom it heard", "127.0.0.1", "198.51.100.1", "198.51.100.1"],
  ["written as IPv6", "::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"],
  ["a row of proxies", "127.0.0.1", "198.51.100.1, 10.1.2.3", "198.51.100.1"],
  ["what the client wrote before", "127.0.0.1", "1.1.1.1, 198.51.100.1, 10.1.2.3", "198.51.100.1"],
  ["everybody in the row is a proxy", "127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"],
  ["no header", "127.0.0.1", undefined, "127.0.0.1"],
  ["no address in it", "127.0.0.1", "unknown", "127.0.0.1"],
  ["with a port", "127.0.0.1", "198.51.100.1:4711", "198.51.100.1"],
  ["with brackets", "fd00::1", "[2001:db8::7]:4711", "2001:db8::7"],
])("%s", (_, remote, forwarded, address) => {
  expect(clientAddress(remote, forwarded, proxies)).toBe(address);
});

test("without trusted proxies, whatever is written is believed to nobody", () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.string(), (remote, forwarded) => {
      expect(clientAddress(remote, forwarded, networksOf([]))).toBe(remote);
    }),
  );
});

test.each(["10.0.0.0/33", "10.0.0/8", "localhost", "::1/129", "", "10.0.0.1/8/8"])(
  "%j is no network",
  (text) => {
    expect(parseNetwork(text)).toBeNull();
  },
);
