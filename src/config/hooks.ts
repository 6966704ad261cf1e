/** Hooks of the configuration: where events are sent to. */
import type { HookSettings } from "../model/hook.ts";
import { isLoopback } from "../model/loopback.ts";
import { Secret } from "../model/secret.ts";
import type { Path } from "./problems.ts";
import type { Config } from "./schema.ts";

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;

export function checkHooks({ hooks }: Config, report: (path: Path, message: string) => void): void {
  for (const [name, { url, plainHttp, secret }] of Object.entries(hooks)) {
    const path = ["hooks", name];
    if (!NAME.test(name) || name in Object.prototype)
      report(path, "a hook's name is a letter followed by letters, digits, _ or -");
    const address = URL.parse(url);
    if (address === null || !["http:", "https:"].includes(address.protocol))
      report([...path, "url"], "an address such as https://HOST/PATH is expected");
    else if (address.username !== "" || address.password !== "")
      report([...path, "url"], "a credential stands in `secret`, not in the address");
    else if (address.protocol === "http:" && !isLoopback(address.hostname) && !plainHttp) {
      const message =
        "events have people's names in them, and would cross the network readably; use https://, or say plainHttp: true where something else encrypts";
      report([...path, "url"], message);
    }
    if (secret !== undefined && /[^\x20-\x7e]/.test(secret))
      report([...path, "secret"], "a header's value has visible signs of ASCII only");
  }
}

export function hookSettings(
  name: string,
  { url, filter, secret, verify }: Config["hooks"][string],
  line: number,
): HookSettings {
  return {
    name,
    url,
    filter: filter ?? null,
    secret: secret === undefined || secret === "" ? null : new Secret(secret),
    verify,
    line,
  };
}
