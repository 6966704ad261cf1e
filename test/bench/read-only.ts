/**
 * Reads everybody and does nothing with them: what the reader alone costs.
 *
 *   node read-only.ts URL BIND_DN PASSWORD BASE
 */
import { keepCompiledCode } from "../../src/lib/code-cache.ts";
import { collectEarly } from "../../src/lib/memory.ts";

keepCompiledCode();
const { createDirectory } = await import("../../src/agent/agent.ts");
const { Secret } = await import("../../src/model/secret.ts");
collectEarly();
const atStart = process.memoryUsage.rss();

const [url = "", dn = "", password = "", base = ""] = process.argv.slice(2);
const directory = await createDirectory(
  {
    name: "corp",
    type: "ldap",
    users: {
      bases: [base],
      scope: "sub",
      filter: "(objectClass=inetOrgPerson)",
      id: null,
      attributes: ["*"],
      disabled: [],
    },
    groups: null,
    incremental: { way: "auto", overlapSeconds: 300, compareMinutes: 60 },
    ldap: {
      urls: [url],
      startTls: false,
      tls: { ca: null, rejectUnauthorized: true, client: null, minVersion: "TLSv1.2" },
      bind: { mechanism: "simple", dn, password: new Secret(password) },
      pageSize: 5000,
      timeoutSeconds: 60,
      entriesPerSecond: null,
    },
  },
  [],
);
await using session = await directory.open(new AbortController().signal);
let entries = 0;
for await (const batch of session.people()) entries += batch.length;
process.stdout.write(JSON.stringify({ entries, megabytesAtStart: Math.round(atStart / 1e6) }));
