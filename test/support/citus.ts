/** The history in distributed tables, as the page says. */
import { readFileSync } from "node:fs";
import { blocksOf } from "./how-to.ts";
import { query } from "./postgres.ts";

/** Does in a database what `docs/how-to/09-distribute-history.md` says. */
export async function distributeHistory(url: string): Promise<void> {
  const blocks = blocksOf(readFileSync("docs/how-to/09-distribute-history.md", "utf8"));
  for (const { language, text } of blocks) if (language === "sql") await query(url, text);
}
