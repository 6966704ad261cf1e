/** Imports from a real 389 Directory Server. */
import { afterAll, beforeAll, test } from "vitest";
import { startDs389, type Ds389 } from "../support/ds389.ts";
import { expectConformance, expectListening, type ConformanceServer } from "./conformance.ts";

let ds: Ds389;
let server: ConformanceServer;

beforeAll(async () => {
  ds = await startDs389({ sync: true });
  server = {
    settings: [
      "type: ldap",
      `url: ${ds.url}`,
      `bind: { dn: "${ds.adminDn}", password: "${ds.password}" }`,
    ],
    suffix: ds.suffix,
    flavour: "ldap",
    modify: (ldif) => ds.modify(ldif),
    restart: () => ds.restart(),
    snapshot: () => ds.snapshot(),
  };
});
afterAll(async () => {
  await ds.stop();
});

test("content synchronisation sees everything that a full read sees", async () => {
  await expectConformance(server, "sync", { way: "contentSync" });
});

test("the retro changelog, too", async () => {
  const more = ["incremental: { way: changelog }"];
  await expectConformance(server, "changelog", { way: "changelog", more });
});

test("serve with watch applies changes without a schedule, also after the server was away", async () => {
  await expectListening(server, "watched");
});
