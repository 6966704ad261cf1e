/** `/runs/{run}/export`: everybody whom a run concerns, at once, as a file. */
import { createRoute, z } from "@hono/zod-openapi";
import { stream } from "hono/streaming";
import { exportHeading, exportLine } from "../../documents/run-export.ts";
import { flag, text } from "./forms.ts";
import { problemSchema } from "./problem.ts";
import { ROLLCALL_API, type Building } from "./route.ts";

const PAGE = 5000;
const TYPES = { csv: "text/csv; charset=utf-8", jsonl: "application/x-ndjson" } as const;
const query = z.strictObject({
  format: z.enum(["csv", "jsonl"]).default("csv"),
  action: text.optional(),
  counted: flag,
});

export function exportRoute({ api, context, gate }: Building): void {
  const config = createRoute({
    method: "get",
    path: `${ROLLCALL_API}/runs/{run}/export`,
    summary: "Everybody whom an import or a force sync concerns, as CSV or a line of JSON each",
    tags: ["Runs"],
    description: "Needs the permission `read`.",
    security: [{ token: [] }],
    middleware: [gate.allow("read")] as const,
    request: { params: z.strictObject({ run: text }), query },
    responses: {
      200: {
        description: "A line each",
        content: {
          "text/csv": { schema: z.string() },
          "application/x-ndjson": { schema: z.string() },
        },
      },
      default: {
        description: "Why not",
        content: { "application/problem+json": { schema: problemSchema } },
      },
    },
  });
  api.openapi(config, async (c) => {
    const { runs } = context.service;
    const { format, action = null, counted = false } = c.req.valid("query");
    const { id } = await runs.get(c.req.valid("param").run);
    const people = (after: number) => runs.people(id, { action, counted, after, limit: PAGE });
    // Whatever is wrong with the question is told before the first line.
    let page = await people(-1);
    c.header("Content-Type", TYPES[format]);
    c.header("Content-Disposition", `attachment; filename="run-${id}.${format}"`);
    return stream(c, async (lines) => {
      await lines.write(exportHeading(format));
      while (page.length > 0 && !lines.aborted) {
        await lines.write(page.map((change) => exportLine(format, change)).join(""));
        page = await people(page.at(-1)?.seq ?? 0);
      }
    });
  });
}
