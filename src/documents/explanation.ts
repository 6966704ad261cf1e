import type { Cause, Explanation } from "../model/explanation.ts";
import type { Remedy } from "../model/remedy.ts";

/** How a face says what helps: as a command, or as a link. */
export type SayRemedy = (remedy: Remedy) => string;

/** An explanation as `--json` prints it. */
export function explanationDocument(explanation: Explanation, say: SayRemedy) {
  const { attributes, cause } = explanation;
  return {
    ...explanation,
    attributes: attributes.map((one) => ({ ...one, cause: causeDocument(one.cause, say) })),
    cause: causeDocument(cause, say),
  };
}

function causeDocument(cause: Cause, say: SayRemedy) {
  const { code, stage, sentence, remedy, alternatives = [] } = cause;
  return {
    code,
    stage,
    sentence,
    command: remedy === null ? null : say(remedy),
    remedy,
    alternatives: alternatives.map((one) => ({ command: say(one), remedy: one })),
  };
}
