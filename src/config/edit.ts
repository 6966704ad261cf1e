/** Changes of single places in a configuration file; comments, variables and everything else stay. */
import { isScalar, parseDocument } from "yaml";
import type { ConfigurationEdit } from "../model/configuration-edit.ts";

/** The text of a configuration file with these changes. */
export function withEdits(text: string, edits: readonly ConfigurationEdit[]): string {
  const document = parseDocument(text);
  for (const { path, value, whole } of edits) {
    // Where the file leaves defaults to stand, they would end with the first value that it has.
    if (whole !== undefined && !document.hasIn(whole.path))
      document.setIn(whole.path, document.createNode(whole.value));
    const present = document.getIn(path, true);
    if (value === null) document.deleteIn(path);
    // The same place with another text, so that what stands behind it stays.
    else if (isScalar(present) && typeof value === "string") present.value = value;
    else document.setIn(path, document.createNode(value));
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
