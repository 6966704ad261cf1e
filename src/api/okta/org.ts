/** The organisation, and its agents: which directories answer. */
import type { Hono } from "hono";
import type { Run } from "../../model/run.ts";
import type { ApiContext, ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { href, queryOf } from "./answer.ts";

export function orgRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  app.get("/org", gate.allow("read"), (c) => {
    const { name, subDomain } = context.service.settings.organisation;
    return c.json({
      id: "00orollcall",
      companyName: name,
      subdomain: subDomain,
      status: "ACTIVE",
      created: null,
      lastUpdated: null,
      expiresAt: null,
      website: null,
      _links: { organization: href(context, "/api/v1/org") },
    });
  });
  app.get("/agentPools", gate.allow("read"), async (c) => {
    const wanted = queryOf(c, "poolType")?.toUpperCase() ?? null;
    const pools = [];
    for (const { name, source } of context.service.settings.directories.values()) {
      const type = source.type === "active-directory" ? "AD" : "LDAP";
      const isServer = source.type === "active-directory" || source.type === "ldap";
      if (!isServer || (wanted !== null && wanted !== type)) continue;
      const query = { directory: name, status: null, edits: false, limit: 20 };
      const runs = await context.service.runs.list(query);
      pools.push(poolDocument(name, type, runs.find(({ kind }) => kind === "import") ?? null));
    }
    return c.json(pools);
  });
}

/** How the servers of a directory answered last. */
function poolDocument(name: string, type: "AD" | "LDAP", last: Run | null) {
  const status =
    last === null ? "INACTIVE" : last.status === "failed" ? "DISRUPTED" : "OPERATIONAL";
  const seen = last?.finishedAt ?? last?.startedAt ?? null;
  return {
    id: name,
    name,
    type,
    operationalStatus: status,
    disruptedAgents: status === "DISRUPTED" ? 1 : 0,
    inactiveAgents: status === "INACTIVE" ? 1 : 0,
    agents: [
      {
        id: `a53-${name}`,
        name: last?.server ?? name,
        poolId: name,
        type,
        operationalStatus: status,
        lastConnection: seen === null ? null : Date.parse(seen),
        isHidden: false,
        isLatestGAedVersion: true,
      },
    ],
  };
}
