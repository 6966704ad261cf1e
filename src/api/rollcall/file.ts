/** Answers that are files of lines, sent while they are made. */
import type { ExportFormat } from "../../documents/run-export.ts";
import type { ApiCall } from "../context.ts";

const TYPES = { csv: "text/csv; charset=utf-8", jsonl: "application/x-ndjson" } as const;

/** What the document of the API says of such an answer. */
export const FILE_TYPES = ["text/csv", "application/x-ndjson"] as const;

/**
 * @param name of the file, without its ending
 * @param told of what broke it off: then it is cut, so that nobody takes a part for the whole
 */
export function fileAnswer(
  c: ApiCall,
  { name, format }: { readonly name: string; readonly format: ExportFormat },
  lines: AsyncGenerator<string>,
  told: (error: unknown) => void,
): Response {
  c.header("Content-Type", TYPES[format]);
  c.header("Content-Disposition", `attachment; filename="${name}.${format}"`);
  return c.body(asStream(lines, told));
}

function asStream(
  lines: AsyncGenerator<string>,
  told: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let isGone = false;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await lines.next();
        if (isGone) return;
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        told(error);
        controller.error(error);
      }
    },
    async cancel() {
      isGone = true;
      await lines.return(undefined);
    },
  });
}
