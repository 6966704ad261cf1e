import type { AppExplanation } from "../model/app-explanation.ts";
import type { Remedy } from "../model/remedy.ts";

/** An explanation as `--json` prints it. @param words what helps, as the face says it */
export function appExplanationDocument(
  explanation: AppExplanation,
  words: (remedy: Remedy) => string,
) {
  const { code, sentence, remedy } = explanation.cause;
  const command = remedy === null ? null : words(remedy);
  return { ...explanation, cause: { code, sentence, command, remedy } };
}
