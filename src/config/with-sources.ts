import { meantHint } from "../lib/lines.ts";
import { RollcallError } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";

/**
 * The settings with another order of source priority, highest first; who is left out gives values
 * only where an attribute's own order names it. @throws RollcallError `request.invalid`
 */
export function withSources(settings: Settings, sources: readonly string[]): Settings {
  const known = [...settings.directories.keys()];
  // Of a list that cannot be one, the beginning says enough.
  const details = sources.slice(0, known.length + 1).flatMap((name, at) => {
    if (!known.includes(name))
      return [`order[${at}]: there is no directory ${name}${meantHint(name, known)}`];
    return sources.indexOf(name) === at ? [] : [`order[${at}]: ${name} stands twice`];
  });
  if (details.length > 0)
    throw new RollcallError("request.invalid", "The request is not understood.", { details });
  return { ...settings, profile: { ...settings.profile, sources } };
}
