import type { AppSettings } from "../model/app.ts";
import type { Provisioner, ProvisionerOptions } from "./provisioner.ts";
import { ScimProvisioner } from "./scim/provisioner.ts";

/** A connection to an app, by its type. @throws AppFailure `app.address` */
export function createProvisioner(settings: AppSettings, options: ProvisionerOptions): Provisioner {
  return new ScimProvisioner(settings, options);
}
