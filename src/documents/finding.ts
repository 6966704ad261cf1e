import type { Finding } from "../model/finding.ts";
import type { SayRemedy } from "./explanation.ts";

/** A finding of `doctor` as `--json` prints it. */
export function findingDocument({ remedy, ...finding }: Finding, say: SayRemedy) {
  return { ...finding, command: remedy === null ? null : say(remedy), remedy };
}
