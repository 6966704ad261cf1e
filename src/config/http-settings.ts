/** Where `serve` answers, and what may cross the network without TLS: nothing, unless it is asked for. */
import type { HttpSettings } from "../model/settings.ts";
import { parseNetwork } from "../lib/networks.ts";
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

export function httpSettings(http: HttpConfig): HttpSettings {
  const { host, port, publicUrl, api, metrics, configuration, trustedProxies, console } = http;
  return {
    host,
    port,
    publicUrl: publicUrl === "" ? null : publicUrl.replace(/\/$/, ""),
    api: api ?? isSafe(http),
    console,
    isWritable: configuration === "writable",
    trustedProxies,
    metrics: metrics ?? null,
  };
}
