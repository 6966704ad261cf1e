import { configuredApp } from "../engine/apps.ts";
import type { Engine } from "../engine/engine.ts";
import { unreadableGroups } from "../engine/accounts/groups.ts";
import { asRollcallError } from "../model/errors.ts";
import { appState } from "../store/app-states.ts";
import type { CheckResult } from "./check.ts";

/** Tries an app: reachable, trusted, credential accepted, a SCIM list. Changes nothing. */
export async function checkApp(engine: Engine, name: string): Promise<CheckResult> {
  const app = configuredApp(engine.apps, name);
  const { target, provisioning, assign } = app.settings;
  const remarks: string[] = [];
  if (target.url.startsWith("http:") && !isLoopback(target.url))
    remarks.push("the credential and everybody's values go in clear, as the address is http://");
  if (!target.tls.rejectUnauthorized)
    remarks.push("the app's certificate is not checked, so anybody can pretend to be the app");
  if (target.auth.kind === "none") remarks.push("no credential is sent (auth is not set)");
  const off = Object.entries(provisioning).flatMap(([toggle, on]) => (on ? [] : [toggle]));
  if (off.length > 0) remarks.push(`switched off under provisioning: ${off.join(", ")}`);
  if (assign.length === 0)
    remarks.push("nobody is assigned by the configuration (assign is empty)");
  remarks.push(...(await unreadableGroups(engine, app)).values());
  try {
    const { declared, learned } = await appState(engine.store.db, name);
    await using provisioner = await engine.openApp(name, {
      declared,
      learned,
      onPause: () => undefined,
    });
    const probe = await provisioner.probe();
    const what =
      probe.declared === null
        ? "it declares nothing of itself (no ServiceProviderConfig)"
        : `it declares ${JSON.stringify(probe.declared)}`;
    const message = `${probe.server} answers with a SCIM list of ${probe.users} users`;
    return { name, ok: true, message, code: null, cure: null, remarks: [...remarks, what] };
  } catch (thrown) {
    const { code, message, cure } = asRollcallError(thrown);
    return { name, ok: false, message, code, cure, remarks };
  }
}

function isLoopback(text: string): boolean {
  const { hostname } = new URL(text);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
