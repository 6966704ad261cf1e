import { closest } from "../lib/lines.ts";
import { RollcallError } from "../model/errors.ts";
import type { ProfileSchema } from "../model/profile-schema.ts";

/** @throws RollcallError `usage.invalid` for an attribute that the user profile does not have */
export function requireAttribute(schema: ProfileSchema, attribute: string): void {
  if (schema.has(attribute)) return;
  const meant = closest(attribute, schema.keys());
  const hint = meant === undefined ? "" : ` Do you mean ${meant}?`;
  const message = `${attribute} is not an attribute of the user profile.${hint}`;
  throw new RollcallError("usage.invalid", message);
}
