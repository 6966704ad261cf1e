/** `/runs/{run}/export`: everybody whom a run concerns, at once, as a file. */
import { createRoute, z } from "@hono/zod-openapi";
import { exportHeading, exportLine, type ExportFormat } from "../../documents/run-export.ts";
import { fileAnswer, fileRoute } from "./file.ts";
import { flag, text } from "./forms.ts";
import { ROLLCALL_API, type Building } from "./route.ts";

const PAGE = 5000;
const query = z.strictObject({
  format: z.enum(["csv", "jsonl"]).default("csv"),
  action: text.optional(),
  counted: flag,
});

export function exportRoute({ api, context, gate }: Building): void {
  const about = {
    summary: "Everybody whom an import or a force sync concerns, as CSV or a line of JSON each",
    tag: "Runs",
  };
  const config = createRoute({
    ...fileRoute(about),
    middleware: [gate.allow("read")] as const,
    path: `${ROLLCALL_API}/runs/{run}/export`,
    request: { params: z.strictObject({ run: text }), query },
  });
  api.openapi(config, async (c) => {
    const { runs } = context.service;
    const { format, action = null, counted = false } = c.req.valid("query");
    const { id, status } = await runs.get(c.req.valid("param").run);
    const people = (after: number) => runs.people(id, { action, counted, after, limit: PAGE });
    // Whatever is wrong with the question is told before the first line.
    const first = await people(-1);
    const lines = linesOf(format, first, people, async () => {
      // What is decided meanwhile is written down anew, and a part of each would look like a whole.
      const now = await runs.get(id);
      if (status === "held" && now.status !== status)
        throw new Error(`The run ${id} was decided meanwhile.`);
    });
    return fileAnswer(c, { name: `run-${id}`, format }, lines, (error) =>
      context.log.error({ error: String(error), run: id }, "an export broke off"),
    );
  });
}

type Page = Awaited<ReturnType<Building["context"]["service"]["runs"]["people"]>>;

async function* linesOf(
  format: ExportFormat,
  first: Page,
  people: (after: number) => Promise<Page>,
  checkWhole: () => Promise<void>,
): AsyncGenerator<string> {
  yield exportHeading(format);
  for (let page = first; page.length > 0; page = await people(page.at(-1)?.seq ?? 0))
    yield page.map((change) => exportLine(format, change)).join("");
  await checkWhole();
}
