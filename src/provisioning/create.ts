import type { AppSettings } from "../model/app.ts";
import type { Provisioner, ProvisionerOptions } from "./provisioner.ts";

/** A connection to an app, by its type, loaded only now. @throws AppFailure `app.address` */
export async function createProvisioner(
  settings: AppSettings,
  options: ProvisionerOptions,
): Promise<Provisioner> {
  const { ScimProvisioner } = await import("./scim/provisioner.ts");
  return new ScimProvisioner(settings, options);
}
