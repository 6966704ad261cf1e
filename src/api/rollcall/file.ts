/** Answers that are files of lines, sent while they are made. */
import { z } from "@hono/zod-openapi";
import type { ExportFormat } from "../../documents/run-export.ts";
import type { ApiCall } from "../context.ts";
import { problemSchema } from "./problem.ts";

const TYPES = { csv: "text/csv; charset=utf-8", jsonl: "application/x-ndjson" } as const;

const lines = { schema: z.string() };

/** What the document of the API says of a route whose answer is such a file. */
export function fileRoute({ summary, tag }: { readonly summary: string; readonly tag: string }) {
  const content = { "text/csv": lines, "application/x-ndjson": lines };
  const problem = { "application/problem+json": { schema: problemSchema } };
  return {
    method: "get" as const,
    summary,
    tags: [tag],
    description: "Needs the permission `read`.",
    security: [{ token: [] }],
    responses: {
      200: { description: "A line each", content },
      default: { description: "Why not", content: problem },
    },
  };
}

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
