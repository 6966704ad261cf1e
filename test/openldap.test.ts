/** Incremental imports from a real OpenLDAP. */
import { afterAll, beforeAll, test } from "vitest";
import { runScenario, type ScenarioServer } from "./support/scenario.ts";
import { startSlapd, type Slapd } from "./support/slapd.ts";

const SUFFIX = "dc=example,dc=org";
const ROOT = `dn: ${SUFFIX}\nobjectClass: domain\ndc: example\n\n`;

let synced: Slapd;
let plain: Slapd;

beforeAll(async () => {
  synced = await startSlapd({
    ldif: ROOT,
    global: "moduleload syncprov",
    database: "index entryCSN eq\noverlay syncprov\nsyncprov-sessionlog 1000",
  });
  plain = await startSlapd({ ldif: ROOT });
});
afterAll(async () => {
  await synced.stop();
  await plain.stop();
});

function scenarioServer(slapd: Slapd): ScenarioServer {
  return {
    settings: [
      "type: ldap",
      `url: ${slapd.url}`,
      `bind: { dn: "${slapd.adminDn}", password: "${slapd.password}" }`,
    ],
    suffix: SUFFIX,
    flavour: "ldap",
    modify: (ldif) => slapd.modify(ldif),
    restart: () => slapd.restart(),
  };
}

test("content synchronisation sees everything that a full read sees", async () => {
  await runScenario(scenarioServer(synced), "sync", { way: "contentSync" });
});

test("modification times, with identifiers compared each time, too", async () => {
  const more = ["incremental: { compare: 0 }"];
  await runScenario(scenarioServer(plain), "times", { way: "timestamp", more });
});
