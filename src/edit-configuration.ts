/** Changes of the configuration that clients of the API ask for: whole and valid, or not at all. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { withEdits } from "./config/edit.ts";
import { replaceFile } from "./lib/replace-file.ts";
import type { AskedBy } from "./model/asked-by.ts";
import type { ConfigurationEdit } from "./model/configuration-edit.ts";
import { RollcallError } from "./model/errors.ts";
import type { Settings } from "./model/settings.ts";
import type { Service } from "./service.ts";

/** A variable in a value would be read as something else than was checked. */
const VARIABLE = /\$\{[A-Za-z_]/;

/**
 * @param parse reads a text as the configuration of this file
 * @returns the service with the changed configuration
 * @throws RollcallError `config.invalid` with every problem, `config.readOnly`
 */
export async function editConfiguration(
  service: Service,
  parse: (text: string) => Promise<Settings>,
  edits: readonly ConfigurationEdit[],
  by: AskedBy,
): Promise<Service> {
  const { file } = service.settings;
  if (VARIABLE.test(JSON.stringify(edits)))
    throw new RollcallError(
      "config.invalid",
      "A value cannot hold ${…}, which is a variable there.",
    );
  const text = withEdits(readFileSync(file, "utf8"), edits);
  const next = service.with(await parse(text));
  try {
    replaceFile(file, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RollcallError("config.readOnly", `${file} cannot be written: ${reason}.`);
  }
  const version = createHash("sha256").update(text).digest("hex");
  const paths = edits.map(({ path }) => path.join("."));
  await next.log.noteConfiguration({ file, version, paths }, by);
  return next;
}
