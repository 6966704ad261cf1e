/** `/apps/{app}/accounts`: what the app has now, as a file. */
import { createRoute, z } from "@hono/zod-openapi";
import { accountLine, accountsHeading } from "../../documents/account-export.ts";
import { fileAnswer, fileRoute } from "./file.ts";
import { flag, text } from "./forms.ts";
import { ROLLCALL_API, type Building } from "./route.ts";

const query = z.strictObject({
  format: z.enum(["csv", "jsonl"]).default("csv"),
  unknown: flag.meta({ description: "Only accounts that belong to nobody here." }),
});

export function accountsRoute({ api, context, gate }: Building): void {
  const about = {
    summary: "All accounts that the app has now, read from it, as CSV or a line of JSON each",
    tag: "Apps",
  };
  const config = createRoute({
    ...fileRoute(about),
    middleware: [gate.allow("read")] as const,
    path: `${ROLLCALL_API}/apps/{app}/accounts`,
    request: { params: z.strictObject({ app: text }), query },
  });
  api.openapi(config, async (c) => {
    const { app } = c.req.valid("param");
    const { format, unknown = false } = c.req.valid("query");
    const stop = AbortSignal.any([context.stopping, c.req.raw.signal]);
    const pages = context.service.apps.accounts(app, stop);
    // Whatever the app refuses is told before the first line.
    const first = await pages.next();
    const name = unknown ? `unknown-accounts-of-${app}` : `accounts-of-${app}`;
    return fileAnswer(c, { name, format }, linesOf(), (error) =>
      context.log.error({ error: String(error), app }, "an export broke off"),
    );

    async function* linesOf(): AsyncGenerator<string> {
      yield accountsHeading(format);
      try {
        for (let page = first; page.done !== true; page = await pages.next()) {
          const wanted = unknown ? page.value.filter((one) => one.userId === null) : page.value;
          if (wanted.length > 0) yield wanted.map((one) => accountLine(format, one)).join("");
        }
      } finally {
        // Whoever asked may be gone before the end.
        await pages.return(undefined);
      }
    }
  });
}
