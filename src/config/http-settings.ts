/** Where `serve` answers, and what may cross the network without TLS: nothing, unless it is asked for. */
import { Secret } from "../model/secret.ts";
import type { HttpSettings } from "../model/settings.ts";
import { meantHint } from "../lib/lines.ts";
import { parseNetwork } from "../lib/networks.ts";
import { ALWAYS_SEARCHED, PROFILE, SEARCHED_TIMES } from "../model/search-indexes.ts";
import { isLoopback } from "../model/loopback.ts";
import type { Path } from "./problems.ts";
import type { Config } from "./schema.ts";

type HttpConfig = Exclude<Config["http"], "off">;

/** Whether credentials that are sent there are safe from whoever listens on the way. */
function isSafe({ host, publicUrl, plainHttp }: HttpConfig): boolean {
  if (plainHttp) return true;
  const url = URL.parse(publicUrl);
  if (url?.protocol === "https:") return true;
  return isLoopback(host) && (url === null || isLoopback(url.hostname));
}

export function checkHttp(
  http: Config["http"],
  report: (path: Path, message: string) => void,
): void {
  if (http === "off") return;
  for (const [at, proxy] of http.trustedProxies.entries())
    if (parseNetwork(proxy) === null)
      report(
        ["http", "trustedProxies", at],
        `an address or a network such as 10.0.0.0/8 is expected`,
      );
  checkOidc(http, report);
  const { publicUrl, host } = http;
  if (publicUrl !== "") {
    const url = URL.parse(publicUrl);
    const plain =
      url !== null &&
      ["http:", "https:"].includes(url.protocol) &&
      [url.origin, `${url.origin}/`].includes(publicUrl.toLowerCase());
    if (!plain) {
      const form = "https://HOST[:PORT] is expected, without a path: clients look below its root";
      report(["http", "publicUrl"], form);
      return;
    }
    if (!isSafe(http)) {
      const message = `it must begin with https://, because API tokens would cross the network readably; where something else encrypts, say plainHttp: true`;
      report(["http", "publicUrl"], message);
    }
  } else if (http.plainHttp && !isLoopback(host)) {
    const message = `with plainHttp, publicUrl has to say how clients reach it: links in answers begin so`;
    report(["http", "publicUrl"], message);
  } else if (http.api === true && !isSafe(http)) {
    const message = `the API beyond loopback (host ${host}) needs http.publicUrl with https://, because API tokens would cross the network readably; where something else encrypts, say plainHttp: true`;
    report(["http", "api"], message);
  }
}

/** @param attributes what a user can have */
export function checkSearchIndexes(
  http: Config["http"],
  attributes: ReadonlyMap<string, { readonly type: string }>,
  report: (path: Path, message: string) => void,
): void {
  if (http === "off") return;
  const names = http.searchIndexes;
  for (const [at, name] of names.entries()) {
    const fault = searchIndexFault(name, attributes);
    const twice = names.indexOf(name) === at ? null : `${name} stands twice`;
    const message = fault ?? twice;
    if (message !== null) report(["http", "searchIndexes", at], message);
  }
}

function searchIndexFault(
  name: string,
  attributes: ReadonlyMap<string, { readonly type: string }>,
): string | null {
  for (const one of [name, PROFILE + name])
    if (ALWAYS_SEARCHED.has(one)) return `${one} always has an index`;
  const times: readonly string[] = SEARCHED_TIMES;
  if (times.includes(name)) return null;
  const attribute = name.startsWith(PROFILE) ? name.slice(PROFILE.length) : "";
  const type = attributes.get(attribute)?.type;
  if (type === undefined) {
    const known = [...[...attributes.keys()].map((one) => PROFILE + one), ...times];
    // Most people begin with the attribute alone.
    const meant = attributes.has(name)
      ? `; do you mean ${PROFILE}${name}?`
      : meantHint(name, known);
    return `${name} is nothing that users are searched by${meant}`;
  }
  return type === "string" ? null : `${name} is no text (${type}); only texts have such an index`;
}

/** The provider learns who everybody is, and the daemon believes what it says. */
function checkOidc(
  { oidc, publicUrl }: HttpConfig,
  report: (path: Path, message: string) => void,
): void {
  if (oidc === undefined) return;
  const own = URL.parse(publicUrl);
  if (own?.protocol === "http:" && !isLoopback(own.hostname))
    report(["http", "oidc"], "browsers keep no session of a publicUrl without https");
  if (oidc.issuer.includes("/.well-known/"))
    report(["http", "oidc", "issuer"], "the issuer is expected, without /.well-known/…");
  const url = URL.parse(oidc.issuer);
  const isSecret =
    url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (!isSecret)
    report(["http", "oidc", "issuer"], "https://… is expected; plain http only on loopback");
  if (oidc.clientSecret === "") report(["http", "oidc", "clientSecret"], "it is empty");
  if (Object.keys(oidc.roles).length === 0)
    report(["http", "oidc", "roles"], "without a group that has a role, nobody could sign in");
  if (!oidc.scope.split(" ").includes("openid"))
    report(["http", "oidc", "scope"], "the scope openid is missing; without it nobody is named");
}

export function httpSettings(http: HttpConfig): HttpSettings {
  const { host, port, publicUrl, api, metrics, configuration, console, oidc } = http;
  const { trustedProxies, searchIndexes } = http;
  return {
    host,
    port,
    publicUrl: publicUrl === "" ? null : publicUrl.replace(/\/$/, ""),
    api: api ?? isSafe(http),
    console,
    isWritable: configuration === "writable",
    trustedProxies,
    searchIndexes,
    metrics: metrics ?? null,
    oidc: oidc === undefined ? null : { ...oidc, clientSecret: new Secret(oidc.clientSecret) },
  };
}
