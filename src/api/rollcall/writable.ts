import { RollcallError } from "../../model/errors.ts";
import type { EditConfiguration } from "../../model/configuration-edit.ts";
import type { ApiContext } from "../context.ts";

/** What changes the configuration. @throws RollcallError `config.readOnly` where nothing may */
export function writable({ edit }: ApiContext): EditConfiguration {
  if (edit !== null) return edit;
  const message =
    "The configuration is not written by this daemon: http.configuration is not writable.";
  throw new RollcallError("config.readOnly", message);
}
