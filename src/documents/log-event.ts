import type { LogEvent } from "../model/event.ts";

/** An event as Okta's API and its hooks show one: with every key that Okta always sends; null where there is nothing. */
export function logEventDocument(event: LogEvent) {
  const { actor, client, outcome, target, transaction, ...rest } = event;
  return {
    ...rest,
    actor: { ...actor, detailEntry: null },
    client:
      client === null
        ? null
        : {
            userAgent: { rawUserAgent: client.userAgent, os: null, browser: null },
            zone: null,
            device: null,
            id: null,
            ipAddress: client.ipAddress,
            geographicalContext: null,
          },
    device: null,
    authenticationContext: {
      authenticationProvider: null,
      credentialProvider: null,
      credentialType: null,
      issuer: null,
      interface: null,
      authenticationStep: 0,
      externalSessionId: transaction.id,
    },
    outcome: { result: outcome.result, reason: outcome.reason ?? null },
    securityContext: { asNumber: null, asOrg: null, isp: null, domain: null, isProxy: null },
    legacyEventType: null,
    transaction: { ...transaction, detail: {} },
    request: { ipChain: client === null ? [] : [ipLink(client.ipAddress)] },
    target: target.map((one) => ({ ...one, detailEntry: null })),
  };
}

function ipLink(ip: string) {
  const version = ip.includes(":") ? "V6" : "V4";
  return { ip, geographicalContext: null, version, source: null };
}
